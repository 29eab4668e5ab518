/// What Prometheus is told about a metric.
public enum MetricKind: String, Sendable {
    case counter
    case gauge
    case histogram
}

/// One value of a metric that is read when the metrics are asked for.
public struct MetricSample: Sendable {
    public var value: Double
    public var labels: [String: String]

    public init(_ value: Double, labels: [String: String] = [:]) {
        self.value = value
        self.labels = labels
    }
}
