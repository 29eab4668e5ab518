import NIOCore

/// One box in a buffer whose readable bytes begin at index 0.
struct Box {
    var type: FourCharacterCode
    /// Header and body.
    var range: Range<Int>
    var body: Range<Int>
}

/// Walks over the boxes that lie one after the other in a range of a buffer.
struct BoxCursor {
    private let bytes: ByteBuffer
    private(set) var position: Int
    private let end: Int
    /// Whether the last box may be cut off, as it is in a file that was not finished.
    private let isTopLevel: Bool
    private let container: FourCharacterCode

    /// Walks over the whole buffer, which must begin at index 0.
    init(_ bytes: ByteBuffer) {
        self.bytes = bytes
        position = 0
        end = bytes.writerIndex
        isTopLevel = true
        container = "file"
    }

    /// Walks over the boxes in a box, after `skipped` bytes of its body.
    init(_ bytes: ByteBuffer, inside box: Box, skipping skipped: Int = 0) {
        self.bytes = bytes
        position = min(box.body.lowerBound + skipped, box.body.upperBound)
        end = box.body.upperBound
        isTopLevel = false
        container = box.type
    }

    /// The next box; `nil` at the end.
    mutating func next() throws(CMAFError) -> Box? {
        guard position < end else { return nil }
        guard
            end - position >= 8,
            let (size32, code) = bytes.getMultipleIntegers(at: position, as: (UInt32, UInt32).self)
        else { throw overrun("    ") }
        let type = FourCharacterCode(rawValue: code)
        var headerLength = 8
        var size = UInt64(size32)
        if size32 == 1 {
            guard end - position >= 16, let large = bytes.getInteger(at: position + 8, as: UInt64.self) else {
                throw overrun(type)
            }
            headerLength = 16
            size = large
        } else if size32 == 0 {
            // To the end of the file, which only the last box of a file may say.
            guard isTopLevel else { throw .malformed(box: type, reason: "size 0 inside '\(container)'") }
            size = UInt64(end - position)
        }
        guard size >= UInt64(headerLength) else {
            throw .malformed(box: type, reason: "size \(size) is less than its header")
        }
        guard size <= UInt64(end - position) else { throw overrun(type) }
        let upperBound = position + Int(size)
        defer { position = upperBound }
        return Box(type: type, range: position..<upperBound, body: position + headerLength..<upperBound)
    }

    /// The first box of a type from here on.
    mutating func first(_ type: FourCharacterCode) throws(CMAFError) -> Box {
        while let box = try next() {
            if box.type == type { return box }
        }
        throw .missing(box: type, within: container)
    }

    private func overrun(_ type: FourCharacterCode) -> CMAFError {
        isTopLevel
            ? .truncated(box: type, offset: position)
            : .malformed(box: type, reason: "ends outside '\(container)'")
    }
}

/// Reads integers of one box's body; never past its end.
struct BoxFields {
    private var body: ByteBuffer
    private let type: FourCharacterCode

    init(_ bytes: ByteBuffer, of box: Box) {
        type = box.type
        body = bytes.getSlice(at: box.body.lowerBound, length: box.body.count) ?? ByteBuffer()
    }

    mutating func read<T: FixedWidthInteger>(_: T.Type = T.self) throws(CMAFError) -> T {
        guard let value = body.readInteger(as: T.self) else { throw .malformed(box: type, reason: "ends early") }
        return value
    }

    mutating func skip(_ count: Int) throws(CMAFError) {
        guard body.readableBytes >= count else { throw .malformed(box: type, reason: "ends early") }
        body.moveReaderIndex(forwardBy: count)
    }

    /// The rest of the body.
    var remainder: ByteBuffer { body.slice() }

    var remainingCount: Int { body.readableBytes }
}
