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
        self.init(bytes: Array(query))
    }

    /// Reads the query of a URL, without the question mark.
    public init(query: some StringProtocol) {
        self.init(bytes: Array(query.utf8))
    }

    private init(bytes: [UInt8]) {
        var hasSkip = false
        var start = 0
        while start < bytes.count {
            let end = bytes[start...].firstIndex(of: UInt8(ascii: "&")) ?? bytes.count
            let parameter = bytes[start..<end]
            start = end + 1
            // Most parameters of others are told apart by one byte.
            guard parameter.first == UInt8(ascii: "_") else { continue }
            let equals = parameter.firstIndex(of: UInt8(ascii: "=")) ?? end
            let value = parameter[min(equals + 1, end)...]
            switch parameter[..<equals] {
            case let name where name.elementsEqual("_HLS_msn".utf8):
                mediaSequence = mediaSequence ?? Self.number(value)
            case let name where name.elementsEqual("_HLS_part".utf8):
                part = part ?? Self.number(value)
            case let name where name.elementsEqual("_HLS_skip".utf8) && !hasSkip:
                hasSkip = true
                if value.elementsEqual("YES".utf8) { skip = .segments }
                if value.elementsEqual("v2".utf8) { skip = .segmentsAndDateRanges }
            default:
                continue
            }
        }
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> Value {
        DecimalInteger.parse(bytes).map(Value.number) ?? .malformed
    }
}
