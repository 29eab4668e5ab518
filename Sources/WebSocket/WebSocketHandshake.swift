import HTTPService
import NIOCore

/// The opening handshake (RFC 6455 §4.2).
enum WebSocketHandshake {
    enum Outcome {
        /// The response that opens the WebSocket.
        case accepted(response: ByteBuffer, subprotocol: String?)
        case refused(HTTPResponse)
    }

    private static let identifier = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

    static func accept(key: String) -> String {
        Base64.encode(SHA1.digest((key + identifier).utf8))
    }

    /// - Parameter subprotocols: those that the server speaks, the best first; empty where it speaks none.
    static func outcome(
        for request: HTTPRequest, subprotocols: [String], origins: WebSocketOriginPolicy
    ) -> Outcome {
        guard request.method == .get, request.head.version == .http11, request.head.wantsUpgrade,
            request.head.lists("websocket", in: "upgrade")
        else {
            return .refused(
                .problem(
                    .upgradeRequired, detail: "This address speaks WebSocket.",
                    fields: [HTTPField("Upgrade", "websocket"), HTTPField("Connection", "Upgrade")]))
        }
        guard request["sec-websocket-version"] == "13" else {
            return .refused(
                .problem(
                    .upgradeRequired, detail: "This server speaks version 13 of WebSocket.",
                    fields: [HTTPField("Sec-WebSocket-Version", "13")]))
        }
        let keys = request.head.values(of: "sec-websocket-key")
        guard keys.count == 1, let key = keys.first, Base64.encodes16Bytes(key) else {
            return .refused(.problem(.badRequest, detail: "Sec-WebSocket-Key must be 16 bytes in Base64."))
        }
        guard origins.allows(request) else {
            return .refused(.problem(.forbidden, detail: "Pages of this origin may not connect here."))
        }
        let subprotocol = subprotocols.first {
            request.head.lists($0, in: "sec-websocket-protocol", ignoringCase: false)
        }
        var text = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        text += "Sec-WebSocket-Accept: \(accept(key: key))\r\n"
        if let subprotocol { text += "Sec-WebSocket-Protocol: \(subprotocol)\r\n" }
        return .accepted(response: ByteBuffer(string: text + "\r\n"), subprotocol: subprotocol)
    }
}
