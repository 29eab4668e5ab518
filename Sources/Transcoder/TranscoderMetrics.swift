public import Telemetry

/// What the transcoder counts.
public struct TranscoderMetrics: Sendable {
    let activeStreams: Gauge
    let bundles: Counter
    let brokenPackets: Counter
    let storedSegments: Counter
    let storeFailures: Counter

    public init(_ registry: MetricsRegistry) {
        activeStreams = registry.gauge("twitchy_transcoder_active_streams", help: "Streams being transcoded.")
        bundles = registry.counter("twitchy_transcoder_bundles_total", help: "Bundles of parts written to the log.")
        brokenPackets = registry.counter(
            "twitchy_transcoder_broken_packets_total", help: "Source packets that could not be decoded.")
        storedSegments = registry.counter(
            "twitchy_transcoder_stored_segments_total", help: "Segments written to the store.")
        storeFailures = registry.counter(
            "twitchy_transcoder_store_failures_total", help: "Writes that the store refused; they are tried again.")
    }
}
