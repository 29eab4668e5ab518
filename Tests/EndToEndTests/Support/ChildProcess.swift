import Foundation
import Synchronization

/// A program that a test started. It writes to files, so that nothing waits for a reader.
final class ChildProcess: Sendable {
    enum Exit: Equatable {
        case code(Int32)
        case signal(Int32)
    }

    let name: String
    let identifier: pid_t
    private let outputFile: URL
    private let messagesFile: URL
    private let isGroup: Bool
    private let ended = Mutex<Exit?>(nil)

    /// Starts the program, which is looked for in `PATH` unless it is a path.
    ///
    /// - Parameters:
    ///   - isGroup: whether what the program starts itself shall go with it.
    init(
        _ program: String, _ arguments: [String], name: String, folder: URL, environment: [String: String] = [:],
        isGroup: Bool = false
    ) throws {
        self.name = name
        self.isGroup = isGroup
        outputFile = folder.appendingPathComponent("\(name).out")
        messagesFile = folder.appendingPathComponent("\(name).err")

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, outputFile.path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, messagesFile.path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        if isGroup {
            posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
            posix_spawnattr_setpgroup(&attributes, 0)
        }
        let inherited = ProcessInfo.processInfo.environment.merging(environment) { _, new in new }
        var argumentPointers = ([program] + arguments).map { strdup($0) } + [nil]
        var environmentPointers = inherited.map { strdup("\($0)=\($1)") } + [nil]
        defer { for pointer in argumentPointers + environmentPointers { free(pointer) } }
        var identifier: pid_t = 0
        let code = posix_spawnp(
            &identifier, program, &actions, &attributes, &argumentPointers, &environmentPointers)
        guard code == 0 else { throw TestFailure("\(program) cannot be started: \(String(cString: strerror(code)))") }
        self.identifier = identifier
    }

    /// How it ended, nil while it runs.
    var exit: Exit? { ended.withLock { reap(&$0, options: WNOHANG) } }

    var isRunning: Bool { exit == nil }

    /// What it wrote to standard output so far.
    var output: String { text(of: outputFile) }

    /// What it wrote to standard error so far.
    var messages: String { text(of: messagesFile) }

    func send(_ signal: Int32) {
        ended.withLock { ended in
            // After it was waited for, the number may be another's.
            if reap(&ended, options: WNOHANG) == nil { _ = Glibc.kill(identifier, signal) }
        }
    }

    /// Ends it, and with a group all that it started, at once.
    func kill() {
        ended.withLock { ended in
            // A group lives as long as any member: its number cannot be another's.
            if isGroup { _ = Glibc.kill(-identifier, SIGKILL) }
            guard reap(&ended, options: WNOHANG) == nil else { return }
            _ = Glibc.kill(identifier, SIGKILL)
            _ = reap(&ended, options: 0)
        }
    }

    /// Waits for its end.
    @discardableResult
    func waitForExit(within seconds: Double, caller: String = #function) async throws -> Exit {
        let deadline = Moment.now + seconds * patience
        while Moment.now < deadline {
            if let exit { return exit }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw TestFailure("\(name) did not end within \(seconds * patience) s in \(caller): \(messages.suffix(1000))")
    }

    /// Waits for its end, which has to be a good one.
    func waitForSuccess(within seconds: Double) async throws {
        let exit = try await waitForExit(within: seconds)
        guard exit == .code(0) else { throw TestFailure("\(name) ended with \(exit): \(messages.suffix(1000))") }
    }

    private func reap(_ ended: inout Exit?, options: Int32) -> Exit? {
        if ended != nil { return ended }
        var status: Int32 = 0
        guard waitpid(identifier, &status, options) == identifier else { return nil }
        let signal = status & 0x7f
        ended = signal == 0 ? .code((status >> 8) & 0xff) : .signal(signal)
        return ended
    }

    private func text(of file: URL) -> String {
        // The program makes the file, which may not have happened yet.
        (try? Data(contentsOf: file)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}
