/// A line that a person typed: a title, a label.
enum FreeText {
    /// The line without white space around it; `nil` if it is longer or has control characters.
    static func checked(_ text: String, maximumCount: Int) -> String? {
        // A character can be made of any number of scalars, so these are what is counted.
        guard text.unicodeScalars.count <= maximumCount * 4 else { return nil }
        let scalars = text.unicodeScalars
        let isSpace = { (scalar: Unicode.Scalar) in scalar.properties.isWhitespace }
        guard let first = scalars.firstIndex(where: { !isSpace($0) }),
            let last = scalars.lastIndex(where: { !isSpace($0) })
        else { return "" }
        let trimmed = scalars[first...last]
        guard trimmed.count <= maximumCount, !trimmed.contains(where: isControl) else { return nil }
        return String(trimmed)
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}
