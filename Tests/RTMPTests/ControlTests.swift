import NIOCore
import Testing

@testable import RTMP

@Suite struct ControlTests {
    /// Statement 21.
    @Test func pingsAreAnsweredWithTheirData() {
        var run = SessionRun.publishing()
        run.feed { $0.ping(0xCAFE_F00D) }
        #expect(run.answers.map(\.type) == [.userControl])
        #expect(run.answers[0].payload == ByteBuffer(bytes: [0, 7, 0xCA, 0xFE, 0xF0, 0x0D]))
    }

    /// Statement 21, hostile 7.
    @Test func otherUserControlIsIgnored() {
        var run = SessionRun.publishing()
        run.feed { client in
            for payload in [[], [0], [0, 3], [0, 3, 0, 0, 0, 1, 0, 0, 0, 100], [0, 6], [0, 6, 1, 2, 3], [0, 99]]
                as [[UInt8]]
            {
                client.message(id: 2, type: .userControl, stream: 0, payload: payload)
            }
        }
        #expect(run.error == nil)
        #expect(run.output.readableBytes == 0)
        #expect(run.events == [RTMPEvent](repeating: .ignored(.control(messageType: 4)), count: 4))
    }

    /// Hostile 5: a flood of pings is answered only as far as its bytes pay for it.
    @Test func pingFloodsAreNotAmplified() {
        var run = SessionRun.publishing()
        var client = ClientBytes()
        client.ping(0)
        for _ in 0..<20_000 { client.chunk(format: 3, id: 2, payload: [0, 6, 0, 0, 0, 1]) }
        let sent = client.bytes.readableBytes
        run.feed(client.bytes, pieceSize: 4096)
        #expect(run.error == nil)
        #expect(run.answers.count <= 64 + (sent + 4096) / 1024 + 10)
        #expect(run.output.readableBytes < sent / 10)
    }

    /// An acknowledgement at half the window, counted from the first byte of the handshake.
    @Test func receivedBytesAreAcknowledged() {
        var run = SessionRun()
        let opening = ClientBytes.opening().bytes
        run.feed(opening)
        run.output = ByteBuffer()
        run.feed { $0.control(.windowAcknowledgementSize, 100_000) }
        run.feed { client in
            for _ in 0..<500 { client.message(id: 6, type: .video, payload: [UInt8](repeating: 0, count: 128)) }
        }
        let received = opening.readableBytes + 16 + 500 * 140
        #expect(run.answers.map(\.type) == [.acknowledgement])
        #expect(run.answers[0].payload == ByteBuffer(integer: UInt32(received)))
    }

    /// Hostile 5: windows of 0 and 1 do not cause an acknowledgement per byte.
    @Test(arguments: [0, 1, 0xFFFF_FFFF] as [UInt32]) func oddWindowsDoNotAmplify(window: UInt32) {
        var run = SessionRun.publishing()
        run.feed { $0.control(.windowAcknowledgementSize, window) }
        var client = ClientBytes()
        for _ in 0..<1000 { client.message(id: 6, type: .video, payload: [UInt8](repeating: 0, count: 128)) }
        run.feed(client.bytes, pieceSize: 100)
        let most = window == 0xFFFF_FFFF ? 0 : 140_000 / (16 * 1024) + 1
        #expect(run.answers.count <= most)
        #expect(window == 0xFFFF_FFFF || !run.answers.isEmpty)
    }

    /// Counters wrap at 2^32.
    @Test func acknowledgementsWrap() {
        var answers = ServerAnswers(limits: RTMPLimits())
        answers.countReceived(0xFFFF_FFFF)
        answers.acknowledgeIfDue()
        answers.countReceived(2_000_000)
        answers.acknowledgeIfDue()
        let output = answers.takeOutput() ?? ByteBuffer()
        let payloads = ServerMessage.parse(output).map(\.payload)
        #expect(payloads == [ByteBuffer(integer: UInt32.max), ByteBuffer(integer: UInt32(1_999_999))])
    }

    /// Hostile 5 and 7: short control messages that do no harm.
    @Test func shortWindowSizesAreIgnored() {
        var run = SessionRun.publishing()
        run.feed { client in
            client.message(id: 2, type: .windowAcknowledgementSize, stream: 0, payload: [1, 2])
            client.message(id: 2, type: .acknowledgement, stream: 0, payload: [])
            client.message(id: 2, type: .setPeerBandwidth, stream: 0, payload: [1])
        }
        #expect(run.events == [.ignored(.control(messageType: 5))])
        #expect(run.error == nil)
    }

    /// Statement 19.
    @Test func unknownTypesAreIgnoredUpToACount() {
        var limits = RTMPLimits()
        limits.unknownMessages = 5
        var run = SessionRun.publishing(limits: limits)
        run.feed { client in
            for _ in 0..<6 { client.chunk(format: 0, id: 4, length: 1, type: 50, payload: [1]) }
        }
        #expect(run.events.count == 5)
        #expect(run.error == .tooManyUnknownMessages(limit: 5))
    }

    /// Hostile 5.
    @Test func streamsAreCreatedOnlySoOften() {
        var run = SessionRun.publishing()
        run.feed { client in
            for number in 0..<100 { client.command(.string("createStream"), .number(Double(number)), .null) }
        }
        #expect(run.error == .tooManyMessageStreams(limit: 16))
        #expect(run.answers.count == 15)
    }

    /// Hostile 5: deleting does not lift the bound on answers.
    @Test func creatingAndDeletingIsBoundedToo() {
        var run = SessionRun.publishing()
        run.feed { client in
            for number in 2..<2000 {
                client.command(.string("createStream"), .number(1), .null)
                client.command(.string("deleteStream"), .number(0), .null, .number(Double(number)))
            }
        }
        #expect(run.error == .tooManyMessageStreams(limit: 16))
        #expect(run.answers.count < 300)
    }

    /// Hostile 13: a peer that never reads.
    @Test func outputThatNobodyTakesIsBounded() {
        var limits = RTMPLimits()
        limits.pendingOutputBytes = 5000
        limits.unearnedAnswers = 1000
        var session = RTMPServerSession(limits: limits)
        var bytes = ClientBytes.opening().bytes
        #expect(throws: Never.self) { _ = try session.receive(&bytes) }
        var flood = ClientBytes()
        for _ in 0..<100 { flood.ping(1) }
        #expect(throws: RTMPError.outputNotTaken(limit: 5000)) { _ = try session.receive(&flood.bytes) }
    }

    /// Hostile 1: a peer that talks without ever publishing.
    @Test func bytesWithoutPublishAreBounded() {
        var limits = RTMPLimits()
        limits.bytesWithoutPublish = 10_000
        var run = SessionRun(limits: limits)
        run.answer = { _ in }
        run.feed(ClientBytes.opening().bytes)
        #expect(run.error == nil)
        run.feed { client in
            for _ in 0..<100 { client.message(id: 6, type: .video, payload: [UInt8](repeating: 0, count: 128)) }
        }
        #expect(run.error == .tooMuchBeforePublish(limit: 10_000))
    }
}
