/// The labels of one series, sorted by name, with bounded values.
struct MetricLabels: Sendable, Hashable {
    let pairs: [Pair]

    struct Pair: Sendable, Hashable {
        var name: String
        var value: String
    }

    static let valueScalarLimit = 128

    init(_ labels: [String: String]) {
        pairs = labels.sorted { $0.key < $1.key }.map { name, value in
            precondition(Self.isValidName(name), "the label name \(name) must be a word of a-z, 0-9 and underscores")
            return Pair(
                name: name, value: String(String.UnicodeScalarView(value.unicodeScalars.prefix(Self.valueScalarLimit))))
        }
    }

    private init(pairs: [Pair]) {
        self.pairs = pairs
    }

    /// The series that takes what no longer fits: the same names, every value `overflow`.
    var overflow: MetricLabels {
        MetricLabels(pairs: pairs.map { Pair(name: $0.name, value: "overflow") })
    }

    // `le` belongs to histograms, and two leading underscores to Prometheus.
    static func isValidName(_ name: String) -> Bool {
        guard let first = name.utf8.first, (0x61...0x7A).contains(first), name != "le" else { return false }
        return name.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F }
    }
}
