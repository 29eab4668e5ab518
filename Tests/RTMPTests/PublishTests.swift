import NIOCore
import Testing

@testable import RTMP

@Suite struct PublishTests {
    private static let frame: [UInt8] = [0x2F, 0xFF, 0xFB, 1, 2]

    private static func refused(_ answer: @escaping (inout RTMPServerSession) -> Void) -> SessionRun {
        var run = SessionRun()
        run.answer = answer
        run.feed(ClientBytes.opening().bytes)
        return run
    }

    @Test(arguments: PublishRefusal.allCases) func refusalsCarryCodeAndDescription(code: PublishRefusal) throws {
        var run = Self.refused { $0.refusePublish(code, description: "No channel has this stream key.\r\nX: y") }
        let status = try #require(run.answers.last)
        #expect(status.header.streamID == 1)
        #expect(status.code == code.rawValue)
        #expect(status.command[3].object?["level"] == .string("error"))
        #expect(status.command[3].object?["description"] == .string("No channel has this stream key. X: y"))
        run.events = []
        run.feed { $0.message(id: 4, type: .audio, payload: Self.frame) }
        #expect(run.events.isEmpty)
        #expect(!run.session.isPublishing)
    }

    /// Nothing of the media is passed on before the answer; what encoders say only once is not lost.
    @Test func mediaWaitsForTheAnswer() {
        var run = SessionRun()
        run.answer = { _ in }
        var client = ClientBytes.opening()
        client.message(
            id: 4, type: .dataAMF0, payload: ClientBytes.amf([.string("onMetaData"), .object(["title": .string("A")])]))
        client.message(id: 4, type: .audio, payload: [0xAF, 0, 0x11, 0x90])
        client.message(id: 4, type: .audio, payload: [0xAF, 1, 1])
        client.message(id: 4, type: .video, payload: [1])
        run.feed(client.bytes)
        #expect(run.audio.isEmpty)
        run.events = []
        run.session.acceptPublish()
        run.feed { $0.message(id: 4, time: 5, type: .audio, payload: [0xAF, 1, 2]) }
        #expect(
            run.events == [
                .metadata(StreamMetadata(title: "A")),
                .audio(AudioTag(timestamp: 0, payload: .sequenceHeader(.aac, ByteBuffer(bytes: [0x11, 0x90])))),
                .audio(AudioTag(timestamp: 5, payload: .frame(.aac, ByteBuffer(bytes: [2])))),
            ])
    }

    /// What is kept before the answer is bounded.
    @Test func heldEventsAreFew() {
        var run = SessionRun()
        run.answer = { _ in }
        run.feed(ClientBytes.opening().bytes)
        run.feed { client in
            for index in 0..<100 {
                client.message(id: 4, type: .audio, payload: [0xAF, 0, 0x11, UInt8(index)])
            }
        }
        #expect(run.session.heldEvents.count == 16)
    }

    /// Hostile 12: an answer for a publish that was taken back is never taken for the next one.
    @Test func aLateAnswerDoesNotAcceptAnotherPublish() {
        var run = SessionRun()
        run.answer = { _ in }
        run.feed(ClientBytes.opening(key: "good").bytes)
        run.feed { client in
            client.command(.string("FCUnpublish"), .number(6), .null, .string("good"))
            client.command(.string("publish"), .number(7), .null, .string("bad"), stream: 1)
        }
        run.session.acceptPublish()
        #expect(!run.session.isPublishing)
        #expect(run.events.filter { if case .publish = $0 { true } else { false } }.count == 1)
        #expect(run.answers.last?.code == "NetStream.Publish.BadName")
        run.answer = { $0.acceptPublish() }
        run.feed { $0.command(.string("publish"), .number(8), .null, .string("other"), stream: 1) }
        #expect(run.session.isPublishing)
    }

    /// Hostile 12: a second publish is refused, the first goes on.
    @Test func aSecondPublishIsRefused() {
        var run = SessionRun.publishing()
        run.feed { client in
            client.command(.string("publish"), .number(9), .null, .string("demo-key"), stream: 2)
            client.message(id: 4, type: .audio, payload: Self.frame)
        }
        #expect(run.answers.map(\.code) == ["NetStream.Publish.BadName"])
        #expect(run.answers[0].header.streamID == 2)
        #expect(run.audio.count == 1)
    }

    /// Hostile 12: publish without createStream works with whatever message stream it names.
    @Test func publishWithoutCreateStreamIsTaken() {
        var client = ClientBytes()
        client.handshake()
        client.command(.string("connect"), .number(1), .object(["app": .string("live")]))
        client.command(.string("publish"), .number(0), .null, .string("k"), stream: 0)
        var run = SessionRun()
        run.feed(client.bytes)
        run.feed { $0.message(id: 4, type: .audio, stream: 0, payload: Self.frame) }
        #expect(run.audio.count == 1)
    }

    @Test(arguments: ["FCUnpublish", "deleteStream", "closeStream"]) func eachWayToEndIsACleanEnd(name: String) {
        var run = SessionRun.publishing()
        run.feed { $0.command(.string(name), .number(6), .null, .number(1), stream: 1) }
        #expect(run.events == [.unpublish])
        #expect(!run.session.isPublishing)
        #expect(run.output.readableBytes == 0)
    }

    /// Hostile 12.
    @Test func foreignStreamsAreNotDeleted() {
        var run = SessionRun.publishing()
        run.feed { client in
            for number in [2, 0, -1, 1.5, .nan, .infinity, 1e300] as [Double] {
                client.command(.string("deleteStream"), .number(6), .null, .number(number), stream: 1)
            }
            client.command(.string("deleteStream"), .number(6), .null)
            client.command(.string("closeStream"), .number(6), .null, stream: 3)
        }
        #expect(run.events.isEmpty)
        #expect(run.session.isPublishing)
    }

    /// Some encoders change the key on the same connection.
    @Test func publishMayFollowACleanEnd() {
        var run = SessionRun.publishing()
        run.feed { client in
            client.message(id: 4, time: 50_000, type: .audio, payload: Self.frame)
            client.command(.string("deleteStream"), .number(6), .null, .number(1))
            client.message(id: 4, type: .audio, payload: Self.frame)
            client.command(.string("createStream"), .number(7), .null)
            client.command(.string("publish"), .number(8), .null, .string("second"), stream: 2)
        }
        run.feed { $0.message(id: 4, time: 7, type: .audio, stream: 2, payload: Self.frame) }
        #expect(
            run.events == [
                .audio(AudioTag(timestamp: 50_000, payload: .frame(.mp3, ByteBuffer(bytes: Self.frame[1...])))),
                .unpublish, .ignored(.mediaOutsidePublication(messageStreamID: 1)),
                .publish(PublishRequest(application: "live", streamKey: "second")),
                .audio(AudioTag(timestamp: 7, payload: .frame(.mp3, ByteBuffer(bytes: Self.frame[1...])))),
            ])
    }

    /// Each publication is set up anew: its time is its own, and the decoder set-up of the last one is forgotten.
    @Test func aNewPublicationBeginsAfresh() {
        let header: [UInt8] = [0xAF, 0, 0x11, 0x90]
        var run = SessionRun.publishing()
        run.feed { client in
            client.message(id: 4, time: 0xFFFF_FFF0, type: .audio, payload: header)
            client.command(.string("deleteStream"), .number(0), .null, .number(1))
            client.command(.string("publish"), .number(0), .null, .string("k"), stream: 1)
        }
        run.feed { $0.message(id: 4, time: 5, type: .audio, payload: header) }
        #expect(run.audio.map(\.timestamp) == [0xFFFF_FFF0, 5])
    }

    /// Statement 25.
    @Test func mediaOfOtherMessageStreamsIsIgnored() {
        var run = SessionRun()
        var client = ClientBytes()
        client.handshake()
        client.command(.string("connect"), .number(1), .object([:]))
        client.command(.string("publish"), .number(0), .null, .string("k"), stream: 5)
        run.feed(client.bytes)
        run.events = []
        run.feed { client in
            for stream in [5, 0, 1, 7] as [UInt32] {
                client.message(id: 4, type: .audio, stream: stream, payload: Self.frame)
                client.message(id: 6, type: .video, stream: stream, payload: [1, 2])
            }
        }
        #expect(run.audio.count == 3)
        #expect(run.events.filter { $0 == .video(byteCount: 2) }.count == 3)
        #expect(run.events.filter { $0 == .ignored(.mediaOutsidePublication(messageStreamID: 7)) }.count == 2)
    }

    @Test func theServerEndsAPublication() {
        var run = SessionRun.publishing()
        run.session.endPublish(description: "Another encoder took over.")
        run.feed { $0.message(id: 4, type: .audio, payload: Self.frame) }
        #expect(run.events.isEmpty)
        let status = run.answers.last
        #expect(status?.code == "NetStream.Failed")
        #expect(status?.command[3].object?["level"] == .string("error"))
        #expect(status?.header.streamID == 1)
    }

    @Test func reconnectIsAskedOnlyOfWhoCan() {
        var run = SessionRun.publishing()
        #expect(!Self.askToReconnect(&run))

        run = SessionRun()
        var client = ClientBytes()
        client.handshake()
        client.command(.string("connect"), .number(1), .object(["app": .string("live"), "capsEx": .number(1)]))
        run.feed(client.bytes)
        #expect(Self.askToReconnect(&run))
        let status = ServerMessage.parse(run.session.takeOutput() ?? ByteBuffer()).last
        #expect(status?.code == "NetConnection.Connect.ReconnectRequest")
        #expect(status?.header.streamID == 0)
        #expect(status?.command[3].object?["tcUrl"] == .string("rtmp://other/live"))
        #expect(run.session.isHandshakeComplete)
    }

    private static func askToReconnect(_ run: inout SessionRun) -> Bool {
        run.session.requestReconnect(tcURL: "rtmp://other/live", description: "This server restarts.")
    }

    /// Hostile 12: a key of 64 KiB does not fit the limit of messages, one of 600 bytes not that of keys.
    @Test func longKeysAreRefusedWithASentence() {
        var run = SessionRun()
        run.feed(ClientBytes.opening(key: String(repeating: "k", count: 600)).bytes)
        #expect(run.error == .streamKeyTooLong(limit: 512))
        run = SessionRun()
        var client = ClientBytes.opening(key: "x")
        client.handshake()
        run.feed(ClientBytes.opening(key: String(repeating: "k", count: 65535)).bytes)
        guard case .messageTooLong(20, _, 16384) = run.error else {
            Issue.record("\(String(describing: run.error))")
            return
        }
    }

    /// The refusal is written before the session gives up.
    @Test func theRefusalOfALongKeyIsWritten() {
        var session = RTMPServerSession()
        var bytes = ClientBytes.opening(key: String(repeating: "k", count: 600)).bytes
        #expect(throws: RTMPError.self) { _ = try session.receive(&bytes) }
        let output = session.takeOutput() ?? ByteBuffer()
        #expect(ServerMessage.parse(output).last?.code == "NetStream.Publish.BadName")
    }
}
