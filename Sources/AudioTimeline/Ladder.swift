/// One rung of the ladder.
public struct Rendition: Sendable, Hashable {
    public enum Format: String, Sendable, Hashable {
        case aac
        case opus
        case flac
    }

    public var format: Format
    /// Bits a second; 0 for FLAC, which takes what it needs.
    public var bitRate: Int

    public init(format: Format, bitRate: Int) {
        self.format = format
        self.bitRate = bitRate
    }

    /// Name in URLs, such as `aac-128` or `flac`.
    public var name: String { bitRate == 0 ? format.rawValue : "\(format.rawValue)-\(bitRate / 1000)" }

    /// Samples in one packet of the encoder.
    public var frameSamples: Int64 {
        switch format {
        case .aac: 1024
        case .opus: 960
        case .flac: 4608
        }
    }

    /// Samples of the longest part.
    public var partTargetSamples: Int64 { format.partTargetSamples }
}

extension Rendition.Format {
    /// Samples of the longest part.
    public var partTargetSamples: Int64 {
        self == .opus ? 9_600 : Timeline.slotSamples
    }
}

/// All renditions of a stream, in the order of the multivariant playlist.
public struct Ladder: Sendable, Hashable {
    public enum ParseError: Error, Equatable, CustomStringConvertible {
        case unknownFormat(String)
        case badRate(String)
        case empty
        case repeated(String)
        case withoutAAC

        public var description: String {
            switch self {
            case .unknownFormat(let text): "unknown rendition \"\(text)\": use aac:RATE, opus:RATE or flac"
            case .badRate(let text):
                "bad rate in \"\(text)\": aac takes 32 to 320, opus 24 to 320 (kbit/s), flac takes none"
            case .empty: "the ladder is empty: name at least one rendition, such as aac:128"
            case .repeated(let text): "rendition \"\(text)\" stands twice in the ladder"
            case .withoutAAC: "the ladder needs an aac rendition, since some players play nothing else"
            }
        }
    }

    public var renditions: [Rendition]

    public static let standard = Ladder(
        renditions: [64, 128, 256].map { Rendition(format: .aac, bitRate: $0 * 1000) })

    public init(renditions: [Rendition]) { self.renditions = renditions }

    /// Reads `aac:64,aac:128,opus:96,flac`.
    public init(parsing text: String) throws(ParseError) {
        renditions = []
        for word in text.split(separator: ",") {
            let fields = word.split(separator: ":", omittingEmptySubsequences: false)
            guard let format = Rendition.Format(rawValue: String(fields[0])) else {
                throw .unknownFormat(String(word))
            }
            let allowed: ClosedRange<Int> = format == .aac ? 32...320 : 24...320
            let rendition: Rendition
            if format == .flac {
                guard fields.count == 1 else { throw .badRate(String(word)) }
                rendition = Rendition(format: .flac, bitRate: 0)
            } else {
                guard fields.count == 2, let rate = Int(fields[1]), allowed.contains(rate) else {
                    throw .badRate(String(word))
                }
                rendition = Rendition(format: format, bitRate: rate * 1000)
            }
            guard !renditions.contains(rendition) else { throw .repeated(String(word)) }
            renditions.append(rendition)
        }
        guard !renditions.isEmpty else { throw .empty }
        // AAC first: simple players start with the first variant that they can play.
        renditions = renditions.filter { $0.format == .aac } + renditions.filter { $0.format != .aac }
        guard renditions[0].format == .aac else { throw .withoutAAC }
    }

    public var text: String {
        renditions.map { $0.bitRate == 0 ? $0.format.rawValue : "\($0.format.rawValue):\($0.bitRate / 1000)" }
            .joined(separator: ",")
    }

    /// Samples of the longest part of any rendition.
    public var partTargetSamples: Int64 { renditions.map(\.partTargetSamples).max() ?? Timeline.slotSamples }
}
