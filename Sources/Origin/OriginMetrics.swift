public import Telemetry

/// What an origin counts.
public struct OriginMetrics: Sendable {
    let streams: Gauge
    let bundles: Counter

    public init(_ registry: MetricsRegistry) {
        streams = registry.gauge("twitchy_origin_read_streams", help: "Streams that this origin reads.")
        bundles = registry.counter("twitchy_origin_bundles_total", help: "Bundles of parts read from logs.")
    }
}
