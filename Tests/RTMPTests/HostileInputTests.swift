import NIOCore
import Testing

@testable import RTMP

/// Input that is meant to hurt; the rest of the list is tested beside what it attacks.
@Suite struct HostileInputTests {
    /// 1: a handshake that never goes on costs nothing and says nothing.
    @Test func aSlowHandshakeSaysNothing() {
        var run = SessionRun()
        var client = ClientBytes()
        client.handshake()
        run.feed(client.bytes.getSlice(at: 0, length: 1536) ?? ByteBuffer(), pieceSize: 1)
        #expect(run.output.readableBytes == 0)
        #expect(run.events.isEmpty)
        #expect(!run.session.isHandshakeComplete)
    }

    /// 2: the longest message in chunks of one byte.
    @Test func endlessMessagesEndAtTheirHeader() {
        var run = SessionRun.publishing()
        run.feed { client in
            client.control(.setChunkSize, 1)
            client.chunk(format: 0, id: 4, length: 0xFF_FFFF, type: 8, payload: [0xAF])
        }
        #expect(run.error == .messageTooLong(messageType: 8, byteCount: 0xFF_FFFF, limit: 64 * 1024))
    }

    /// 2: the longest allowed audio in chunks of one byte is still audio.
    @Test func chunksOfOneByteAreAllowed() {
        var run = SessionRun.publishing()
        run.feed { client in
            client.control(.setChunkSize, 1)
            client.message(id: 4, type: .audio, payload: [0x2F] + [UInt8](repeating: 3, count: 5000), chunkSize: 1)
        }
        #expect(run.audio.map(\.payload) == [.frame(.mp3, ByteBuffer(repeating: 3, count: 5000))])
    }

    /// 2: sixty chunk streams with long announcements hold only what came.
    @Test func announcedLengthsReserveNothing() throws {
        var reader = ChunkReader(limits: RTMPLimits())
        reader.isPublishing = true
        var client = ClientBytes()
        for id in 3..<63 {
            client.chunk(format: 0, id: id, length: 1024 * 1024, type: 22, payload: [UInt8](repeating: 0, count: 128))
        }
        let output = try reader.next(&client.bytes)
        #expect(output == nil)
        #expect(reader.unfinishedCapacity <= 60 * 256)
    }

    /// 4: long chunk stream ids cut short wait for the rest.
    @Test(arguments: [[0x00], [0x01], [0x01, 5], [0x40], [0xC0], [0xC1, 1]] as [[UInt8]])
    func basicHeadersCutShortWait(bytes: [UInt8]) {
        var run = SessionRun.publishing()
        run.feed(ByteBuffer(bytes: bytes))
        #expect(run.error == nil)
        #expect(run.events.isEmpty)
    }

    /// 7: audio of one byte, of each value.
    @Test func audioOfOneByteDoesNoHarm() {
        var run = SessionRun.publishing()
        run.feed { client in
            for byte in 0...255 as ClosedRange<UInt8> {
                client.message(id: 4, type: .audio, payload: [byte])
                client.message(id: 4, type: .audio, payload: [byte, 0xFF])
            }
            client.message(id: 4, type: .audio, payload: [])
        }
        #expect(run.error == nil)
        #expect(run.session.isPublishing)
    }

    /// 11: a thousand frames with one time, or none.
    @Test func timesThatStandStillAreKept() {
        var run = SessionRun.publishing()
        run.feed { client in
            for _ in 0..<1000 { client.message(id: 4, time: 77, type: .audio, payload: [0x2F, 1]) }
        }
        #expect(run.audio.map(\.timestamp) == [Int64](repeating: 77, count: 1000))
    }

    /// 12: keys of every kind reach the shell as they are, and only there.
    @Test(arguments: ["../../etc/passwd", "a%00b", "a\r\nSet-Cookie: x", "k\u{0}e\u{0}y", "\u{202E}yek"])
    func oddKeysAreNotInterpreted(key: String) {
        var run = SessionRun()
        run.answer = { $0.refusePublish(.badName, description: "No.") }
        run.feed(ClientBytes.opening(key: key).bytes)
        guard case .publish(let request) = run.events.last else {
            Issue.record("no publish")
            return
        }
        #expect(request.streamKey == key.split(separator: "/").last.map(String.init))
        #expect(!"\(request)".contains("\r"))
    }

    /// 13: whatever a peer sends, answers stay below what it sent.
    @Test func answersStayBelowTheQuestions() {
        var run = SessionRun.publishing()
        var client = ClientBytes()
        client.control(.windowAcknowledgementSize, 1)
        for _ in 0..<5000 {
            client.ping(1)
            client.command(.string("_checkbw"), .number(1), .null)
            client.command(.string("play"), .number(1), .null)
            client.command(.string("publish"), .number(1), .null, .string("k"), stream: 1)
        }
        run.feed(client.bytes, pieceSize: 1500)
        #expect(run.error == nil)
        #expect(run.output.readableBytes < client.bytes.readableBytes / 2)
    }
}
