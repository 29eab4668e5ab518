import AccountService
import HTTPService
import Ingest
import NIOCore
import Origin
import TLS
import Telemetry

/// The open ports of the roles, and what listens there.
struct Listeners {
    /// Ports as they were opened; nil where the roles have none.
    struct Ports {
        var http: Int?
        var rtmp: Int?
        var rtmps: Int?
        var icecast: Int?
        var admin: Int?
    }

    private(set) var ports = Ports()
    private var rtmp: [any NIOCore.Channel] = []
    private var servers: [HTTPServer] = []

    /// Opens every port, or none.
    static func open(_ roles: RunningRoles, on base: Infrastructure) async throws -> Listeners {
        var listeners = Listeners()
        do {
            try await listeners.open(roles, base)
            return listeners
        } catch {
            await listeners.close()
            throw error
        }
    }

    private mutating func open(_ roles: RunningRoles, _ base: Infrastructure) async throws {
        let configuration = base.configuration
        let open = roles.ingest?.ports ?? OpenPorts()
        let stranger = Stranger(ports: open, logger: base.output.logger(label: "ingest"))
        let inherited = base.inheritance?.descriptors ?? [:]
        let limits = ConnectionLimits(
            base, hasListeners: roles.answersHTTP, hasEncoders: roles.ingest != nil)
        if let ingest = roles.ingest {
            let listener = try await ingest.listenForRTMP(
                host: configuration.bind, port: configuration.rtmpPort, socket: inherited[.rtmp], limiter: limits.rtmp)
            rtmp.append(listener.0)
            ports.rtmp = listener.port
            if let tls = base.tls {
                let listener = try await ingest.listenForRTMP(
                    host: configuration.bind, port: configuration.rtmpsPort, socket: inherited[.rtmps],
                    limiter: limits.rtmp
                ) { try tls.secure($0) }
                rtmp.append(listener.0)
                ports.rtmps = listener.port
            }
            var settings = HTTPServerConfiguration()
            settings.trustedProxies = configuration.trustedProxies
            settings.requiresHost = false
            settings.requiresTidyPaths = false
            settings.explainsInReason = true
            settings.limiter = limits.icecast
            settings.stranger = { stranger.takeOver($0) }
            if let tls = base.tls { settings.secure = { try tls.secureIfAsked($0) } }
            ports.icecast = try await start(
                HTTPServer(
                    host: configuration.bind, port: configuration.icecastPort, socket: inherited[.icecast],
                    group: base.group,
                    responders: [ingest.icecastResponder, HealthResponder()], configuration: settings,
                    logger: base.output.logger(label: "icecast")), option: "--icecast-port")
        }
        if roles.answersHTTP {
            var settings = HTTPServerConfiguration()
            settings.trustedProxies = configuration.trustedProxies
            settings.limiter = limits.http
            settings.stranger = { stranger.takeOver($0) }
            ports.http = try await start(
                HTTPServer(
                    host: configuration.bind, port: configuration.httpPort, socket: inherited[.http], group: base.group,
                    responders: publicResponders(roles, base, open),
                    configuration: settings, metrics: ServerCounters(base.metrics),
                    logger: base.output.logger(label: "http")), option: "--http-port")
        }
        open.set(openPorts(configuration, hasTLS: base.tls != nil))
        var settings = HTTPServerConfiguration()
        settings.limiter = limits.admin
        ports.admin = try await start(
            HTTPServer(
                host: configuration.adminBind, port: configuration.adminPort, socket: inherited[.admin],
                group: base.group,
                responders: [AdminResponder(health: base.health, metrics: base.metrics)], configuration: settings,
                logger: base.output.logger(label: "admin")), option: "--admin-port")
    }

    /// To be made when the encoders' ports are open: the home page names one.
    private func publicResponders(
        _ roles: RunningRoles, _ base: Infrastructure, _ open: OpenPorts
    ) -> [any HTTPResponder] {
        var responders: [any HTTPResponder] = []
        if let origin = roles.origin { responders += [origin.responder, CrossOriginPreflight(below: "/hls/")] }
        if let accounts = roles.accounts {
            responders.append(
                AccountResponder(
                    api: AccountAPI(service: accounts), publicURL: base.configuration.publicURL,
                    logger: base.output.logger(label: "accounts")))
        }
        responders.append(HealthResponder())
        if roles.hasWeb {
            responders.append(
                WebResponder(
                    rtmpPort: ports.rtmp ?? base.configuration.rtmpPort, channels: roles.accounts.map(AccountAPI.init)))
        }
        responders.append(MisdirectedSourceResponder(ports: open, logger: base.output.logger(label: "ingest")))
        return responders
    }

    /// What was opened here, and what other processes open if they have the same options.
    private func openPorts(_ configuration: Configuration, hasTLS: Bool) -> OpenPorts.Numbers {
        func configured(_ port: Int) -> Int? { port == 0 ? nil : port }
        return OpenPorts.Numbers(
            http: ports.http ?? configured(configuration.httpPort),
            rtmp: ports.rtmp ?? configured(configuration.rtmpPort),
            rtmps: ports.rtmps ?? (hasTLS ? configured(configuration.rtmpsPort) : nil),
            icecast: ports.icecast ?? configured(configuration.icecastPort))
    }

    private mutating func start(_ server: HTTPServer, option: String) async throws -> Int {
        do {
            let port = try await server.start()
            servers.append(server)
            return port
        } catch HTTPServerError.addressInUse(_, let port) {
            throw Failure.portInUse(port, option: option)
        } catch {
            throw Failure(code: Failure.unavailable, description: "\(option): \(error)")
        }
    }

    func close() async {
        // Closed already is what is wanted.
        for listener in rtmp { try? await listener.close() }
        await withTaskGroup { tasks in
            for server in servers { tasks.addTask { await server.shutdown() } }
        }
    }
}
