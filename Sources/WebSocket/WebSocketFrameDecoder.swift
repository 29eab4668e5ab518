import NIOCore

/// What a client did wrong.
struct WebSocketViolation: Error, Equatable {
    let code: WebSocketCloseCode
    let reason: String

    static func protocolError(_ reason: String) -> WebSocketViolation {
        WebSocketViolation(code: .protocolError, reason: reason)
    }
}

/// A frame or a piece of one, unmasked.
struct WebSocketFramePiece: Equatable {
    let opcode: WebSocketOpcode
    /// The FIN bit: the frame is its message's last.
    let isFinalFrame: Bool
    let beginsFrame: Bool
    let endsFrame: Bool
    let payload: ByteBuffer
}

/// Takes a client's frames apart (RFC 6455 §5). Control frames come whole; data frames come in pieces as their
/// bytes arrive, so that the length that a frame announces costs no memory.
struct WebSocketFrameDecoder {
    private struct Frame {
        let opcode: WebSocketOpcode
        let isFinal: Bool
        let mask: UInt32
        let length: Int
        var taken = 0
    }

    /// Bytes that one frame may announce.
    let maximumFrameSize: Int
    private var frame: Frame?

    init(maximumFrameSize: Int) {
        self.maximumFrameSize = maximumFrameSize
    }

    /// - Returns: nil where more bytes are needed.
    mutating func next(from buffer: inout ByteBuffer) throws(WebSocketViolation) -> WebSocketFramePiece? {
        if frame == nil { frame = try readHeader(&buffer) }
        guard var frame else { return nil }
        let missing = frame.length - frame.taken
        let count = frame.opcode.isControl ? missing : min(missing, buffer.readableBytes)
        guard count > 0 || missing == 0, var payload = buffer.readSlice(length: count) else { return nil }
        payload.unmask(frame.mask, from: frame.taken)
        let begins = frame.taken == 0
        frame.taken += count
        let ends = frame.taken == frame.length
        self.frame = ends ? nil : frame
        return WebSocketFramePiece(
            opcode: frame.opcode, isFinalFrame: frame.isFinal, beginsFrame: begins, endsFrame: ends, payload: payload)
    }

    private func readHeader(_ buffer: inout ByteBuffer) throws(WebSocketViolation) -> Frame? {
        var header = buffer
        guard let first = header.readInteger(as: UInt8.self), let second = header.readInteger(as: UInt8.self) else {
            return nil
        }
        guard first & 0x70 == 0 else { throw .protocolError("Reserved bits are set.") }
        guard let opcode = WebSocketOpcode(rawValue: first & 0x0F) else { throw .protocolError("Unknown opcode.") }
        guard second & 0x80 != 0 else { throw .protocolError("A client's frames must be masked.") }
        let isFinal = first & 0x80 != 0
        var length = UInt64(second & 0x7F)
        if opcode.isControl, length > 125 || !isFinal {
            throw .protocolError("A control frame must be whole and at most 125 bytes long.")
        }
        if length == 126 {
            guard let long = header.readInteger(as: UInt16.self) else { return nil }
            guard long >= 126 else { throw .protocolError("The length is not in its shortest form.") }
            length = UInt64(long)
        } else if length == 127 {
            guard let long = header.readInteger(as: UInt64.self) else { return nil }
            guard long >= 65_536, long < 1 << 63 else {
                throw .protocolError("The length is not in its shortest form.")
            }
            length = long
        }
        guard length <= UInt64(maximumFrameSize) else {
            throw WebSocketViolation(
                code: .messageTooBig, reason: "A frame may have at most \(maximumFrameSize) bytes.")
        }
        guard let mask = header.readInteger(as: UInt32.self) else { return nil }
        buffer = header
        return Frame(opcode: opcode, isFinal: isFinal, mask: mask, length: Int(length))
    }
}

extension ByteBuffer {
    /// Applies the mask (RFC 6455 §5.3) to all readable bytes, eight at a time.
    /// - Parameter offset: how many bytes of the frame came before these.
    mutating func unmask(_ mask: UInt32, from offset: Int) {
        guard mask != 0 else { return }
        let rotation = UInt32(offset % 4) * 8
        let rotated = rotation == 0 ? mask : mask << rotation | mask >> (32 - rotation)
        let wide = UInt64(rotated) << 32 | UInt64(rotated)
        var position = readerIndex
        while position + 8 <= writerIndex, let word = getInteger(at: position, as: UInt64.self) {
            setInteger(word ^ wide, at: position)
            position += 8
        }
        var rest = rotated
        while position < writerIndex, let byte = getInteger(at: position, as: UInt8.self) {
            setInteger(byte ^ UInt8(rest >> 24), at: position)
            rest = rest << 8 | rest >> 24
            position += 1
        }
    }
}
