import AccountService
import FFmpeg
import Foundation
import Logging
import MessageBus
import NIOPosix
import TLS
import Telemetry

/// The composition root: the roles of this process, from start to end.
struct Server {
    let configuration: Configuration
    let roles: Set<Role>
    let inheritance: Inheritance?
    let output: LogOutput

    /// Serves until a signal comes.
    func run() async throws {
        FFmpegLibrary.setLogLevelQuiet()
        let base = try Infrastructure(configuration, roles: roles, inheritance: inheritance, output: output)
        let logger = output.logger(label: "twitchy")
        let running = try RunningRoles(roles, on: base)
        try await base.waitForServers()
        try await running.prepare()
        if base.bus is InProcessMessageBus { try await base.databases.resendNewest() }
        if let accounts = running.accounts {
            if configuration.demo { try await accounts.ensureDemo() } else { try await accounts.withdrawDemo() }
            base.metrics.observe(
                "twitchy_accounts_live_listeners", .gauge,
                help: "Listeners of all channels that are on the air; every process of the role tells the same."
            ) { [MetricSample(Double(accounts.listenerCount))] }
        }

        // Before anybody can know that this process serves: from now on it ends in order.
        let shutdown = Shutdown()
        let listeners = try await Listeners.open(running, on: base)
        let announced = roles.contains(.accounts) ? await announce(listeners.ports, on: base, logger) : nil
        Greeting(
            configuration: configuration, roles: roles, ports: listeners.ports, restarts: inheritance?.restarts ?? 0
        ).say(logger)
        base.health.register("process").set(.ok)
        let watch = DependencyWatch(
            databases: base.databases.named,
            store: roles.contains(.transcoder) || roles.contains(.origin) ? base.store : nil, writes: base.writes,
            health: base.health)
        let end = await Self.untilTheEnd(running, watch, base, shutdown)
        logger.info("Shutting down", metadata: ["reason": "\(end.reason)"])
        await listeners.close()
        _ = try? await end.services.value
        if let announced { try await base.threads.runIfActive { RunningServers().withdraw(announced) } }
        try await base.close()
        guard end.reason.hasPrefix("SIG") else { throw Failure(code: Failure.software, description: end.reason) }
    }

    /// Lets commands of administration find this server, and with it the accounts.
    private func announce(
        _ ports: Listeners.Ports, on base: Infrastructure, _ logger: Logger
    ) async -> RunningServer? {
        let server = RunningServer(configuration, ports: ports, process: inheritance?.supervisor ?? getpid())
        let isKnown = try? await base.threads.runIfActive { RunningServers().announce(server) }
        if isKnown != true {
            logger.info("Nowhere to leave word for commands of administration; they need --data or --database-url")
        }
        return server
    }

    /// Runs the services until a signal comes or one of them ends.
    private static func untilTheEnd(
        _ running: RunningRoles, _ watch: DependencyWatch, _ base: Infrastructure, _ shutdown: Shutdown
    ) async -> (reason: String, services: Task<Void, any Error>) {
        let services = Task {
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try await running.run() }
                tasks.addTask { await watch.run() }
                if let temporaries = base.temporaries { tasks.addTask { await temporaries.run() } }
                if let tls = base.tls {
                    tasks.addTask { await tls.follow(on: base.threads, logger: base.output.logger(label: "tls")) }
                }
                try await tasks.next()
                tasks.cancelAll()
                try await tasks.waitForAll()
            }
        }
        return await withTaskGroup(of: String.self) { tasks in
            tasks.addTask { await shutdown.signal() }
            tasks.addTask {
                do {
                    try await services.value
                    return "a service ended"
                } catch {
                    return "a service failed: \(error)"
                }
            }
            let first = await tasks.next() ?? ""
            tasks.cancelAll()
            services.cancel()
            return (first, services)
        }
    }
}
