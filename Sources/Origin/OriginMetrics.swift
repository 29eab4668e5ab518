public import Telemetry

/// What an origin counts.
public struct OriginMetrics: Sendable {
    let streams: Gauge
    let bundles: Counter
    let renderings: Counter

    public init(_ registry: MetricsRegistry) {
        streams = registry.gauge("twitchy_origin_read_streams", help: "Streams that this origin reads.")
        bundles = registry.counter("twitchy_origin_bundles_total", help: "Bundles of parts read from logs.")
        renderings = registry.counter(
            "twitchy_origin_recording_renderings_total",
            help: "Playlists of recordings and rewind windows that were rendered, once a version each.")
    }
}
