/// Which delta update a `_HLS_skip` directive asks for (RFC 8216bis §6.2.5.1).
public enum SkipDirective: Sendable, Hashable {
    /// `YES`
    case segments
    /// `v2`
    case segmentsAndDateRanges
}

/// The delivery directives of a playlist request (RFC 8216bis §6.2.5), out of its query.
///
/// They come in any order, between other parameters. Other parameters, also reserved ones that begin with `_HLS_`, are
/// ignored; of a repeated one the first counts. Percent encoding is left alone, as directives never need it.
public struct DeliveryDirectives: Sendable, Hashable {
    /// A number, or that what stands there is none.
    public enum Value: Sendable, Hashable {
        case number(Int)
        case malformed
    }

    /// `_HLS_msn`
    public var mediaSequence: Value?

    /// `_HLS_part`
    public var part: Value?

    /// `_HLS_skip`; values other than `YES` and `v2` are as good as none.
    public var skip: SkipDirective?

    public init(mediaSequence: Value? = nil, part: Value? = nil, skip: SkipDirective? = nil) {
        self.mediaSequence = mediaSequence
        self.part = part
        self.skip = skip
    }

    /// Reads the query of a URL, without the question mark.
    public init(query: some Collection<UInt8>) {
        var hasSkip = false
        for parameter in query.split(separator: UInt8(ascii: "&")) {
            guard parameter.first == UInt8(ascii: "_") else { continue }
            let equals = parameter.firstIndex(of: UInt8(ascii: "="))
            let name = parameter[..<(equals ?? parameter.endIndex)]
            let value = equals.map { parameter[parameter.index(after: $0)...] } ?? parameter[parameter.endIndex...]
            if name.elementsEqual("_HLS_msn".utf8) {
                mediaSequence = mediaSequence ?? Self.number(value)
            } else if name.elementsEqual("_HLS_part".utf8) {
                part = part ?? Self.number(value)
            } else if name.elementsEqual("_HLS_skip".utf8), !hasSkip {
                hasSkip = true
                if value.elementsEqual("YES".utf8) {
                    skip = .segments
                } else if value.elementsEqual("v2".utf8) {
                    skip = .segmentsAndDateRanges
                }
            }
        }
    }

    /// Reads the query of a URL, without the question mark.
    public init(query: some StringProtocol) {
        self.init(query: query.utf8)
    }

    private static func number(_ bytes: some Collection<UInt8>) -> Value {
        DecimalInteger.parse(bytes).map(Value.number) ?? .malformed
    }
}
