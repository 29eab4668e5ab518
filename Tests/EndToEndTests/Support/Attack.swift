import Foundation
import Testing

/// Bytes that no well-meaning peer sends. The server has to end the connection by itself.
struct Attack: Sendable {
    var name: String
    /// The first is sent at once, the others a moment apart.
    var pieces: [[UInt8]]
    var pauseSeconds = 0.0
    /// Until when the server has ended it, counted from the first byte.
    var endsWithinSeconds = 20.0
    /// What the answer begins with; nil where any will do, or none.
    var answer: String?

    func run(port: Int) async throws {
        try await onThread {
            let connection = try TCPConnection(port: port)
            let start = Moment.now
            do {
                for piece in pieces {
                    try connection.write(piece)
                    if pauseSeconds > 0 { Thread.sleep(forTimeInterval: pauseSeconds) }
                }
            } catch is TestFailure {
                // Closed while it was being sent, as it should be.
            }
            let reply: Data
            do {
                reply = try connection.readToEnd()
            } catch is TestFailure {
                // A reset ends it as well.
                reply = Data()
            }
            let seconds = Moment.now - start
            #expect(seconds <= endsWithinSeconds, "\(name): ended after \(seconds) s")
            if let answer {
                let text = String(decoding: reply.prefix(100), as: UTF8.self)
                #expect(text.hasPrefix(answer), "\(name): \(text)")
            }
        }
    }

    private static func text(_ text: String) -> [UInt8] { Array(text.utf8) }

    private static func noise(_ count: Int, seed: UInt64) -> [UInt8] {
        var state = seed
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 33)
        }
    }

    // MARK: RTMP

    /// C0, C1 and C2.
    private static let handshake = [3] + [UInt8](repeating: 0, count: 3072)

    /// A chunk of type 0 with a whole header.
    private static func chunk(stream: UInt8, type: UInt8, length: Int, _ payload: [UInt8]) -> [UInt8] {
        [stream & 0x3f, 0, 0, 0, UInt8(length >> 16 & 0xff), UInt8(length >> 8 & 0xff), UInt8(length & 0xff), type]
            + [0, 0, 0, 0] + payload
    }

    static let onRTMP: [Attack] = [
        Attack(name: "nothing at all", pieces: [[]]),
        Attack(name: "version, then silence", pieces: [[3]]),
        Attack(
            name: "a byte at a time", pieces: [[3]] + (0..<40).map { [UInt8($0)] }, pauseSeconds: 0.4,
            endsWithinSeconds: 25),
        Attack(name: "handshake, then silence", pieces: [handshake]),
        Attack(name: "HTTP", pieces: [text("GET / HTTP/1.1\r\nHost: a\r\n\r\n")], endsWithinSeconds: 5),
        Attack(name: "TLS", pieces: [[0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]], endsWithinSeconds: 5),
        Attack(name: "SSH", pieces: [text("SSH-2.0-OpenSSH_9.2\r\n")], endsWithinSeconds: 5),
        Attack(name: "encrypted RTMP", pieces: [[6] + noise(1536, seed: 1)], endsWithinSeconds: 5),
        Attack(name: "noise after the handshake", pieces: [handshake + noise(65536, seed: 2)]),
        Attack(name: "noise after the handshake, again", pieces: [handshake + noise(65536, seed: 3)]),
        Attack(
            name: "chunks of no bytes", pieces: [handshake + chunk(stream: 2, type: 1, length: 4, [0, 0, 0, 0])],
            endsWithinSeconds: 15),
        Attack(
            name: "messages of 16 MB on many chunk streams",
            pieces: [
                handshake
                    + (3..<60).flatMap {
                        chunk(stream: $0, type: 20, length: 0xffffff, [UInt8](repeating: 0, count: 128))
                    }
            ]),
        Attack(
            name: "a chunk without a beginning", pieces: [handshake + [0xc5] + noise(128, seed: 4)]),
        Attack(
            name: "objects in objects",
            pieces: [
                handshake + chunk(stream: 2, type: 1, length: 4, [0, 1, 0, 0])
                    + chunk(
                        stream: 3, type: 20, length: 60000, (0..<15000).flatMap { _ in [3, 0, 1, 0x61] as [UInt8] })
            ]),
        Attack(
            name: "a ping flood",
            pieces: [
                handshake + (0..<2000).flatMap { _ in chunk(stream: 2, type: 4, length: 6, [0, 6, 1, 2, 3, 4]) }
            ]),
    ]

    // MARK: HTTP and Icecast

    static let onHTTP: [Attack] = [
        Attack(name: "nothing at all", pieces: [[]], endsWithinSeconds: 25),
        Attack(
            name: "a head without end", pieces: (0..<45).map { text($0 == 0 ? "GET / HTTP/1.1\r\n" : "a: \($0)\r\n") },
            pauseSeconds: 0.4, endsWithinSeconds: 25),
        Attack(
            name: "a thousand fields",
            pieces: [text("GET / HTTP/1.1\r\nHost: a\r\n" + (0..<1000).map { "a\($0): b\r\n" }.joined() + "\r\n")],
            endsWithinSeconds: 5, answer: "HTTP/1.1 431"),
        Attack(
            name: "a long target",
            pieces: [text("GET /" + String(repeating: "a", count: 100_000) + " HTTP/1.1\r\n\r\n")],
            endsWithinSeconds: 5, answer: "HTTP/1.1 4"),
        Attack(
            name: "a negative length", pieces: [text("PUT /demo HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n")],
            endsWithinSeconds: 5, answer: "HTTP/1.1 400"),
        Attack(
            name: "two lengths",
            pieces: [text("PUT /demo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n")],
            endsWithinSeconds: 5, answer: "HTTP/1.1 400"),
        Attack(
            name: "length and chunks",
            pieces: [
                text("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
            ],
            endsWithinSeconds: 5, answer: "HTTP/1.1 400"),
        Attack(name: "TLS", pieces: [[0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, 10, 10]], endsWithinSeconds: 20),
        Attack(name: "noise", pieces: [noise(4096, seed: 5) + [10, 10]], endsWithinSeconds: 20),
        Attack(
            name: "a body with a bad chunk",
            pieces: [
                text(
                    "PUT /push/demo HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer wrong\r\n"
                        + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n")
            ], endsWithinSeconds: 15, answer: "HTTP/1.1 4"),
    ]
}
