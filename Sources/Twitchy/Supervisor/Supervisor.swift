import Foundation
import Logging
import Telemetry

/// Keeps the ports and the lock of the data folder, starts the server, and starts it again when it dies of a signal.
///
/// A crash in one stream's codec ends every stream of a process. Whoever connects until the next server accepts waits
/// in the sockets' backlogs instead of being refused. It waits for signals and does nothing else, so that there
/// is nothing in it that could crash as well.
struct Supervisor {
    private let logger: Logger
    private let output: LogOutput
    private let folder: DataFolder?
    private var inheritance: Inheritance
    private var sockets: [CInt] = []
    private var allowance = RestartAllowance()
    private var server: ServerProcess?
    private var nextStart: ContinuousClock.Instant?
    /// When a server that was told to end is killed; nil until somebody wants it to end.
    private var lastMoment: ContinuousClock.Instant?
    private var forwarded: Set<Int32> = []

    /// A process that was killed frees its ports when the last of its memory is gone.
    private static let patience = Duration.seconds(2)
    /// The server itself takes at most 10 s.
    private static let drainAtMost = Duration.seconds(15)
    private static let signals = [SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2]

    /// Locks the data folder and opens the ports.
    /// - Throws: `Failure` with code 69.
    init(_ configuration: Configuration) throws {
        output = LogOutput(level: configuration.logLevel)
        logger = output.logger(label: "supervisor")
        inheritance = Inheritance(supervisor: getpid())
        folder = configuration.databaseURL == nil ? try DataFolder(configuration.data, patience: Self.patience) : nil
        inheritance.descriptors[.lock] = folder?.descriptor
        var listeners = [
            (Inheritance.Item.rtmp, configuration.bind, configuration.rtmpPort, "--rtmp-port"),
            (.icecast, configuration.bind, configuration.icecastPort, "--icecast-port"),
            (.http, configuration.bind, configuration.httpPort, "--http-port"),
            (.admin, configuration.adminBind, configuration.adminPort, "--admin-port"),
        ]
        if configuration.tls != nil {
            listeners.append((.rtmps, configuration.bind, configuration.rtmpsPort, "--rtmps-port"))
        }
        for (item, host, port, option) in listeners {
            let socket = try ListeningSocket.open(host: host, port: port, option: option, patience: Self.patience)
            inheritance.descriptors[item] = socket
            sockets.append(socket)
        }
    }

    /// Looks after servers until one of them ends by itself, or was told to.
    /// - Returns: the code to exit with.
    /// - Throws: `Failure` with code 70 when there is no point in another one.
    mutating func run() throws -> Int32 {
        // Ignored by whoever started this process, its children would never be heard of.
        signal(SIGCHLD, SIG_DFL)
        var awaited = sigset_t()
        sigemptyset(&awaited)
        for signal in Self.signals + [SIGCHLD] { sigaddset(&awaited, signal) }
        pthread_sigmask(SIG_BLOCK, &awaited, nil)
        defer { output.flush() }

        server = try ServerProcess(inheritance)
        while true {
            let now = ContinuousClock.now
            if let due = nextStart, now >= due {
                nextStart = nil
                inheritance.restarts += 1
                server = try ServerProcess(inheritance)
            }
            if let lastMoment, now >= lastMoment, let server {
                server.send(SIGKILL)
                throw Failure(code: Failure.software, description: "the server did not end when it was told to")
            }
            var timeout = timespec(until: nextStart ?? lastMoment, from: now)
            let signal = sigtimedwait(&awaited, nil, &timeout)
            if signal > 0, signal != SIGCHLD, let code = forward(signal) { return code }
            // Whatever came: several deaths may have been one signal.
            if let end = server?.end(), let code = try after(end) { return code }
        }
    }

    /// - Returns: the code to exit with if there is nobody to pass the signal on to.
    private mutating func forward(_ signal: Int32) -> Int32? {
        forwarded.insert(signal)
        server?.send(signal)
        guard signal == SIGTERM || signal == SIGINT else { return nil }
        if server == nil { return 0 }
        if lastMoment == nil {
            lastMoment = .now + Self.drainAtMost
            // A server that ends closes its ports; these are the same ones.
            for socket in sockets { close(socket) }
            sockets = []
        }
        return nil
    }

    /// - Returns: the code to exit with, nil to go on.
    private mutating func after(_ end: ServerProcess.End) throws -> Int32? {
        server = nil
        switch end {
        case .code(let code): return code
        case .signal(let signal) where lastMoment != nil:
            // Told to end before it listened to signals.
            if forwarded.contains(signal) { return 0 }
            throw Failure(code: Failure.software, description: "the server died of \(Self.name(signal)) while it ended")
        case .signal(let signal) where forwarded.contains(signal): Self.end(by: signal)
        case .signal(let signal):
            guard let delay = allowance.death(at: .now) else {
                throw Failure(
                    code: Failure.software,
                    description:
                        "the server died \(RestartAllowance.deathsAtMost) times within a minute, at last of \(Self.name(signal)): what killed it stands above"
                )
            }
            logger.critical(
                "The server died; starting it again",
                metadata: ["signal": "\(Self.name(signal))", "delay": "\(delay)"])
            nextStart = .now + delay
        }
        return nil
    }

    /// Ends this process as the signal would have without a supervisor.
    private static func end(by signal: Int32) -> Never {
        Foundation.signal(signal, SIG_DFL)
        var own = sigset_t()
        sigemptyset(&own)
        sigaddset(&own, signal)
        kill(getpid(), signal)
        pthread_sigmask(SIG_UNBLOCK, &own, nil)
        exit(128 + signal)
    }

    private static func name(_ signal: Int32) -> String {
        let names = [
            SIGSEGV: "SIGSEGV", SIGBUS: "SIGBUS", SIGILL: "SIGILL", SIGTRAP: "SIGTRAP", SIGABRT: "SIGABRT",
            SIGFPE: "SIGFPE", SIGKILL: "SIGKILL", SIGSYS: "SIGSYS", SIGTERM: "SIGTERM", SIGINT: "SIGINT",
            SIGHUP: "SIGHUP", SIGQUIT: "SIGQUIT",
        ]
        return names[signal] ?? "signal \(signal)"
    }
}

extension timespec {
    /// How long to wait; an hour where there is nothing to wait for.
    fileprivate init(until moment: ContinuousClock.Instant?, from now: ContinuousClock.Instant) {
        let wait = max(.zero, moment.map { $0 - now } ?? .seconds(3600)).components
        self.init(tv_sec: Int(wait.seconds), tv_nsec: Int(wait.attoseconds / 1_000_000_000))
    }
}
