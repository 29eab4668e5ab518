/// Text that others may have chosen, made safe for one line of output and bounded in length.
///
/// Escaped are all control characters (C0, DEL, C1), the line and paragraph separators, and the marks that reorder
/// text on a terminal: a listener's user agent must not be able to forge a log line or repaint a screen.
enum EscapedText {
    /// Appends `text` as a JSON string with its quotation marks (RFC 8259 §7), cut after `limit` scalars.
    static func appendJSON(_ text: String, to output: inout String, limit: Int = .max) {
        output.unicodeScalars.append("\"")
        var count = 0
        for scalar in text.unicodeScalars {
            guard count < limit else {
                output.unicodeScalars.append("…")
                break
            }
            count += 1
            switch scalar {
            case "\"": output += "\\\""
            case "\\": output += "\\\\"
            case "\n": output += "\\n"
            case "\r": output += "\\r"
            case "\t": output += "\\t"
            default:
                if isUnsafe(scalar) {
                    output += "\\u"
                    appendHexadecimal(scalar.value, digits: 4, to: &output)
                } else {
                    output.unicodeScalars.append(scalar)
                }
            }
        }
        output.unicodeScalars.append("\"")
    }

    /// Appends `text` for a person's eyes: unsafe scalars as `\n`, `\t` or `\u{1B}`, cut after `limit` scalars.
    static func appendPlain(_ text: String, to output: inout String, limit: Int = .max) {
        var count = 0
        for scalar in text.unicodeScalars {
            guard count < limit else {
                output.unicodeScalars.append("…")
                return
            }
            count += 1
            switch scalar {
            case "\n": output += "\\n"
            case "\r": output += "\\r"
            case "\t": output += "\\t"
            default:
                if isUnsafe(scalar) {
                    output += "\\u{" + String(scalar.value, radix: 16, uppercase: true) + "}"
                } else {
                    output.unicodeScalars.append(scalar)
                }
            }
        }
    }

    // All of these lie in the Basic Multilingual Plane, so that four hexadecimal digits are enough for JSON.
    private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x00...0x1F, 0x7F...0x9F: true
        case 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: true
        case 0x2028, 0x2029: true
        default: false
        }
    }

    private static func appendHexadecimal(_ value: UInt32, digits: Int, to output: inout String) {
        let text = String(value, radix: 16)
        output += String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}
