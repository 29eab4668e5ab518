import HTTPService
import NIOCore
import Telemetry

/// The limiters of this process's listeners, with their metrics.
struct ConnectionLimits {
    let http: ConnectionLimiter
    let rtmp: ConnectionLimiter
    let icecast: ConnectionLimiter
    let admin: ConnectionLimiter

    init(_ base: Infrastructure, hasListeners: Bool, hasEncoders: Bool) {
        let places = ConnectionPlaces(
            descriptors: base.descriptors, cores: System.coreCount, maximum: base.configuration.maximumConnections,
            hasListeners: hasListeners, hasEncoders: hasEncoders)
        http = Self.limiter("http", places.listeners, base)
        rtmp = Self.limiter("rtmp", places.encoders, base)
        icecast = Self.limiter("icecast", places.encoders, base)
        admin = Self.limiter("admin", places.admin, base)
        let limiters = [http, rtmp, icecast, admin]
        base.metrics.observe("twitchy_server_open_connections", .gauge, help: "Connections that have a place.") {
            limiters.map { MetricSample(Double($0.count), labels: ["listener": $0.listener]) }
        }
        base.metrics.observe("twitchy_server_maximum_connections", .gauge, help: "Places for connections.") {
            limiters.map { MetricSample(Double($0.maximum), labels: ["listener": $0.listener]) }
        }
    }

    private static func limiter(_ name: String, _ places: Int, _ base: Infrastructure) -> ConnectionLimiter {
        let refusals = ConnectionLimit.allCases.map { limit in
            base.metrics.counter(
                "twitchy_server_refused_connections_total",
                help: "Connections that met a limit; for want of descriptors they wait.",
                labels: ["listener": name, "limit": limit.rawValue])
        }
        let counters = Dictionary(uniqueKeysWithValues: zip(ConnectionLimit.allCases, refusals))
        return ConnectionLimiter(
            listener: name, maximum: places, maximumPerAddress: ConnectionPlaces.perAddress(of: places),
            unlimitedAddresses: base.configuration.trustedProxies, logger: base.output.logger(label: name)
        ) { counters[$0]?.increment() }
    }
}
