import Foundation

/// The server as a child of its supervisor.
struct ServerProcess {
    enum End: Equatable {
        case code(Int32)
        case signal(Int32)
    }

    let identifier: pid_t

    /// Starts the program of this process again, with the same arguments.
    /// - Throws: `Failure` with code 70.
    init(_ inheritance: Inheritance) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for descriptor in inheritance.descriptors.values {
            // Onto itself: glibc then lets the program have it.
            posix_spawn_file_actions_adddup2(&actions, descriptor, descriptor)
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // The supervisor waits for signals, which it blocks for that; its child shall get them.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))

        var environment = ProcessInfo.processInfo.environment
        environment[Inheritance.variable] = inheritance.text
        // Names of functions take seconds, during which the crashed server keeps the data folder and every connection.
        if environment[Self.backtrace] == nil { environment[Self.backtrace] = Self.quickBacktrace }
        var arguments = CommandLine.arguments.map { strdup($0) } + [nil]
        var variables = environment.map { strdup("\($0)=\($1)") } + [nil]
        defer { for pointer in arguments + variables { free(pointer) } }
        var identifier: pid_t = 0
        let reason = posix_spawn(&identifier, Self.program, &actions, &attributes, &arguments, &variables)
        guard reason == 0 else {
            throw Failure(
                code: Failure.software,
                description: "the server cannot be started: \(String(cString: strerror(reason)))")
        }
        self.identifier = identifier
    }

    /// This very program, also when another version has taken its place on the disk.
    private static let program = "/proc/self/exe"
    private static let backtrace = "SWIFT_BACKTRACE"
    private static let quickBacktrace = "symbolicate=off,threads=crashed"

    func send(_ signal: Int32) { kill(identifier, signal) }

    /// How it ended, nil while it runs. Once it has told, the number may be another process's.
    func end() -> End? {
        var status: Int32 = 0
        guard waitpid(identifier, &status, WNOHANG) == identifier else { return nil }
        let signal = status & 0x7f
        return signal == 0 ? .code((status >> 8) & 0xff) : .signal(signal)
    }
}
