import Testing

@testable import Telemetry

@Suite struct MetricsRegistryTests {
    @Test func theSameNameAndLabelsAreTheSameMetric() {
        let metrics = MetricsRegistry()
        let first = metrics.counter("twitchy_chat_messages_total", help: "h", labels: ["kind": "send", "room": "a"])
        let second = metrics.counter("twitchy_chat_messages_total", help: "h", labels: ["room": "a", "kind": "send"])
        let other = metrics.counter("twitchy_chat_messages_total", help: "h", labels: ["kind": "send", "room": "b"])
        #expect(first === second)
        #expect(first !== other)
    }

    @Test func countersOnlyGrow() {
        let counter = MetricsRegistry().counter("twitchy_chat_messages_total", help: "h")
        counter.increment()
        counter.increment(by: 4)
        counter.increment(by: -3)
        #expect(counter.value == 5)
    }

    @Test func gaugesFollow() {
        let gauge = MetricsRegistry().gauge("twitchy_chat_open_connections", help: "h")
        gauge.increment()
        gauge.increment()
        gauge.decrement()
        #expect(gauge.value == 1)
        gauge.set(-2.5)
        #expect(gauge.value == -2.5)
    }

    /// A label that a peer can choose must not grow the registry without end.
    @Test func seriesBeyondTheLimitShareOne() {
        let metrics = MetricsRegistry(seriesLimit: 3)
        for number in 0..<1000 {
            metrics.counter("twitchy_web_requests_total", help: "h", labels: ["path": "/\(number)"]).increment()
        }
        let lines = metrics.renderPrometheusText().split(separator: "\n").filter { !$0.hasPrefix("#") }
        #expect(
            lines == [
                "twitchy_web_requests_total{path=\"/0\"} 1",
                "twitchy_web_requests_total{path=\"/1\"} 1",
                "twitchy_web_requests_total{path=\"/2\"} 1",
                "twitchy_web_requests_total{path=\"overflow\"} 997",
            ])
    }

    @Test func observedSamplesAreBoundedToo() {
        let metrics = MetricsRegistry(seriesLimit: 3)
        metrics.observe("twitchy_bus_queue_length", .gauge, help: "h") {
            (0..<100).map { MetricSample(Double($0), labels: ["queue": "\($0)"]) }
        }
        #expect(metrics.renderPrometheusText().split(separator: "\n").count == 2 + 3)
    }

    @Test func labelValuesAreCut() {
        let long = MetricLabels(["agent": String(repeating: "é", count: 5000)])
        #expect(long.pairs.first?.value.unicodeScalars.count == MetricLabels.valueScalarLimit)
    }

    @Test func everyIncrementOfEveryThreadCounts() async {
        let metrics = MetricsRegistry()
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask {
                    for number in 0..<5000 {
                        metrics.counter("twitchy_chat_messages_total", help: "h", labels: ["task": "\(task % 2)"])
                            .increment()
                        metrics.gauge("twitchy_chat_open_connections", help: "h").increment()
                        metrics.histogram("twitchy_chat_delivery_seconds", help: "h", buckets: [1, 2])
                            .observe(Double(number % 3) + 0.5)
                        if number % 1000 == 0 { _ = metrics.renderPrometheusText() }
                    }
                }
            }
        }
        let histogram = metrics.histogram("twitchy_chat_delivery_seconds", help: "h", buckets: [1, 2])
        for task in ["0", "1"] {
            let counter = metrics.counter("twitchy_chat_messages_total", help: "h", labels: ["task": task])
            #expect(counter.value == 20_000)
        }
        #expect(metrics.gauge("twitchy_chat_open_connections", help: "h").value == 40_000)
        #expect(histogram.count == 40_000)
        // 1667 × 0.5 + 1667 × 1.5 + 1666 × 2.5 a task: halves add up exactly in a double, in any order.
        #expect(histogram.sum == 8 * (1667 * 0.5 + 1667 * 1.5 + 1666 * 2.5))
    }
}
