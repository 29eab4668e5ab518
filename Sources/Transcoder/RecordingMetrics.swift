import Telemetry

/// What the store holds.
struct RecordingMetrics: Sendable {
    let diskUsedRatio: Gauge
    let bytes: Gauge
    let removed: Counter

    init(_ registry: MetricsRegistry) {
        diskUsedRatio = registry.gauge(
            "twitchy_store_disk_used_ratio", help: "How full the disk of the segment store is, 0 to 1.")
        bytes = registry.gauge("twitchy_store_recordings_bytes", help: "Bytes of all streams in the segment store.")
        removed = registry.counter(
            "twitchy_store_recordings_removed_total", help: "Recordings that were removed by the rules.")
    }
}
