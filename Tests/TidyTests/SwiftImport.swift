/// An import declaration: `@testable import struct Telemetry.LogLine` and everything simpler.
struct SwiftImport: Sendable, Equatable {
    var line: Int
    var module: String
    var isTestable: Bool

    private static let accessLevels: Set<Substring> = ["public", "package", "internal", "fileprivate", "private"]
    private static let kinds: Set<Substring> = [
        "struct", "class", "enum", "protocol", "func", "var", "let", "typealias",
    ]

    /// Nil if the line does not import.
    init?(line: Int, code: Substring) {
        guard let first = code.utf8.first(where: { $0 != 0x20 }), "@ipf".utf8.contains(first) else { return nil }
        var words = code.split(separator: " ", maxSplits: 8)[...]
        let attributes = words.prefix { $0.hasPrefix("@") }
        words = words.dropFirst(attributes.count)
        if let access = words.first, Self.accessLevels.contains(access) { words.removeFirst() }
        guard words.popFirst() == "import" else { return nil }
        if let kind = words.first, Self.kinds.contains(kind) { words.removeFirst() }
        guard let module = words.first?.split(separator: ".").first else { return nil }
        self.line = line
        self.module = String(module)
        self.isTestable = attributes.contains("@testable")
    }
}
