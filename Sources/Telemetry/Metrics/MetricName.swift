/// The name of a metric, `twitchy_<service>_<thing>_<unit>`: `twitchy_ingest_received_bytes_total`,
/// `twitchy_origin_part_delay_seconds`.
///
/// Names are written in the source as literals, so that a wrong one is a mistake of ours and stops the process at
/// the first run.
public struct MetricName: Sendable, Hashable {
    public let text: String

    /// - Throws: ``MetricNameError`` with the rule that the name breaks.
    public init(validating text: String) throws(MetricNameError) {
        let words = text.split(separator: "_", omittingEmptySubsequences: false)
        guard words.first == "twitchy" else { throw .prefixMissing(text) }
        guard words.count >= 4 else { throw .wordsMissing(text) }
        let areWordsValid = words.allSatisfy { word in
            !word.isEmpty && word.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) }
        }
        guard areWordsValid else { throw .invalidWord(text) }
        // Prometheus appends these to the name of a histogram; a metric of such a name could collide with one.
        guard !["bucket", "sum", "count"].contains(words.last) else { throw .reservedSuffix(text) }
        self.text = text
    }

    var isTotal: Bool { text.hasSuffix("_total") }
}

extension MetricName: ExpressibleByStringLiteral {
    public init(stringLiteral text: String) {
        do {
            try self.init(validating: text)
        } catch {
            preconditionFailure("\(error)")
        }
    }
}

/// Why a text cannot be the name of a metric.
public enum MetricNameError: Error, Equatable, CustomStringConvertible {
    case prefixMissing(String)
    case wordsMissing(String)
    case invalidWord(String)
    case reservedSuffix(String)

    public var description: String {
        switch self {
        case .prefixMissing(let name): "the metric name \(name) must begin with twitchy_"
        case .wordsMissing(let name): "the metric name \(name) must be twitchy_<service>_<thing>_<unit>"
        case .invalidWord(let name): "the metric name \(name) may contain only a-z, 0-9 and single underscores"
        case .reservedSuffix(let name): "the metric name \(name) ends with a word reserved for histograms"
        }
    }
}
