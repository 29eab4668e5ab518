import Foundation

/// Where things are that the tests use.
enum Products {
    /// The server: `TWITCHY_BINARY`, or what was built together with these tests.
    static let server: String = {
        if let path = ProcessInfo.processInfo.environment["TWITCHY_BINARY"] { return path }
        let tests = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        return tests.deletingLastPathComponent().appendingPathComponent("twitchy").path
    }()

    static let repository: URL = {
        let file = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        return (0..<4).reduce(file) { folder, _ in folder.deletingLastPathComponent() }
    }()

    /// Python with numpy and m3u8: `TWITCHY_TEST_PYTHON`, or the one that `make test` prepares.
    static let python =
        ProcessInfo.processInfo.environment["TWITCHY_TEST_PYTHON"]
        ?? repository.appendingPathComponent(".build-tools/venv/bin/python").path

    static func fixture(_ name: String) -> URL { repository.appendingPathComponent("Fixtures/\(name)") }
}
