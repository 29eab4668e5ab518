import Foundation
import HTTPService
import Logging
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import WebSocket

struct WebSocketConnectionTests {
    /// Echoes; some words of the peer make it do something else.
    private final class Echo: WebSocketConsumer {
        let log: Log

        init(log: Log) {
            self.log = log
        }

        func received(_ message: WebSocketMessage, on connection: WebSocketConnection) {
            log.add(message)
            switch message {
            case .text("close"): connection.close(WebSocketCloseCode(rawValue: 4001), reason: "as you wish")
            case .text("pause"):
                connection.pauseReading()
                connection.eventLoop.scheduleTask(in: .seconds(2)) { connection.resumeReading() }
            case .text("flood"):
                let frame = WebSocketFrame.binary(ByteBuffer(repeating: 1, count: 60_000))
                for _ in 0..<1000 { connection.send(frame, flush: false) }
                connection.flush()
            case .text(let text): connection.send(text)
            case .binary(let bytes): connection.send(.binary(bytes))
            case .binaryPiece: break
            }
        }

        func closed(_ code: WebSocketCloseCode?, reason: String, on connection: WebSocketConnection) {
            log.close(code, reason)
        }
    }

    private final class Log: Sendable {
        private let state = Mutex((messages: [WebSocketMessage](), ends: [String]()))

        var messages: [WebSocketMessage] { state.withLock { $0.messages } }
        var ends: [String] { state.withLock { $0.ends } }
        func add(_ message: WebSocketMessage) { state.withLock { $0.messages.append(message) } }
        func close(_ code: WebSocketCloseCode?, _ reason: String) {
            state.withLock { $0.ends.append("\(code.map { "\($0.rawValue)" } ?? "none") \(reason)") }
        }

        /// Waits for the end of one more connection.
        func end(_ number: Int = 1) async throws -> String {
            for _ in 0..<5000 where ends.count < number { try await Task.sleep(for: .milliseconds(2)) }
            return ends.count >= number ? ends[number - 1] : "still open"
        }
    }

