extension MetricsRegistry {
    /// The `Content-Type` of ``renderPrometheusText()``.
    public static var prometheusContentType: String { "text/plain; version=0.0.4; charset=utf-8" }

    /// All metrics in the Prometheus text exposition format 0.0.4, sorted by name and labels.
    public func renderPrometheusText() -> String {
        var text = PrometheusText()
        for (name, family) in snapshot() {
            text.write(name, family, seriesLimit: seriesLimit)
        }
        return text.output
    }
}

/// A writer of the Prometheus text exposition format 0.0.4.
struct PrometheusText {
    var output = ""

    mutating func write(_ name: MetricName, _ family: MetricsRegistry.Family, seriesLimit: Int) {
        output += "# HELP \(name.text) \(Self.escaped(family.help, quotationMarks: false))\n"
        output += "# TYPE \(name.text) \(family.kind.rawValue)\n"
        for (labels, series) in family.series.sorted(by: { Self.precedes($0.key, $1.key) }) {
            switch series {
            case .counter(let counter): writeLine(name.text, labels, String(counter.value))
            case .gauge(let gauge): writeLine(name.text, labels, Self.formatted(gauge.value))
            case .histogram(let histogram): writeHistogram(name.text, labels, histogram)
            }
        }
        for sample in (family.read?() ?? []).prefix(seriesLimit) {
            writeLine(name.text, MetricLabels(sample.labels), Self.formatted(sample.value))
        }
    }

    private mutating func writeHistogram(_ name: String, _ labels: MetricLabels, _ histogram: Histogram) {
        // `_count` is taken from the same reading as the buckets: the two must agree also while others observe.
        let cumulativeCounts = histogram.cumulativeCounts
        let bounds = histogram.buckets.upperBounds.map(Self.formatted) + ["+Inf"]
        for (bound, count) in zip(bounds, cumulativeCounts) {
            writeLine(name + "_bucket", labels, String(count), bound: bound)
        }
        writeLine(name + "_sum", labels, Self.formatted(histogram.sum))
        writeLine(name + "_count", labels, String(cumulativeCounts.last ?? 0))
    }

    private mutating func writeLine(_ name: String, _ labels: MetricLabels, _ value: String, bound: String? = nil) {
        var pairs = labels.pairs.map { "\($0.name)=\"\(Self.escaped($0.value, quotationMarks: true))\"" }
        if let bound { pairs.append("le=\"\(bound)\"") }
        output += name
        if !pairs.isEmpty { output += "{" + pairs.joined(separator: ",") + "}" }
        output += " " + value + "\n"
    }

    static func escaped(_ text: String, quotationMarks: Bool) -> String {
        var output = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": output.append(contentsOf: "\\\\".unicodeScalars)
            case "\n": output.append(contentsOf: "\\n".unicodeScalars)
            case "\"" where quotationMarks: output.append(contentsOf: "\\\"".unicodeScalars)
            default: output.append(scalar)
            }
        }
        return String(output)
    }

    static func formatted(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if let integer = Int64(exactly: value) { return String(integer) }
        return String(value)
    }

    private static func precedes(_ left: MetricLabels, _ right: MetricLabels) -> Bool {
        left.pairs.lexicographicallyPrecedes(right.pairs) { ($0.name, $0.value) < ($1.name, $1.value) }
    }
}
