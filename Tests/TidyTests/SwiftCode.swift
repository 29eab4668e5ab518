/// A scanner that knows just enough of Swift to tell code from comments and strings.
enum SwiftCode {
    private enum Context {
        /// Code; inside an interpolation with the depth of open parentheses.
        case code(depth: Int)
        case string(pounds: Int, isMultiline: Bool)
    }

    private static let quote = UInt8(ascii: "\"")
    private static let pound = UInt8(ascii: "#")
    private static let slash = UInt8(ascii: "/")
    private static let star = UInt8(ascii: "*")
    private static let backslash = UInt8(ascii: "\\")
    private static let newline = UInt8(ascii: "\n")
    private static let space = UInt8(ascii: " ")

    /// `text` with comments and the contents of strings replaced by spaces, line by line in its place. Code inside
    /// an interpolation stays.
    static func masked(_ text: String) -> String {
        let input = Array(text.utf8)
        var output = input
        var contexts: [Context] = [.code(depth: 0)]
        var position = 0

        func byte(_ offset: Int) -> UInt8? { position + offset < input.count ? input[position + offset] : nil }
        func run(of value: UInt8, from offset: Int) -> Int {
            var count = 0
            while byte(offset + count) == value { count += 1 }
            return count
        }
        func blank(_ count: Int) {
            for index in position..<min(position + count, input.count) where input[index] != newline {
                output[index] = space
            }
            position += count
        }

        while position < input.count, let context = contexts.last {
            let current = input[position]
            switch context {
            case .code(let depth):
                if current == slash, byte(1) == slash {
                    blank((input[position...].firstIndex(of: newline) ?? input.count) - position)
                } else if current == slash, byte(1) == star {
                    var level = 0
                    repeat {
                        if byte(0) == slash, byte(1) == star {
                            level += 1
                            blank(2)
                        } else if byte(0) == star, byte(1) == slash {
                            level -= 1
                            blank(2)
                        } else {
                            blank(1)
                        }
                    } while level > 0 && position < input.count
                } else if current == quote || current == pound, byte(run(of: pound, from: 0)) == quote {
                    let pounds = run(of: pound, from: 0)
                    let isMultiline = run(of: quote, from: pounds) >= 3
                    contexts.append(.string(pounds: pounds, isMultiline: isMultiline))
                    position += pounds + (isMultiline ? 3 : 1)
                } else if current == UInt8(ascii: "(") {
                    contexts[contexts.count - 1] = .code(depth: depth + 1)
                    position += 1
                } else if current == UInt8(ascii: ")") {
                    if depth == 0, contexts.count > 1 {
                        contexts.removeLast()
                    } else {
                        contexts[contexts.count - 1] = .code(depth: max(0, depth - 1))
                    }
                    position += 1
                } else {
                    position += 1
                }
            case .string(let pounds, let isMultiline):
                let quotes = isMultiline ? 3 : 1
                if current == quote, run(of: quote, from: 0) >= quotes, run(of: pound, from: quotes) >= pounds {
                    contexts.removeLast()
                    position += quotes + pounds
                } else if current == backslash, run(of: pound, from: 1) >= pounds {
                    let isInterpolation = byte(1 + pounds) == UInt8(ascii: "(")
                    blank(2 + pounds)
                    if isInterpolation { contexts.append(.code(depth: 0)) }
                } else if current == newline, !isMultiline {
                    // Not a string after all, such as a quotation mark in a regular expression.
                    contexts.removeLast()
                    position += 1
                } else {
                    blank(1)
                }
            }
        }
        return String(decoding: output, as: UTF8.self)
    }
}