    private func withEcho<Result: Sendable>(
        _ change: (inout WebSocketConfiguration) -> Void = { _ in }, log: Log = Log(),
        _ body: (HTTPServer, Int) async throws -> Result
    ) async throws -> Result {
        var configuration = WebSocketConfiguration()
        change(&configuration)
        let responder = HTTPResponderFunction { [configuration] request, _ in
            guard request.path == "/ws" else { return .pass }
            return WebSocketUpgrade.answer(
                to: request, subprotocols: ["chat.v2", "chat.v1"], origins: .same(or: ["https://friend.example"]),
                configuration: configuration
            ) { connection in
                connection.send("welcome \(connection.subprotocol ?? "-")")
                return Echo(log: log)
            }
        }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let server = HTTPServer(
            host: "127.0.0.1", port: 0, group: group, responders: [responder],
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        let port = try await server.start()
        do {
            let result = try await body(server, port)
            await server.shutdown()
            try await group.shutdownGracefully()
            return result
        } catch {
            await server.shutdown()
            try await group.shutdownGracefully()
            throw error
        }
    }

    /// Runs a client written in Python on plain sockets: an implementation that shares nothing with ours.
    private func python(_ script: String, port: Int) async throws -> String {
        let client = """
            import socket, struct, os, base64, hashlib, sys, time
            class Client:
                def __init__(self, fields="", surplus=b""):
                    self.socket = socket.create_connection(("127.0.0.1", \(port)), timeout=60)
                    key = base64.b64encode(os.urandom(16)).decode()
                    self.socket.sendall((f"GET /ws HTTP/1.1\\r\\nHost: 127.0.0.1:\(port)\\r\\nUpgrade: websocket\\r\\n"
                        f"Connection: keep-alive, Upgrade\\r\\nSec-WebSocket-Version: 13\\r\\nSec-WebSocket-Key: {key}\\r\\n"
                        f"{fields}\\r\\n").encode() + surplus)
                    self.data = b""
                    while b"\\r\\n\\r\\n" not in self.data: self.more()
                    head, self.data = self.data.split(b"\\r\\n\\r\\n", 1)
                    self.head = head.decode()
                    accept = base64.b64encode(hashlib.sha1(
                        (key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()
                    self.accepted = self.head.startswith("HTTP/1.1 101") and f"Sec-WebSocket-Accept: {accept}" in self.head
                def more(self):
                    data = self.socket.recv(65536)
                    if not data: raise EOFError
                    self.data += data
                def take(self, count):
                    while len(self.data) < count: self.more()
                    taken, self.data = self.data[:count], self.data[count:]
                    return taken
                def receive(self):
                    first, second = self.take(2)
                    assert not second & 0x80, "a server must not mask"
                    length = second & 0x7f
                    if length == 126: length = struct.unpack(">H", self.take(2))[0]
                    elif length == 127: length = struct.unpack(">Q", self.take(8))[0]
                    return first & 0x0f, self.take(length)
                def closed(self):
                    try:
                        while True: self.take(1)
                    except (EOFError, ConnectionResetError): return True
                def send(self, opcode, payload, final=True): self.socket.sendall(frame(opcode, payload, final))
            def frame(opcode, payload, final=True):
                mask = os.urandom(4)
                n = len(payload)
                length = bytes([0x80 | n]) if n < 126 else struct.pack(">BH", 0xfe, n) if n < 65536 else struct.pack(">BQ", 0xff, n)
                return bytes([(0x80 if final else 0) | opcode]) + length + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(payload))

            """
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-c", client + script]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        return try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                do {
                    try process.run()
                    let data = output.fileHandleForReading.readDataToEndOfFile()
                    process.waitUntilExit()
                    continuation.resume(returning: String(decoding: data, as: UTF8.self))
                } catch {
                    continuation.resume(throwing: error)
                }
            }
        }
    }

    @Test func echoesWhatPythonSends() async throws {
        let log = Log()
        let output = try await withEcho(log: log) { _, port in
            try await python(
                """
                c = Client("Sec-WebSocket-Protocol: other, chat.v1\\r\\n", frame(1, b"early"))
                assert c.accepted, c.head
                assert "Sec-WebSocket-Protocol: chat.v1" in c.head
                assert c.receive() == (1, b"welcome chat.v1")
                assert c.receive() == (1, b"early")
                for n in [0, 1, 125, 126, 127, 65535, 65536]:
                    data = os.urandom(n); c.send(2, data); assert c.receive() == (2, data), n
                text = "gr\\u00fcn \\U0001F3A7".encode()
                c.send(1, text[:6], False); c.send(9, b"in between"); c.send(0, text[6:])
                assert c.receive() == (10, b"in between")
                assert c.receive() == (1, text)
                c.send(8, struct.pack(">H", 1000) + b"bye")
                assert c.receive() == (8, struct.pack(">H", 1000))
                assert c.closed()
                print("fine")
                """, port: port)
        }
        #expect(output == "fine\n")
        #expect(try await log.end() == "1000 bye")
    }

    @Test func serverClosesInOrder() async throws {
        let log = Log()
        let output = try await withEcho(log: log) { _, port in
            try await python(
                """
                c = Client(); c.receive(); c.send(1, b"close")
                assert c.receive() == (8, struct.pack(">H", 4001) + b"as you wish")
                c.send(1, b"too late"); c.send(8, struct.pack(">H", 4001)); assert c.closed()
                c = Client(); c.receive(); c.socket.sendall(bytes([0x81, 1, 65]))
                opcode, payload = c.receive()
                assert opcode == 8 and payload[:2] == struct.pack(">H", 1002), payload
                assert c.closed()
                c = Client(); c.receive(); c.socket.close()
                print("fine")
                """, port: port)
        }
        #expect(output == "fine\n")
        #expect(try await log.end() == "4001 as you wish")
        #expect(try await log.end(2).hasPrefix("1002 "))
        #expect(try await log.end(3) == "none ")
        #expect(log.messages == [.text("close")])
    }

    @Test func handshakesAreChecked() async throws {
        let output = try await withEcho { _, port in
            try await python(
                """
                def ask(line, fields):
                    s = socket.create_connection(("127.0.0.1", \(port)), timeout=60)
                    s.sendall((line + "\\r\\nHost: 127.0.0.1:\(port)\\r\\nConnection: close, Upgrade\\r\\n" + fields + "\\r\\n").encode())
                    data = b""
                    while True:
                        more = s.recv(65536)
                        if not more: return data.decode()
                        data += more
                key = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\\r\\n"
                good = "Upgrade: WebSocket\\r\\nSec-WebSocket-Version: 13\\r\\n"
                get = "GET /ws HTTP/1.1"
                assert ask("POST /ws HTTP/1.1", good + key).startswith("HTTP/1.1 426")
                assert ask("GET /ws HTTP/1.0", good + key).startswith("HTTP/1.1 426")
                assert ask(get, key).startswith("HTTP/1.1 426")
                wrong = ask(get, good.replace("13", "8") + key)
                assert wrong.startswith("HTTP/1.1 426") and "Sec-WebSocket-Version: 13" in wrong
                assert ask(get, good).startswith("HTTP/1.1 400")
                assert ask(get, good + key + key).startswith("HTTP/1.1 400")
                assert ask(get, good + key.replace("AA==", "==")).startswith("HTTP/1.1 400")
                assert ask(get, good + key + "Origin: http://evil.example\\r\\n").startswith("HTTP/1.1 403")
                assert ask(get, good + key + "Origin: null\\r\\n").startswith("HTTP/1.1 403")
                assert Client("Origin: http://127.0.0.1:\(port)\\r\\n").accepted
                assert Client("Origin: https://Friend.example\\r\\n").accepted
                print("fine")
                """, port: port)
        }
        #expect(output == "fine\n")
    }

    /// While the consumer is behind, the socket is not read; afterwards nothing is missing.
    @Test func consumerCanHoldThePeerBack() async throws {
        let log = Log()
        let output = try await withEcho({ $0.streamsBinary = true }, log: log) { _, port in
            try await python(
                """
                c = Client(); c.receive(); c.send(1, b"pause")
                c.socket.settimeout(0.5)
                data = b"".join(b"\\x82\\xfe" + struct.pack(">H", 1000) + b"\\0" * 4 + bytes([n % 256]) * 1000 for n in range(40000))
                sent = 0; stalled = False
                while sent < len(data):
                    try: sent += c.socket.send(data[sent:sent + 65536])
                    except TimeoutError: stalled = True
                c.send(8, b""); assert c.receive()[0] == 8
                print("stalled" if stalled else "not held back", "fine")
                """, port: port)
        }
        #expect(output == "stalled fine\n")
        _ = try await log.end()
        var received = ByteBuffer()
        for case .binaryPiece(let piece, _) in log.messages { received.writeImmutableBuffer(piece) }
        #expect(received.readableBytes == 40_000_000)
        let isInOrder = (0..<40_000).allSatisfy { number in
            received.getInteger(at: number * 1000, as: UInt8.self) == UInt8(number % 256)
        }
        #expect(isInOrder)
    }

    @Test func peersThatDoNotReadAreClosed() async throws {
        let log = Log()
        _ = try await withEcho({ $0.closeTimeout = .milliseconds(200) }, log: log) { _, port in
            let output = try await python(
                """
                c = Client(); c.receive(); c.send(1, b"flood"); time.sleep(1.5); print("fine")
                """, port: port)
            #expect(output == "fine\n")
            #expect(try await log.end().hasPrefix("1013 "))
        }
    }

    @Test func silentPeersAreFoundByPing() async throws {
        let log = Log()
        let output = try await withEcho(
            {
                $0.pingInterval = .milliseconds(50)
                $0.pongTimeout = .milliseconds(100)
            }, log: log
        ) { _, port in
            try await python(
                """
                c = Client(); c.receive()
                for n in range(5):
                    assert c.receive() == (9, b""); c.send(10, b"")
                assert c.receive() == (9, b"")
                assert c.closed()
                print("fine")
                """, port: port)
        }
        #expect(output == "fine\n")
        #expect(try await log.end() == "none ")
    }

    @Test func shutdownSaysGoingAway() async throws {
        let log = Log()
        try await withEcho(log: log) { server, port in
            async let output = python(
                """
                c = Client(); c.receive(); c.send(1, b"here"); c.receive()
                opcode, payload = c.receive()
                assert opcode == 8 and payload[:2] == struct.pack(">H", 1001), payload
                c.send(8, payload[:2]); assert c.closed()
                print("fine")
                """, port: port)
            for _ in 0..<5000 where log.messages.isEmpty { try await Task.sleep(for: .milliseconds(2)) }
            await server.shutdown()
            #expect(try await output == "fine\n")
        }
        #expect(try await log.end().hasPrefix("1001 "))
    }

    /// The sequence hands over every message in order, and holds the peer back while nobody asks.
    @Test func messagesCanBeAwaited() async throws {
        let responder = HTTPResponderFunction { request, _ in
            WebSocketUpgrade.answer(to: request, origins: .any) { connection in
                let (messages, consumer) = WebSocketMessageSequence.make(for: connection)
                Task {
                    connection.send("ready")
                    var expected = -1
                    for await message in messages {
                        if case .text("0") = message { try? await Task.sleep(for: .milliseconds(100)) }
                        expected += 1
                        if message != .text("\(expected)") { connection.send("wrong") }
                        if expected == 9999 { connection.send("all") }
                    }
                }
                return consumer
            }
        }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let server = HTTPServer(
            host: "127.0.0.1", port: 0, group: group, responders: [responder],
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        let port = try await server.start()
        let output = try await python(
            """
            c = Client(); assert c.receive() == (1, b"ready")
            c.socket.sendall(b"".join(frame(1, str(n).encode()) for n in range(10000)))
            assert c.receive() == (1, b"all"); print("fine")
            """, port: port)
        #expect(output == "fine\n")
        await server.shutdown()
        try await group.shutdownGracefully()
    }
}
