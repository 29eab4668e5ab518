import Foundation
import Synchronization

/// A temporary folder and the programs of one test. Both are gone when the test is left, however it is left.
final class Scene: Sendable {
    let folder: URL
    private let children = Mutex<[ChildProcess]>([])

    private init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("twitchy-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    static func run<Value>(_ body: (Scene) async throws -> Value) async throws -> Value {
        let scene = try Scene()
        defer { scene.clear() }
        do {
            return try await body(scene)
        } catch {
            throw TestFailure("\(error)\(scene.lastWords)")
        }
    }

    func file(_ name: String) -> URL { folder.appendingPathComponent(name) }

    func start(
        _ program: String, _ arguments: [String], name: String, environment: [String: String] = [:],
        isGroup: Bool = false
    ) throws -> ChildProcess {
        // Where servers leave word for commands that were told nothing: one test's do not meet another's.
        let environment = ["XDG_RUNTIME_DIR": folder.path].merging(environment) { _, new in new }
        let child = try ChildProcess(
            program, arguments, name: name, folder: folder, environment: environment, isGroup: isGroup)
        children.withLock { $0.append(child) }
        return child
    }

    /// Runs a program to its end, which has to be a good one, and returns what it wrote.
    func run(
        _ program: String, _ arguments: [String], name: String, environment: [String: String] = [:],
        within seconds: Double = 60
    ) async throws -> String {
        let child = try start(program, arguments, name: name, environment: environment)
        try await child.waitForSuccess(within: seconds)
        return child.output
    }

    private func clear() {
        let children = children.withLock { $0 }
        for child in children.reversed() { child.kill() }
        // To look at what a failure left behind.
        if ProcessInfo.processInfo.environment["TWITCHY_KEEP_TEST_FILES"] != nil { return }
        // What cannot be removed lies in the temporary folder, which the system clears.
        try? FileManager.default.removeItem(at: folder)
    }

    /// The ends of what the programs said, for whoever reads about a failure.
    private var lastWords: String {
        children.withLock { $0 }.map { child in
            let messages = child.messages.suffix(2000)
            return messages.isEmpty ? "" : "\n--- \(child.name)\n\(messages)"
        }.joined()
    }
}
