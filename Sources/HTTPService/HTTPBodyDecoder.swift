public import NIOCore

/// Takes a request's body from a connection's bytes, whatever its framing.
public struct HTTPBodyDecoder: Sendable {
    private enum State {
        case length(remaining: Int)
        case chunked(ChunkedBodyDecoder)
    }

    private var state: State

    /// A request without framing has an empty body.
    public init(_ framing: HTTPBodyFraming) {
        state =
            switch framing {
            case .none: .length(remaining: 0)
            case .length(let length): .length(remaining: length)
            case .chunked: .chunked(ChunkedBodyDecoder())
            }
    }

    /// What follows in the buffer is not of this body.
    public var isFinished: Bool {
        switch state {
        case .length(let remaining): remaining == 0
        case .chunked(let decoder): decoder.isFinished
        }
    }

    /// Takes the next piece of the body from the front of the buffer.
    /// - Returns: nil where more bytes are needed or the body is finished.
    public mutating func next(from buffer: inout ByteBuffer) throws(ChunkedBodyError) -> ByteBuffer? {
        switch state {
        case .length(let remaining):
            guard let piece = buffer.readSlice(length: min(remaining, buffer.readableBytes)),
                piece.readableBytes > 0
            else { return nil }
            state = .length(remaining: remaining - piece.readableBytes)
            return piece
        case .chunked(var decoder):
            let piece = try decoder.next(from: &buffer)
            state = .chunked(decoder)
            return piece
        }
    }
}
