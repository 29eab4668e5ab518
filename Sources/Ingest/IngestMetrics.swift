public import Telemetry

/// What Ingest counts.
public struct IngestMetrics: Sendable {
    let liveStreams: Gauge
    let streamsWithoutWorker: Gauge
    let packets: Counter
    let bytes: Counter
    let brokenPackets: Counter
    let refusedBatches: Counter
    let repeatedBatches: Counter
    let refusedPushes: Counter
    let connections: Gauge

    public init(_ registry: MetricsRegistry) {
        liveStreams = registry.gauge("twitchy_ingest_live_streams", help: "Streams on the air at this process.")
        streamsWithoutWorker = registry.gauge(
            "twitchy_ingest_streams_without_worker", help: "Streams that no transcoder has taken for 5 s.")
        packets = registry.counter("twitchy_ingest_packets_total", help: "Source packets that came.")
        bytes = registry.counter("twitchy_ingest_audio_bytes_total", help: "Bytes of audio that came.")
        brokenPackets = registry.counter(
            "twitchy_ingest_broken_packets_total", help: "Source packets whose length could not be told.")
        refusedBatches = registry.counter(
            "twitchy_ingest_refused_batches_total", help: "Batches that the bus refused; they are tried again.")
        repeatedBatches = registry.counter(
            "twitchy_ingest_repeated_batches_total", help: "Batches sent again after the broker was away.")
        refusedPushes = registry.counter(
            "twitchy_ingest_refused_pushes_total", help: "Pushes that were refused: wrong keys, no audio.")
        connections = registry.gauge("twitchy_ingest_open_connections", help: "Open connections of encoders.")
    }
}
