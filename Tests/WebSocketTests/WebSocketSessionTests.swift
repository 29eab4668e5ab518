import NIOCore
import TestSupport
import Testing

@testable import WebSocket

/// A client's frame; the tests' own encoder, by the letter of RFC 6455 §5.2.
func clientFrame(
    _ first: UInt8, _ payload: [UInt8], mask: [UInt8]? = [0x37, 0xFA, 0x21, 0x3D], announced: UInt64? = nil
) -> [UInt8] {
    let count = announced ?? UInt64(payload.count)
    let flag: UInt8 = mask == nil ? 0 : 0x80
    var bytes = [first]
    if count < 126 {
        bytes.append(flag | UInt8(count))
    } else if count < 65_536 {
        bytes += [flag | 126, UInt8(count >> 8), UInt8(count & 0xFF)]
    } else {
        bytes.append(flag | 127)
        bytes += (0..<8).map { UInt8(truncatingIfNeeded: count >> (56 - 8 * $0)) }
    }
    guard let mask else { return bytes + payload }
    return bytes + mask + payload.enumerated().map { $1 ^ mask[$0 % 4] }
}

struct WebSocketSessionTests {
    private func actions(
        _ pieces: [[UInt8]], _ change: (inout WebSocketConfiguration) -> Void = { _ in }
    ) -> [WebSocketSession.Action] {
        var configuration = WebSocketConfiguration()
        change(&configuration)
        var session = WebSocketSession(configuration: configuration)
        var buffer = ByteBuffer()
        var actions: [WebSocketSession.Action] = []
        for piece in pieces {
            buffer.writeBytes(piece)
            while let action = session.next(from: &buffer) { actions.append(action) }
        }
        return actions
    }

    private func failure(_ bytes: [UInt8], _ change: (inout WebSocketConfiguration) -> Void = { _ in }) -> UInt16? {
        guard case .fail(let violation, let frame)? = actions([bytes], change).last else { return nil }
        // The frame says what the report says.
        #expect(frame.bytes.getInteger(at: 2, as: UInt16.self) == violation.code.rawValue)
        return violation.code.rawValue
    }

