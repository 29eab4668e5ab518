public import NIOCore

/// What a frame is (RFC 6455 §5.2).
enum WebSocketOpcode: UInt8 {
    case continuation = 0x0
    case text = 0x1
    case binary = 0x2
    case close = 0x8
    case ping = 0x9
    case pong = 0xA

    var isControl: Bool { rawValue & 0x8 != 0 }
}

/// A frame as the server sends it: encoded once, not masked, so that the same bytes go to every client of a room.
public struct WebSocketFrame: Sendable, Hashable {
    /// Header and payload.
    public let bytes: ByteBuffer

    init(_ opcode: WebSocketOpcode, _ payload: some Collection<UInt8>) {
        var bytes = ByteBuffer()
        let count = payload.count
        bytes.reserveCapacity(count + 10)
        bytes.writeInteger(0x80 | opcode.rawValue)
        switch count {
        case ..<126:
            bytes.writeInteger(UInt8(count))
        case ..<65_536:
            bytes.writeInteger(UInt8(126))
            bytes.writeInteger(UInt16(count))
        default:
            bytes.writeInteger(UInt8(127))
            bytes.writeInteger(UInt64(count))
        }
        bytes.writeBytes(payload)
        self.bytes = bytes
    }

    public static func text(_ text: String) -> WebSocketFrame { WebSocketFrame(.text, text.utf8) }
    /// A text frame of bytes that are UTF-8, such as encoded JSON.
    public static func text(utf8 bytes: ByteBuffer) -> WebSocketFrame { WebSocketFrame(.text, bytes.readableBytesView) }
    public static func binary(_ bytes: ByteBuffer) -> WebSocketFrame {
        WebSocketFrame(.binary, bytes.readableBytesView)
    }
    /// - Parameter payload: at most 125 bytes count.
    public static func ping(_ payload: ByteBuffer = ByteBuffer()) -> WebSocketFrame {
        WebSocketFrame(.ping, payload.readableBytesView.prefix(125))
    }
    static func pong(_ payload: ByteBuffer) -> WebSocketFrame {
        WebSocketFrame(.pong, payload.readableBytesView.prefix(125))
    }

    /// - Parameter reason: cut at 123 bytes, at a character's border.
    public static func close(_ code: WebSocketCloseCode?, reason: String = "") -> WebSocketFrame {
        guard let code, code.isSendable else { return WebSocketFrame(.close, []) }
        var text = ""
        for character in reason {
            guard text.utf8.count + character.utf8.count <= 123 else { break }
            text.append(character)
        }
        return WebSocketFrame(.close, [UInt8(code.rawValue >> 8), UInt8(code.rawValue & 0xFF)] + Array(text.utf8))
    }
}
