import Foundation

/// One text file of the repository.
struct SourceFile: Sendable {
    /// Relative to the repository, such as `Sources/HLS/MediaPlaylist.swift`.
    let path: String
    let text: String
    /// The lines of `text`.
    let lines: [Substring]
    /// The lines of a Swift file with comments and the contents of strings blanked, otherwise empty.
    let code: [Substring]
    let imports: [SwiftImport]

    init(path: String, text: String) {
        self.path = path
        self.text = text
        lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        code =
            path.hasSuffix(".swift")
            ? SwiftCode.masked(text).split(separator: "\n", omittingEmptySubsequences: false) : []
        imports = code.enumerated().compactMap { SwiftImport(line: $0 + 1, code: $1) }
    }

    var isSwift: Bool { path.hasSuffix(".swift") }

    /// `HLS` for `Sources/HLS/…`, nil outside of `Sources`.
    var module: String? {
        let parts = path.split(separator: "/")
        return parts.count > 2 && parts[0] == "Sources" ? String(parts[1]) : nil
    }

    /// The folder inside the module: `SQLite` for `Sources/Persistence/SQLite/…`.
    var moduleFolder: String? {
        let parts = path.split(separator: "/")
        return parts.count > 3 && parts[0] == "Sources" ? String(parts[2]) : nil
    }
}

/// The text files of the repository that the rules look at.
struct SourceTree: Sendable {
    var files: [SourceFile]
    /// Every path that exists, folders included, for links.
    var paths: Set<String>

    /// The tree that this test is part of.
    static let repository = Result { try SourceTree(root: root) }

    private static var root: URL {
        URL(filePath: #filePath).resolvingSymlinksInPath()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    }

    private static let textExtensions: Set<String> = [
        "swift", "md", "sh", "py", "h", "modulemap", "js", "css", "html", "json", "yaml", "yml", "txt", "svg", "sql",
        "conf",
    ]

    init(files: [SourceFile], paths: Set<String> = []) {
        self.files = files
        self.paths = paths.union(files.map(\.path))
    }

    private init(root: URL) throws {
        files = []
        paths = []
        try add(root, path: "")
    }

    private mutating func add(_ folder: URL, path: String) throws {
        for entry in try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil) {
            let name = entry.lastPathComponent
            // What is built, cloned or stored here is not ours to keep tidy.
            if name.hasPrefix(".build") || [".git", "data", "__pycache__", "node_modules"].contains(name) { continue }
            let entryPath = path.isEmpty ? name : path + "/" + name
            paths.insert(entryPath)
            if (try? entry.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory == true {
                try add(entry, path: entryPath)
            } else if Self.textExtensions.contains(entry.pathExtension) || name == "Makefile" || path == ".ci" {
                files.append(SourceFile(path: entryPath, text: try String(contentsOf: entry, encoding: .utf8)))
            }
        }
    }
}
