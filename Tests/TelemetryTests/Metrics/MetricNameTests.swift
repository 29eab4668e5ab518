import Testing

@testable import Telemetry

@Suite struct MetricNameTests {
    @Test(arguments: ["twitchy_ingest_received_bytes_total", "twitchy_origin_part_delay_seconds", "twitchy_a_b_c"])
    func acceptsTheConvention(name: String) throws {
        #expect(try MetricName(validating: name).text == name)
    }

    @Test(arguments: [
        ("ingest_received_bytes_total", MetricNameError.prefixMissing("ingest_received_bytes_total")),
        ("", .prefixMissing("")),
        ("twitchy_ingest_bytes", .wordsMissing("twitchy_ingest_bytes")),
        ("twitchy_ingest__bytes_total", .invalidWord("twitchy_ingest__bytes_total")),
        ("twitchy_ingest_Bytes_total", .invalidWord("twitchy_ingest_Bytes_total")),
        ("twitchy_ingest_bytes total_x", .invalidWord("twitchy_ingest_bytes total_x")),
        ("twitchy_ingest_wait_sum", .reservedSuffix("twitchy_ingest_wait_sum")),
    ])
    func refusesOthers(name: String, error: MetricNameError) {
        #expect(throws: error) { try MetricName(validating: name) }
    }
}
