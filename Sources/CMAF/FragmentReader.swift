public import NIOCore

/// Reads init segments and fragments one after the other from a file, a segment, a part, or any of them joined.
///
/// Reading stops at the first thing that is wrong; `wholeByteCount` then says how much before it is sound, which is
/// where the file of a writer that was killed has to be cut.
public struct FragmentReader: Sendable {
    public enum Element: Sendable, Hashable {
        case initialization(InitializationSegment)
        case fragment(Fragment)
    }

    /// No audio fragment needs more: 65 536 Opus packets last 20 minutes.
    public static let sampleCountMax = 65_536

    /// No fragment needs more; a now-playing change is one.
    public static let eventCountMax = 1024

    private let bytes: ByteBuffer
    private var cursor: BoxCursor

    /// Of the init segment read last, or as given for parts that come without one.
    public private(set) var trackDefaults: TrackDefaults

    /// Bytes from the start up to the end of the last whole element.
    public private(set) var wholeByteCount = 0

    public init(_ bytes: ByteBuffer, trackDefaults: TrackDefaults = TrackDefaults()) {
        self.bytes = bytes.slice()
        self.trackDefaults = trackDefaults
        cursor = BoxCursor(self.bytes)
    }

    /// The next init segment or fragment; `nil` at the end. Boxes of other kinds (`styp`, `sidx`, `free`) are passed.
    public mutating func next() throws(CMAFError) -> Element? {
        var events: [EventMessage] = []
        var start: Int?
        while let box = try cursor.next() {
            switch box.type {
            case "moov":
                let (segment, defaults) = try InitializationSegment.read(box, of: bytes)
                trackDefaults = defaults
                wholeByteCount = box.range.upperBound
                return .initialization(segment)
            case "emsg":
                guard events.count < Self.eventCountMax else {
                    throw .malformed(box: "emsg", reason: "more than \(Self.eventCountMax) before one fragment")
                }
                guard let body = bytes.getSlice(at: box.body.lowerBound, length: box.body.count) else {
                    throw .truncated(box: "emsg", offset: box.range.lowerBound)
                }
                events.append(try EventMessage(body: body))
                start = start ?? box.range.lowerBound
            case "moof":
                var fragment = try MovieFragment.read(box, of: bytes, defaults: trackDefaults)
                try readMediaData(of: &fragment, after: box)
                fragment.events = events
                fragment.byteRange = (start ?? box.range.lowerBound)..<cursor.position
                wholeByteCount = cursor.position
                return .fragment(fragment)
            default:
                continue
            }
        }
        return nil
    }

    /// Checks that the samples lie in the `mdat` behind the `moof`.
    private mutating func readMediaData(of fragment: inout Fragment, after moof: Box) throws(CMAFError) {
        while let box = try cursor.next() {
            switch box.type {
            case "mdat":
                let inside = fragment.samples.allSatisfy { sample in
                    box.body.lowerBound <= sample.byteRange.lowerBound
                        && sample.byteRange.upperBound <= box.body.upperBound
                }
                guard inside else { throw .malformed(box: "trun", reason: "samples lie outside the mdat") }
                return
            case "moof", "moov":
                throw .missing(box: "mdat", within: "file")
            default:
                continue
            }
        }
        throw .truncated(box: "moof", offset: moof.range.lowerBound)
    }
}

extension FragmentReader {
    /// Everything in `bytes`, for tools and tests.
    public static func readAll(
        _ bytes: ByteBuffer,
        trackDefaults: TrackDefaults = TrackDefaults()
    ) throws(CMAFError) -> [Element] {
        var reader = FragmentReader(bytes, trackDefaults: trackDefaults)
        var elements: [Element] = []
        while let element = try reader.next() { elements.append(element) }
        return elements
    }
}
