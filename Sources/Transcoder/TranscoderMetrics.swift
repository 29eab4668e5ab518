public import Telemetry

/// What the transcoder counts.
public struct TranscoderMetrics: Sendable {
    let activeStreams: Gauge
    let lateStreams: Gauge
    let lateness: Gauge
    let bundles: Counter
    let brokenPackets: Counter
    let silentLegs: Counter
    let storedSegments: Counter
    let storeFailures: Counter
    let lostSegments: Counter
    let recordings: RecordingMetrics

    public init(_ registry: MetricsRegistry) {
        activeStreams = registry.gauge("twitchy_transcoder_active_streams", help: "Streams being transcoded.")
        lateStreams = registry.gauge(
            "twitchy_transcoder_late_streams", help: "Streams whose parts come more than 2 s late: too little CPU.")
        lateness = registry.gauge(
            "twitchy_transcoder_lateness_seconds", help: "By how much the latest stream is behind its source.")
        bundles = registry.counter("twitchy_transcoder_bundles_total", help: "Bundles of parts written to the log.")
        brokenPackets = registry.counter(
            "twitchy_transcoder_broken_packets_total", help: "Source packets that could not be decoded.")
        silentLegs = registry.counter(
            "twitchy_transcoder_silent_legs_total", help: "Legs of a source of which nothing could be decoded.")
        storedSegments = registry.counter(
            "twitchy_transcoder_stored_segments_total", help: "Segments written to the store.")
        recordings = RecordingMetrics(registry)
        lostSegments = registry.counter(
            "twitchy_transcoder_lost_segments_total",
            help: "Segments that the log no longer had when the store took them again.")
        storeFailures = registry.counter(
            "twitchy_transcoder_store_failures_total", help: "Writes that the store refused; they are tried again.")
    }
}
