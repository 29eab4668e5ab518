import Synchronization

/// All metrics of a process.
///
/// Asking twice for the same name and labels gives the same metric, so that whoever counts keeps the `Counter` and
/// pays for the look-up once. How many series (sets of label values) a metric may have is bounded: beyond it, all
/// share one whose label values are `overflow`.
public final class MetricsRegistry: Sendable {
    enum Series: Sendable {
        case counter(Counter)
        case gauge(Gauge)
        case histogram(Histogram)
    }

    struct Family: Sendable {
        var kind: MetricKind
        var help: String
        var series: [MetricLabels: Series] = [:]
        var read: (@Sendable () -> [MetricSample])?
    }

    let seriesLimit: Int
    private let families = Mutex<[MetricName: Family]>([:])

    /// - Parameter seriesLimit: how many sets of label values one metric may have.
    public init(seriesLimit: Int = 200) {
        self.seriesLimit = seriesLimit
    }

    /// A count of events; its name ends with `_total`.
    public func counter(_ name: MetricName, help: String, labels: [String: String] = [:]) -> Counter {
        let series = series(name, .counter, help: help, labels: labels) { .counter(Counter()) }
        guard case .counter(let counter) = series else { preconditionFailure("\(name.text) is not a counter") }
        return counter
    }

    /// A number that rises and falls; its name ends with its unit.
    public func gauge(_ name: MetricName, help: String, labels: [String: String] = [:]) -> Gauge {
        let series = series(name, .gauge, help: help, labels: labels) { .gauge(Gauge()) }
        guard case .gauge(let gauge) = series else { preconditionFailure("\(name.text) is not a gauge") }
        return gauge
    }

    /// A distribution; its name ends with the unit of its values. The first call for a name decides the buckets.
    public func histogram(
        _ name: MetricName, help: String, buckets: HistogramBuckets, labels: [String: String] = [:]
    ) -> Histogram {
        let series = series(name, .histogram, help: help, labels: labels) { .histogram(Histogram(buckets: buckets)) }
        guard case .histogram(let histogram) = series else { preconditionFailure("\(name.text) is not a histogram") }
        return histogram
    }

    /// A counter or gauge whose values `read` tells whenever the metrics are asked for: for what is known elsewhere,
    /// such as the length of a queue. A second call for the same name replaces the first.
    public func observe(
        _ name: MetricName, _ kind: MetricKind, help: String, read: @escaping @Sendable () -> [MetricSample]
    ) {
        Self.check(name, kind)
        precondition(kind != .histogram, "\(name.text): a histogram cannot be read from outside")
        families.withLock { families in
            families[name, default: Family(kind: kind, help: help)].read = read
        }
    }

    func snapshot() -> [(name: MetricName, family: Family)] {
        families.withLock { $0 }.map { (name: $0.key, family: $0.value) }.sorted { $0.name.text < $1.name.text }
    }

    private func series(
        _ name: MetricName, _ kind: MetricKind, help: String, labels: [String: String], make: () -> Series
    ) -> Series {
        Self.check(name, kind)
        let labels = MetricLabels(labels)
        return families.withLock { families in
            let family = families[name] ?? Family(kind: kind, help: help)
            if let existing = family.series[labels] { return existing }
            let admitted = family.series.count < seriesLimit ? labels : labels.overflow
            let series = family.series[admitted] ?? makeLike(family, make)
            families[name, default: family].series[admitted] = series
            return series
        }
    }

    // All series of a histogram need the same buckets, otherwise they could not be added up.
    private func makeLike(_ family: Family, _ make: () -> Series) -> Series {
        if case .histogram(let first) = family.series.values.first {
            return .histogram(Histogram(buckets: first.buckets))
        }
        return make()
    }

    private static func check(_ name: MetricName, _ kind: MetricKind) {
        precondition(
            name.isTotal == (kind == .counter), "\(name.text): counters, and only counters, end with _total")
    }
}
