import Foundation

enum Fixture {
    /// The path of a file of `Fixtures/`.
    static func url(_ name: String) -> URL {
        URL(filePath: #filePath).resolvingSymlinksInPath()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Fixtures").appending(path: name)
    }
}
