public import NIOCore

/// Why bytes are not an ID3 tag that can be shown.
public enum ID3Error: Error, Sendable, Hashable {
    /// The bytes do not begin with `ID3` and a header, or end before the size that it names.
    case notATag
    /// Only versions 2.3 and 2.4 are read.
    case unsupportedVersion(UInt8)
    /// A frame is longer than what is left of the tag.
    case malformedFrame(FourCharacterCode)
}

extension ID3Error: CustomStringConvertible {
    public var description: String {
        switch self {
        case .notATag: "no ID3v2 tag at this place, or it ends early"
        case .unsupportedVersion(let version): "ID3v2.\(version) is not read; write ID3v2.4"
        case .malformedFrame(let identifier): "ID3 frame \(identifier) is longer than its tag"
        }
    }
}

extension ID3Tag {
    /// Reads a tag of version 2.3 or 2.4 from the front of `buffer`; what follows it is not looked at.
    public init(reading buffer: ByteBuffer) throws(ID3Error) {
        var buffer = buffer
        guard
            let (magic, _, flags, size) = buffer.readMultipleIntegers(as: (UInt32, UInt8, UInt8, UInt32).self),
            magic >> 8 == 0x49_4433,
            let length = SynchsafeInteger.decode(size),
            let body = buffer.readSlice(length: length)
        else { throw .notATag }
        let version = UInt8(truncatingIfNeeded: magic)
        guard version == 3 || version == 4 else { throw .unsupportedVersion(version) }
        // In version 3 the whole tag is unsynchronised at once, in version 4 each frame says so for itself.
        var frames = version == 3 && flags & 0x80 != 0 ? body.removingUnsynchronisation() : body
        if flags & 0x40 != 0 { try Self.skipExtendedHeader(of: &frames, version: version) }
        self.init(frames: [])
        while let frame = try Self.readFrame(from: &frames, version: version, unsynchronised: flags & 0x80 != 0) {
            self.frames.append(frame)
        }
    }

    private static func skipExtendedHeader(of body: inout ByteBuffer, version: UInt8) throws(ID3Error) {
        guard let size = body.readInteger(as: UInt32.self) else { throw .notATag }
        // Version 4 counts the size field itself, version 3 does not.
        let rest = version == 4 ? SynchsafeInteger.decode(size).map { $0 - 4 } : Int(size)
        guard let rest, rest >= 0, body.readSlice(length: rest) != nil else { throw .notATag }
    }

    /// The next frame; `nil` where padding or the end begins.
    private static func readFrame(
        from body: inout ByteBuffer,
        version: UInt8,
        unsynchronised: Bool
    ) throws(ID3Error) -> Frame? {
        guard
            let (code, size, flags) = body.readMultipleIntegers(as: (UInt32, UInt32, UInt16).self),
            code >> 24 != 0
        else { return nil }
        let identifier = FourCharacterCode(rawValue: code)
        let length = version == 4 ? SynchsafeInteger.decode(size) : Int(size)
        guard let length, var content = body.readSlice(length: length) else { throw .malformedFrame(identifier) }
        let isOpaque: Bool
        if version == 4 {
            isOpaque = flags & 0x000C != 0
            if !isOpaque {
                if flags & 0x0040 != 0 { _ = content.readInteger(as: UInt8.self) }
                if flags & 0x0001 != 0 { _ = content.readInteger(as: UInt32.self) }
                if flags & 0x0002 != 0 || unsynchronised { content = content.removingUnsynchronisation() }
            }
        } else {
            isOpaque = flags & 0x00C0 != 0
            if !isOpaque, flags & 0x0020 != 0 { _ = content.readInteger(as: UInt8.self) }
        }
        guard !isOpaque, code >> 24 == 0x54, let encoding = content.readInteger(as: UInt8.self) else {
            return .other(identifier, content)
        }
        let texts = ID3Text.decode(content, encoding: encoding)
        guard identifier != "TXXX" else {
            return .userText(description: texts.first ?? "", value: texts.dropFirst().joined(separator: "/"))
        }
        return .text(identifier, texts.joined(separator: "/"))
    }
}

/// Text in the four encodings of ID3 (id3v2.4.0-structure §4), several strings separated by zeros.
enum ID3Text {
    static func decode(_ content: ByteBuffer, encoding: UInt8) -> [String] {
        let bytes = content.readableBytesView
        var texts: [String]
        switch encoding {
        case 1, 2: texts = decodeUTF16(content, isBigEndian: encoding == 2)
        case 3: texts = split(bytes, by: 0) { String(decoding: $0, as: UTF8.self) }
        // ISO 8859-1, and what encodings unknown to the standard most likely are.
        default: texts = split(bytes, by: 0) { String(String.UnicodeScalarView($0.map { Unicode.Scalar($0) })) }
        }
        // A terminator at the end begins no further string.
        if texts.count > 1, texts.last == "" { texts.removeLast() }
        return texts
    }

    private static func split<Units: Collection>(
        _ units: Units,
        by separator: Units.Element,
        _ decode: (Units.SubSequence) -> String
    ) -> [String] where Units.Element: Equatable {
        units.split(separator: separator, omittingEmptySubsequences: false).map(decode)
    }

    private static func decodeUTF16(_ content: ByteBuffer, isBigEndian: Bool) -> [String] {
        var content = content
        var units: [UInt16] = []
        while let unit = content.readInteger(as: UInt16.self) { units.append(unit) }
        var isBigEndian = isBigEndian
        return split(units, by: 0) { units in
            var units = units
            // Each string may begin with a byte order mark; without one the previous order holds.
            if units.first == 0xFEFF || units.first == 0xFFFE {
                isBigEndian = units.first == 0xFEFF
                units.removeFirst()
            }
            return String(decoding: isBigEndian ? Array(units) : units.map(\.byteSwapped), as: UTF16.self)
        }
    }
}

extension ByteBuffer {
    /// Takes out the zero that follows each 0xFF (id3v2.4.0-structure §6.1).
    fileprivate func removingUnsynchronisation() -> ByteBuffer {
        var result = ByteBuffer()
        var previous: UInt8 = 0
        for byte in readableBytesView {
            if previous != 0xFF || byte != 0 { result.writeInteger(byte) }
            previous = byte
        }
        return result
    }
}
