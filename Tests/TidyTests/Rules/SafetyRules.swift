extension Rule {
    /// Modules that wrap C; nil: the whole module, otherwise one folder of it.
    private static let wrappers: [(module: String, folder: String?)] = [
        ("FFmpeg", nil), ("Gzip", nil), ("Persistence", "PostgreSQL"), ("MessageBus", "RabbitMQ"),
    ]

    static let pointersStayInside = Rule(name: "pointers never leave the modules that wrap C") { tree in
        let pattern =
            /\b(?:Unsafe\w*Pointer|AutoreleasingUnsafe\w*|OpaquePointer|CVaListPointer|Unmanaged|unsafeBitCast)\b/
        return tree.files.flatMap { file -> [Violation] in
            guard let module = file.module, file.isSwift else { return [] }
            let isWrapper = wrappers.contains {
                $0.module == module && ($0.folder == nil || $0.folder == file.moduleFolder)
            }
            guard !isWrapper else { return [] }
            return file.codeLines(
                matching: pattern, mentions: ["nsafe", "OpaquePointer", "CVaListPointer", "Unmanaged"]
            )
            .map { file.violation($0.number, "\($0.match) in \(module)") }
        }
    }

    static let uncheckedSendableIsExplained = Rule(name: "what the compiler cannot check says why it holds") { tree in
        let pattern = /@unchecked\s+Sendable|nonisolated\s*\(\s*unsafe\s*\)/
        return tree.files.filter(\.isSwift).flatMap { file in
            file.codeLines(matching: pattern, mentions: ["@unchecked", "nonisolated"]).compactMap { number, match in
                var index = number - 2
                // Attributes stand between a declaration and its comment.
                while index >= 0, file.lines[index].trimmingPrefix(while: \.isWhitespace).hasPrefix("@") { index -= 1 }
                let isExplained =
                    index >= 0 && file.lines[index].trimmingPrefix(while: \.isWhitespace).hasPrefix("//")
                return isExplained ? nil : file.violation(number, "no comment above says why \(match) holds")
            }
        }
    }
}
