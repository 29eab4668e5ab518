import Testing

@testable import Telemetry

@Suite struct PrometheusTextTests {
    @Test func writesCountersAndGauges() {
        let metrics = MetricsRegistry()
        metrics.gauge("twitchy_origin_window_seconds", help: "Length of the window.").set(59.52)
        metrics.counter("twitchy_ingest_received_bytes_total", help: "Bytes.", labels: ["protocol": "rtmp"])
            .increment(by: 5000)
        #expect(
            metrics.renderPrometheusText() == """
                # HELP twitchy_ingest_received_bytes_total Bytes.
                # TYPE twitchy_ingest_received_bytes_total counter
                twitchy_ingest_received_bytes_total{protocol="rtmp"} 5000
                # HELP twitchy_origin_window_seconds Length of the window.
                # TYPE twitchy_origin_window_seconds gauge
                twitchy_origin_window_seconds 59.52

                """)
    }

    @Test func writesHistograms() {
        let metrics = MetricsRegistry()
        let histogram = metrics.histogram(
            "twitchy_origin_wait_seconds", help: "Wait.", buckets: [0.5, 0.1, 0.5], labels: ["kind": "part"])
        for value in [0.05, 0.1, 0.3, 0.5, 7, .nan] { histogram.observe(value) }
        histogram.observe(.milliseconds(50))
        #expect(
            metrics.renderPrometheusText() == """
                # HELP twitchy_origin_wait_seconds Wait.
                # TYPE twitchy_origin_wait_seconds histogram
                twitchy_origin_wait_seconds_bucket{kind="part",le="0.1"} 3
                twitchy_origin_wait_seconds_bucket{kind="part",le="0.5"} 5
                twitchy_origin_wait_seconds_bucket{kind="part",le="+Inf"} 6
                twitchy_origin_wait_seconds_sum{kind="part"} 8
                twitchy_origin_wait_seconds_count{kind="part"} 6

                """)
    }

    @Test func escapesWhatWouldBreakALine() {
        let metrics = MetricsRegistry()
        metrics.counter("twitchy_web_requests_total", help: "a\\b\n\"c\"", labels: ["agent": "x\"\\\ny"]).increment()
        #expect(
            metrics.renderPrometheusText() == #"""
                # HELP twitchy_web_requests_total a\\b\n"c"
                # TYPE twitchy_web_requests_total counter
                twitchy_web_requests_total{agent="x\"\\\ny"} 1

                """#)
    }

    @Test func numbersAreWrittenAsPrometheusReadsThem() {
        #expect(PrometheusText.formatted(3) == "3")
        #expect(PrometheusText.formatted(0.25) == "0.25")
        #expect(PrometheusText.formatted(.infinity) == "+Inf")
        #expect(PrometheusText.formatted(-.infinity) == "-Inf")
        #expect(PrometheusText.formatted(.nan) == "NaN")
        #expect(PrometheusText.formatted(1e300) == "1e+300")
    }
}
