import Logging

/// One log event, ready to be written as text.
///
/// A peer can fill messages and metadata, so that every part is bounded: text, nesting, and number of entries.
struct LogLine {
    var time: Timestamp
    var level: Logger.Level
    var label: String
    var message: String
    var metadata: Logger.Metadata

    static let messageScalarLimit = 4096
    static let valueScalarLimit = 1024
    static let entryLimit = 64
    static let depthLimit = 4

    /// The line with its final newline.
    func text(_ format: LogFormat) -> String {
        var output = ""
        switch format {
        case .json: appendJSON(to: &output)
        case .terminal(let color): appendTerminal(color: color, to: &output)
        }
        output += "\n"
        return output
    }

    private var sortedMetadata: ArraySlice<(key: String, value: Logger.MetadataValue)> {
        metadata.sorted { $0.key < $1.key }.prefix(Self.entryLimit)
    }

    // MARK: JSON

    private func appendJSON(to output: inout String) {
        output += "{\"time\":\"" + time.rfc3339 + "\",\"level\":\"" + level.rawValue + "\",\"logger\":"
        EscapedText.appendJSON(label, to: &output, limit: Self.valueScalarLimit)
        output += ",\"message\":"
        EscapedText.appendJSON(message, to: &output, limit: Self.messageScalarLimit)
        if !metadata.isEmpty {
            output += ",\"metadata\":"
            Self.appendJSON(metadata, depth: 0, to: &output)
        }
        output += "}"
    }

    private static func appendJSON(_ metadata: Logger.Metadata, depth: Int, to output: inout String) {
        output += "{"
        for (index, entry) in metadata.sorted(by: { $0.key < $1.key }).prefix(entryLimit).enumerated() {
            if index > 0 { output += "," }
            EscapedText.appendJSON(entry.key, to: &output, limit: valueScalarLimit)
            output += ":"
            if Redacted<String>.isSecretName(entry.key) {
                EscapedText.appendJSON(Redacted<String>.text, to: &output)
            } else {
                appendJSON(entry.value, depth: depth + 1, to: &output)
            }
        }
        output += "}"
    }

    private static func appendJSON(_ value: Logger.MetadataValue, depth: Int, to output: inout String) {
        switch value {
        case .string(let text):
            EscapedText.appendJSON(text, to: &output, limit: valueScalarLimit)
        case .stringConvertible(let convertible):
            EscapedText.appendJSON(convertible.description, to: &output, limit: valueScalarLimit)
        case .dictionary where depth >= depthLimit, .array where depth >= depthLimit:
            output += "\"…\""
        case .dictionary(let dictionary):
            appendJSON(dictionary, depth: depth, to: &output)
        case .array(let values):
            output += "["
            for (index, element) in values.prefix(entryLimit).enumerated() {
                if index > 0 { output += "," }
                appendJSON(element, depth: depth + 1, to: &output)
            }
            output += "]"
        }
    }

    // MARK: Terminal

    private func appendTerminal(color: Bool, to output: inout String) {
        func paint(_ code: String, _ text: String) -> String { color ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text }

        let levelName = level.rawValue + String(repeating: " ", count: max(0, 8 - level.rawValue.count))
        output += paint("2", time.timeOfDay + "Z") + " " + paint(level.terminalColor, levelName) + " "
        var labelText = ""
        EscapedText.appendPlain(label, to: &labelText, limit: Self.valueScalarLimit)
        output += paint("1", labelText) + ": "
        EscapedText.appendPlain(message, to: &output, limit: Self.messageScalarLimit)
        for entry in sortedMetadata {
            var key = ""
            EscapedText.appendPlain(entry.key, to: &key, limit: Self.valueScalarLimit)
            output += " " + paint("36", key + "=")
            if Redacted<String>.isSecretName(entry.key) {
                output += Redacted<String>.text
            } else {
                Self.appendTerminal(entry.value, to: &output)
            }
        }
    }

    // A plain value stands for itself; one with a space in it, and everything nested, is written as JSON, so that a
    // reader sees where it ends.
    private static func appendTerminal(_ value: Logger.MetadataValue, to output: inout String) {
        let text: String
        switch value {
        case .string(let string): text = string
        case .stringConvertible(let convertible): text = convertible.description
        case .dictionary, .array:
            appendJSON(value, depth: 1, to: &output)
            return
        }
        if text.isEmpty || text.utf8.contains(where: { $0 == 0x20 || $0 == 0x22 || $0 == 0x3D }) {
            EscapedText.appendJSON(text, to: &output, limit: valueScalarLimit)
        } else {
            EscapedText.appendPlain(text, to: &output, limit: valueScalarLimit)
        }
    }
}

extension Logger.Level {
    fileprivate var terminalColor: String {
        switch self {
        case .trace, .debug: "2"
        case .info: "32"
        case .notice: "34"
        case .warning: "33"
        case .error: "31"
        case .critical: "1;31"
        }
    }
}
