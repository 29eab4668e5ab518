public import NIOCore

/// An ID3v2.4 tag, as players show it for what is on now (id3v2.4.0-structure, id3v2.4.0-frames).
public struct ID3Tag: Sendable, Hashable {
    public enum Frame: Sendable, Hashable {
        /// A text frame such as `TIT2` (title) or `TPE1` (artist).
        case text(FourCharacterCode, String)
        /// `TXXX`: a text under a name of one's own.
        case userText(description: String, value: String)
        /// Any other frame, its body as it is.
        case other(FourCharacterCode, ByteBuffer)
    }

    public var frames: [Frame]

    public init(frames: [Frame]) {
        self.frames = frames
    }

    /// A tag for what is on now; what is `nil` gets no frame.
    public init(title: String?, artist: String? = nil, userTexts: [(description: String, value: String)] = []) {
        frames = []
        if let title { frames.append(.text("TIT2", title)) }
        if let artist { frames.append(.text("TPE1", artist)) }
        for text in userTexts {
            frames.append(.userText(description: text.description, value: text.value))
        }
    }

    public var title: String? { text("TIT2") }

    public var artist: String? { text("TPE1") }

    /// The first text frame with this identifier.
    public func text(_ identifier: FourCharacterCode) -> String? {
        for case .text(identifier, let value) in frames { return value }
        return nil
    }

    /// The value of the first `TXXX` frame with this description.
    public func userText(_ description: String) -> String? {
        for case .userText(description, let value) in frames { return value }
        return nil
    }

    public func write(into buffer: inout ByteBuffer) {
        let start = buffer.writerIndex
        // "ID3", version 4.0, no flags; the size follows.
        buffer.writeMultipleIntegers(UInt32(0x4944_3304), UInt16(0), UInt32(0))
        for frame in frames { frame.write(into: &buffer) }
        buffer.setInteger(SynchsafeInteger.encode(buffer.writerIndex - start - 10), at: start + 6)
    }
}

extension ID3Tag.Frame {
    fileprivate func write(into buffer: inout ByteBuffer) {
        let start = buffer.writerIndex
        buffer.writeMultipleIntegers(identifier.rawValue, UInt32(0), UInt16(0))
        switch self {
        case .text(_, let value):
            // Encoding 3 is UTF-8.
            buffer.writeInteger(UInt8(3))
            buffer.writeTerminatedString(value)
        case .userText(let description, let value):
            buffer.writeInteger(UInt8(3))
            buffer.writeTerminatedString(description)
            buffer.writeTerminatedString(value)
        case .other(_, let body):
            buffer.writeImmutableBuffer(body)
        }
        buffer.setInteger(SynchsafeInteger.encode(buffer.writerIndex - start - 10), at: start + 4)
    }

    public var identifier: FourCharacterCode {
        switch self {
        case .text(let identifier, _), .other(let identifier, _): identifier
        case .userText: "TXXX"
        }
    }
}

/// 28 bits in four bytes whose top bits are clear (id3v2.4.0-structure §6.2).
enum SynchsafeInteger {
    static func encode(_ value: Int) -> UInt32 {
        let value = UInt32(truncatingIfNeeded: value)
        return value & 0x7F | (value & 0x3F80) << 1 | (value & 0x1F_C000) << 2 | (value & 0xFE0_0000) << 3
    }

    static func decode(_ value: UInt32) -> Int? {
        guard value & 0x8080_8080 == 0 else { return nil }
        return Int(value & 0x7F | (value & 0x7F00) >> 1 | (value & 0x7F_0000) >> 2 | (value & 0x7F00_0000) >> 3)
    }
}
