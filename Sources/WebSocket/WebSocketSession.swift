public import NIOCore

/// What a peer said.
public enum WebSocketMessage: Sendable, Hashable {
    case text(String)
    case binary(ByteBuffer)
    /// A piece of a binary message, where they are streamed.
    case binaryPiece(ByteBuffer, endsMessage: Bool)
}

/// One side's rules of a WebSocket session (RFC 6455 §5–§7): bytes of a client in, what to do out.
struct WebSocketSession {
    enum Action: Equatable {
        case deliver(WebSocketMessage)
        case sendPong(WebSocketFrame)
        /// An answer to our ping, or an unasked sign of life.
        case pong
        /// The peer closes or has answered our close: send `reply`, if there is one, and close the connection.
        case finish(code: WebSocketCloseCode?, reason: String, reply: WebSocketFrame?)
        /// The peer broke the rules: send the frame and close the connection.
        case fail(WebSocketViolation, WebSocketFrame)
    }

    private enum State {
        case open
        /// Our close frame is out; the peer's is awaited, and what it still says does not count.
        case closing
        case closed
    }

    /// More frames than that make no honest message.
    private static let maximumFragments = 4096

    private let configuration: WebSocketConfiguration
    private var decoder: WebSocketFrameDecoder
    private var state = State.open
    /// The kind of the message whose frames are being received.
    private var message: WebSocketOpcode?
    private var collected = ByteBuffer()
    private var fragmentCount = 0

    init(configuration: WebSocketConfiguration) {
        self.configuration = configuration
        decoder = WebSocketFrameDecoder(
            maximumFrameSize: configuration.streamsBinary
                ? configuration.maximumStreamedFrameSize : configuration.maximumMessageSize)
    }

    var isOpen: Bool { if case .open = state { true } else { false } }

    /// Takes what comes next from the front of the buffer.
    /// - Returns: nil where more bytes are needed, or nothing more will happen.
    mutating func next(from buffer: inout ByteBuffer) -> Action? {
        do throws(WebSocketViolation) {
            while true {
                if case .closed = state {
                    buffer.clear()
                    return nil
                }
                guard let piece = try decoder.next(from: &buffer) else { return nil }
                if let action = piece.opcode.isControl ? try control(piece) : try data(piece) { return action }
            }
        } catch {
            state = .closed
            return .fail(error, .close(error.code, reason: error.reason))
        }
    }

    /// Our side closes.
    /// - Returns: the frame to be sent; nil where that was done before.
    mutating func close(_ code: WebSocketCloseCode, reason: String) -> WebSocketFrame? {
        guard case .open = state else { return nil }
        state = .closing
        collected = ByteBuffer()
        return .close(code, reason: reason)
    }

    private mutating func control(_ piece: WebSocketFramePiece) throws(WebSocketViolation) -> Action? {
        switch piece.opcode {
        case .ping: return isOpen ? .sendPong(.pong(piece.payload)) : nil
        case .pong: return .pong
        default: return try peerCloses(piece.payload)
        }
    }

    private mutating func peerCloses(_ payload: ByteBuffer) throws(WebSocketViolation) -> Action {
        var payload = payload
        var code: WebSocketCloseCode?
        if payload.readableBytes > 0 {
            guard let number = payload.readInteger(as: UInt16.self) else {
                throw .protocolError("A close code has two bytes.")
            }
            code = WebSocketCloseCode(rawValue: number)
            guard code?.isSendable == true else { throw .protocolError("This close code must not be sent.") }
        }
        guard let reason = String(validating: payload.readableBytesView, as: UTF8.self) else {
            throw WebSocketViolation(code: .invalidPayload, reason: "The reason is not UTF-8.")
        }
        let reply = isOpen ? WebSocketFrame.close(code) : nil
        state = .closed
        return .finish(code: code, reason: reason, reply: reply)
    }

    private mutating func data(_ piece: WebSocketFramePiece) throws(WebSocketViolation) -> Action? {
        if piece.beginsFrame { try beginFrame(piece) }
        let endsMessage = piece.endsFrame && piece.isFinalFrame
        let kind = message
        if endsMessage { message = nil }
        guard isOpen else { return nil }
        if kind == .binary, configuration.streamsBinary {
            if piece.payload.readableBytes == 0, !endsMessage { return nil }
            return .deliver(.binaryPiece(piece.payload, endsMessage: endsMessage))
        }
        guard collected.readableBytes + piece.payload.readableBytes <= configuration.maximumMessageSize else {
            throw WebSocketViolation(
                code: .messageTooBig,
                reason: "A message may have at most \(configuration.maximumMessageSize) bytes.")
        }
        if endsMessage, collected.readableBytes == 0 {
            return try deliver(kind, piece.payload)
        }
        collected.writeImmutableBuffer(piece.payload)
        guard endsMessage else { return nil }
        let whole = collected
        collected = ByteBuffer()
        return try deliver(kind, whole)
    }

    private mutating func beginFrame(_ piece: WebSocketFramePiece) throws(WebSocketViolation) {
        if piece.opcode == .continuation {
            guard message != nil else { throw .protocolError("A continuation without a beginning.") }
            fragmentCount += 1
            let isStreamed = message == .binary && configuration.streamsBinary
            guard isStreamed || fragmentCount <= Self.maximumFragments else {
                throw WebSocketViolation(code: .policyViolation, reason: "A message in too many fragments.")
            }
        } else {
            guard message == nil else { throw .protocolError("A new message within another.") }
            message = piece.opcode
            fragmentCount = 1
        }
    }

    private func deliver(_ kind: WebSocketOpcode?, _ payload: ByteBuffer) throws(WebSocketViolation) -> Action {
        guard kind == .text else { return .deliver(.binary(payload)) }
        guard let text = String(validating: payload.readableBytesView, as: UTF8.self) else {
            throw WebSocketViolation(code: .invalidPayload, reason: "The text is not UTF-8.")
        }
        return .deliver(.text(text))
    }
}