    /// RFC 6455 §5.7.
    @Test func examplesOfTheSpecification() {
        #expect(
            actions([[0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58]]) == [.deliver(.text("Hello"))])
        #expect(
            Array(WebSocketFrame.text("Hello").bytes.readableBytesView) == [0x81, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F])
        #expect(
            WebSocketFrame.binary(ByteBuffer(repeating: 0, count: 256)).bytes.getInteger(at: 0, as: UInt32.self)
                == 0x827E_0100)
        let long = WebSocketFrame.binary(ByteBuffer(repeating: 0, count: 65_536)).bytes
        #expect(long.getInteger(at: 0, as: UInt16.self) == 0x827F)
        #expect(long.getInteger(at: 2, as: UInt64.self) == 65_536)
    }

    @Test func framesCanBeSplitAnywhere() {
        let text = String(repeating: "grün ", count: 60)
        let bytes =
            clientFrame(0x01, Array(text.utf8.prefix(200))) + clientFrame(0x89, [1, 2])
            + clientFrame(0x80, Array(text.utf8.dropFirst(200))) + clientFrame(0x82, Array(repeating: 9, count: 130))
        let expected: [WebSocketSession.Action] = [
            .sendPong(.pong(ByteBuffer(bytes: [1, 2]))), .deliver(.text(text)),
            .deliver(.binary(ByteBuffer(repeating: 9, count: 130))),
        ]
        for split in 0...bytes.count {
            #expect(actions([Array(bytes[..<split]), Array(bytes[split...])]) == expected)
        }
        #expect(actions(bytes.map { [$0] }) == expected)
    }

    @Test(arguments: 0..<20)
    func maskIsTakenOffWhateverTheLength(count: Int) {
        let payload = (0..<count).map { UInt8($0) }
        for mask: [UInt8] in [[1, 2, 3, 4], [0, 0, 0, 0], [0xFF, 0, 0x80, 0x7F]] {
            let bytes = clientFrame(0x82, payload, mask: mask)
            #expect(actions([bytes]) == [.deliver(.binary(ByteBuffer(bytes: payload)))])
            // Streamed byte by byte, each piece continues the mask where the last one ended.
            let pieces = actions(bytes.map { [$0] }) { $0.streamsBinary = true }
            let streamed = pieces.flatMap { action -> [UInt8] in
                if case .deliver(.binaryPiece(let piece, _)) = action { Array(piece.readableBytesView) } else { [] }
            }
            #expect(streamed == payload)
        }
    }

    @Test func emptyMessagesAreMessages() {
        #expect(actions([clientFrame(0x81, [])]) == [.deliver(.text(""))])
        #expect(
            actions([clientFrame(0x02, []) + clientFrame(0x00, []) + clientFrame(0x80, [])]) == [
                .deliver(.binary(ByteBuffer()))
            ])
        #expect(
            actions([clientFrame(0x82, [])]) { $0.streamsBinary = true }
                == [.deliver(.binaryPiece(ByteBuffer(), endsMessage: true))])
    }

    private static let violations: [(bytes: [UInt8], code: Int)] = [
        (clientFrame(0x81, [0x41], mask: nil), 1002), (clientFrame(0xC1, [0x41]), 1002), (clientFrame(0x91, []), 1002),
        (clientFrame(0x83, []), 1002), (clientFrame(0x8B, []), 1002), (clientFrame(0x09, []), 1002),
        (clientFrame(0x89, Array(repeating: 0, count: 126)), 1002), (clientFrame(0x80, []), 1002),
        (clientFrame(0x01, []) + clientFrame(0x81, []), 1002), (clientFrame(0x01, []) + clientFrame(0x82, []), 1002),
        ([0x82, 0xFE, 0, 125, 0, 0, 0, 0], 1002), ([0x82, 0xFF, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0, 0, 0], 1002),
        ([0x82, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0], 1002),
        ([0x82, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0], 1009),
        (clientFrame(0x82, [], announced: 65_537), 1009), (clientFrame(0x81, [0xC3, 0x28]), 1007),
        (clientFrame(0x81, [0xED, 0xA0, 0x80]), 1007), (clientFrame(0x81, [0xF4, 0x90, 0x80, 0x80]), 1007),
        (clientFrame(0x88, [0x03]), 1002), (clientFrame(0x88, [0x03, 0xED]), 1002),
        (clientFrame(0x88, [0x03, 0xEE]), 1002),
        (clientFrame(0x88, [0x00, 0x00]), 1002), (clientFrame(0x88, [0x07, 0xD0]), 1002),
        (clientFrame(0x88, [0x03, 0xF7]), 1002),
        (clientFrame(0x88, [0x03, 0xE8, 0xFF]), 1007),
    ]

    @Test(arguments: violations)
    func violationsFailTheSession(bytes: [UInt8], code: Int) {
        #expect(failure(bytes) == UInt16(code))
        // Nothing is heard from it any more.
        #expect(actions([bytes, clientFrame(0x81, [0x41])]).count == 1)
    }

    @Test func aggregatedMessagesAreBounded() {
        let half = clientFrame(0x00, Array(repeating: 0x41, count: 600))
        let first = clientFrame(0x01, Array(repeating: 0x41, count: 600))
        #expect(failure(first + half) { $0.maximumMessageSize = 1000 } == 1009)
        #expect(failure(first) { $0.maximumMessageSize = 599 } == 1009)
        let endless = [UInt8](Array(repeating: clientFrame(0x00, []), count: 5000).joined())
        #expect(failure(clientFrame(0x01, []) + endless) == 1008)
    }

    /// A message of tens of megabytes goes through in pieces; text among it keeps its own limit.
    @Test func streamedMessagesMayBeLong() {
        let chunk = [UInt8](repeating: 7, count: 100_000)
        let header = Array(clientFrame(0x82, [], announced: 10_000_000))
        var configuration = WebSocketConfiguration()
        configuration.streamsBinary = true
        var session = WebSocketSession(configuration: configuration)
        var buffer = ByteBuffer(bytes: header)
        var total = 0
        var ended = false
        for _ in 0..<100 {
            buffer.writeBytes(chunk)
            while let action = session.next(from: &buffer) {
                guard case .deliver(.binaryPiece(let piece, let endsMessage)) = action else {
                    Issue.record("\(action)")
                    return
                }
                total += piece.readableBytes
                ended = endsMessage
            }
        }
        #expect(total == 10_000_000)
        #expect(ended)
        #expect(failure(clientFrame(0x81, Array(repeating: 0x41, count: 70_000))) { $0.streamsBinary = true } == 1009)
    }

    @Test func closeIsAnsweredOnce() {
        let close = clientFrame(0x88, [0x03, 0xE8] + Array("bye".utf8))
        #expect(
            actions([close + close])
                == [.finish(code: .normal, reason: "bye", reply: .close(.normal))])
        #expect(actions([clientFrame(0x88, [])]) == [.finish(code: nil, reason: "", reply: .close(nil))])
        let own = actions([clientFrame(0x88, [0x11, 0x94])])
        #expect(
            own == [.finish(code: WebSocketCloseCode(rawValue: 4500), reason: "", reply: .close(.init(rawValue: 4500)))]
        )
    }

    @Test func afterOurCloseOnlyThePeersCounts() {
        var session = WebSocketSession(configuration: WebSocketConfiguration())
        #expect(session.close(.goingAway, reason: "x") == .close(.goingAway, reason: "x"))
        #expect(session.close(.goingAway, reason: "x") == nil)
        var buffer = ByteBuffer(
            bytes: clientFrame(0x81, [0x41]) + clientFrame(0x89, []) + clientFrame(0x01, [0x41]) + clientFrame(0x80, [])
                + clientFrame(0x88, [0x03, 0xE9]))
        #expect(session.next(from: &buffer) == .finish(code: .goingAway, reason: "", reply: nil))
        #expect(session.next(from: &buffer) == nil)
    }

    @Test func closeReasonsAreCutAtACharacter() {
        let frame = WebSocketFrame.close(.normal, reason: String(repeating: "ü", count: 100)).bytes
        #expect(frame.readableBytes == 2 + 2 + 122)
        #expect(frame.getString(at: 4, length: 122) == String(repeating: "ü", count: 61))
        #expect(WebSocketFrame.close(WebSocketCloseCode(rawValue: 1006)).bytes.readableBytes == 2)
    }

    /// Ten thousand damaged inputs: none traps, and reads in two pieces say what one read says.
    @Test func mutatedInputNeverTraps() {
        var generator = SplitMix64(seed: 11)
        let seeds = [
            clientFrame(0x81, Array("Hello".utf8)),
            clientFrame(0x01, [0x41]) + clientFrame(0x89, [1]) + clientFrame(0x80, [0x42]),
            clientFrame(0x82, Array(repeating: 1, count: 200)), clientFrame(0x88, [0x03, 0xE8, 0x41]),
            clientFrame(0x82, [1, 2, 3], announced: 70_000),
        ]
        var kinds: [String: Int] = [:]
        for round in 0..<10_000 {
            var bytes = seeds[round % seeds.count] + seeds[(round / 7) % seeds.count]
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let position = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: position)
                case 1 where bytes.count > 1: bytes.remove(at: position)
                default: bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
                }
            }
            let streams = round % 2 == 0
            let whole = actions([bytes]) { $0.streamsBinary = streams }
            let split = Int.random(in: 0...bytes.count, using: &generator)
            let pieces = actions([Array(bytes[..<split]), Array(bytes[split...])]) { $0.streamsBinary = streams }
            if joined(whole) != joined(pieces) { Issue.record("\(bytes) split at \(split)") }
            switch whole.last {
            case nil: kinds["none", default: 0] += 1
            case .fail: kinds["fail", default: 0] += 1
            default: kinds["other", default: 0] += 1
            }
        }
        #expect(kinds.count == 3)
        #expect(kinds.values.allSatisfy { $0 > 100 })
    }

    /// Pieces of streamed messages fall where the reads fell; their bytes do not.
    private func joined(_ actions: [WebSocketSession.Action]) -> [String] {
        var texts: [String] = []
        var streamed: [UInt8] = []
        for action in actions {
            guard case .deliver(.binaryPiece(let piece, let endsMessage)) = action else {
                texts.append("\(action)")
                continue
            }
            streamed += piece.readableBytesView
            if endsMessage { texts.append("piece \(streamed.count)") }
        }
        return texts + ["\(streamed)"]
    }
}
