import HTTPService
import Telemetry

/// Puts an HTTP server's counts into the metrics.
struct ServerCounters: HTTPServerMetrics {
    private let requests: [Counter]
    private let bytes: Counter
    private let connections: Gauge

    init(_ registry: MetricsRegistry) {
        requests = ["1xx", "2xx", "3xx", "4xx", "5xx"].map {
            registry.counter("twitchy_http_requests_total", help: "Requests answered.", labels: ["status": $0])
        }
        bytes = registry.counter("twitchy_http_response_bytes_total", help: "Bytes of responses.")
        connections = registry.gauge("twitchy_http_open_connections", help: "Open connections.")
    }

    func add(_ counts: HTTPServerCounts) {
        let classes = [
            counts.informational, counts.successful, counts.redirections, counts.clientErrors, counts.serverErrors,
        ]
        for (counter, count) in zip(requests, classes) where count > 0 { counter.increment(by: count) }
        bytes.increment(by: counts.responseBytes)
        connections.increment(by: Double(counts.connectionsOpened - counts.connectionsClosed))
    }
}
