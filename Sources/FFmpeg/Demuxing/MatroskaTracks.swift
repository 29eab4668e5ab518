/// Which tracks of Matroska (RFC 9559 §5.1.4) are not audio.
struct MatroskaTracks {
    private var others: Set<UInt64> = []

    init() {}

    /// - Parameter content: of the element `Tracks`.
    init(_ content: [UInt8]) {
        for entry in Self.elements(content[...]) where entry.identifier == 0xAE {
            let fields = Self.elements(entry.content)
            func number(_ identifier: UInt64) -> UInt64? {
                fields.first { $0.identifier == identifier }?.content.suffix(8).reduce(0) { $0 << 8 | UInt64($1) }
            }
            // TrackNumber, and TrackType, of which 2 is audio.
            guard let track = number(0xD7), let type = number(0x83), type != 2, others.count < 256 else { continue }
            others.insert(track)
        }
    }

    /// Whether a block is one of those tracks'.
    ///
    /// - Parameters:
    ///   - start: the beginning of its content.
    ///   - isGroup: it is a `BlockGroup`, in which the block comes first as a rule.
    func areOthers(_ start: [UInt8], isGroup: Bool) -> Bool {
        var rest = start[...]
        if isGroup {
            guard rest.popFirst() == 0xA1, Self.number(&rest) != nil else { return false }
        }
        return Self.number(&rest).map(others.contains) ?? false
    }

    private static func elements(_ bytes: ArraySlice<UInt8>) -> [(identifier: UInt64, content: ArraySlice<UInt8>)] {
        var rest = bytes
        var elements: [(identifier: UInt64, content: ArraySlice<UInt8>)] = []
        while let identifier = number(&rest, withMarker: true), let size = number(&rest), size <= UInt64(rest.count) {
            elements.append((identifier, rest.prefix(Int(size))))
            rest = rest.dropFirst(Int(size))
        }
        return elements
    }

    /// A number of variable length (RFC 8794 §4).
    private static func number(_ bytes: inout ArraySlice<UInt8>, withMarker: Bool = false) -> UInt64? {
        guard let first = bytes.first, first > 0, bytes.count > first.leadingZeroBitCount else { return nil }
        let length = first.leadingZeroBitCount + 1
        let value = bytes.prefix(length).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        bytes = bytes.dropFirst(length)
        return withMarker ? value : value & (1 << UInt64(7 * length) - 1)
    }
}
