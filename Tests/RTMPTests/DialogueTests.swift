import NIOCore
import Testing

@testable import RTMP

/// Whole sessions as encoders hold them, step by step; each step waits for the server's answers.
@Suite struct DialogueTests {
    @Test(arguments: [Int.max, 1, 7, 1460]) func obsPublishes(pieceSize: Int) throws {
        var run = SessionRun()
        for step in EncoderDialogue.obs() { run.feed(step, pieceSize: pieceSize) }
        #expect(run.error == nil)

        guard case .connected(let connect) = run.events.first else {
            Issue.record("not connected")
            return
        }
        #expect(connect.application == "live")
        #expect(connect.flashVersion == "FMLE/3.0 (compatible; FMSc/1.0)")
        #expect(run.events[1] == .publish(PublishRequest(application: "live", streamKey: "demo-key")))
        #expect(run.events[2] == .metadata(StreamMetadata(encoder: "obs-output module")))
        #expect(run.audio.count == 21)
        #expect(run.audio[0].payload == .sequenceHeader(.aac, ByteBuffer(bytes: [0x11, 0x90])))
        #expect(run.audio.last?.payload == .frame(.aac, ByteBuffer(repeating: 19, count: 300)))
        // Times of video on the same chunk stream count too.
        let times: [Int64] = (1...20).map { (frame: Int64) -> Int64 in frame * 21 + (frame + 2) / 3 }
        #expect(run.audio.dropFirst().map(\.timestamp) == times)
        #expect(run.events.filter { if case .video = $0 { true } else { false } }.count == 21)
        #expect(run.events.filter { $0 == .unpublish }.count == 1)
        #expect(run.events.last == .unpublish)
    }

    /// The order and content of what the server says.
    @Test func obsGetsTheAnswersThatItWaitsFor() throws {
        var run = SessionRun()
        let steps = EncoderDialogue.obs()
        run.feed(steps[0])
        var answers = run.answers
        #expect(
            answers.map(\.type) == [.windowAcknowledgementSize, .setPeerBandwidth, .commandAMF0],
            "the chunk reader obeys SetChunkSize itself")
        #expect(answers[2].command.first?.string == "_result")
        #expect(answers[2].command[1] == .number(1))
        #expect(answers[2].code == "NetConnection.Connect.Success")
        let information = try #require(answers[2].command[3].object)
        #expect(information["level"] == .string("status"))
        #expect(information["objectEncoding"] == .number(0))
        #expect(information["fourCcList"]?.array?.contains(.string("Opus")) == true)
        #expect(information["audioFourCcInfoMap"]?.object?["fLaC"] == .number(1))
        #expect(information["capsEx"] == .number(15))

        run.output = ByteBuffer()
        run.feed(steps[1])
        answers = run.answers
        #expect(answers.map { $0.command[1].number } == [2, 3, 4])
        #expect(answers[2].command == [.string("_result"), .number(4), .null, .number(1)])

        run.output = ByteBuffer()
        run.feed(steps[2])
        answers = run.answers
        #expect(answers.count == 1)
        #expect(answers[0].header.streamID == 1)
        #expect(answers[0].command.prefix(3) == [.string("onStatus"), .number(0), .null])
        #expect(answers[0].code == "NetStream.Publish.Start")
        #expect(answers[0].command[3].object?["level"] == .string("status"))

        run.output = ByteBuffer()
        run.feed(steps[4])
        #expect(run.output.readableBytes == 0)
    }

    /// OBS keeps arrays up to the highest chunk stream id and reads no extended timestamps on type 3.
    @Test func serverMessagesAreEasyToRead() throws {
        var run = SessionRun()
        for step in EncoderDialogue.obs() { run.feed(step) }
        var bytes = run.output
        bytes.moveReaderIndex(forwardBy: ClientBytes.handshakeSize)
        while bytes.readableBytes > 0 {
            let header = try #require(ChunkBasicHeader(at: bytes.readerIndex, of: bytes))
            #expect(header.format == 0)
            #expect((2...5).contains(header.chunkStreamID))
            let message = try #require(ChunkMessageHeader(format: 0, at: bytes.readerIndex + 1, of: bytes))
            #expect(message.timestamp == 0)
            bytes.moveReaderIndex(forwardBy: 12 + (message.length ?? 0))
        }
    }

    /// SetChunkSize comes before any answer of more than 128 bytes.
    @Test func chunkSizeIsAnnouncedBeforeTheFirstLongAnswer() throws {
        var run = SessionRun()
        run.feed(EncoderDialogue.obs()[0])
        let bytes = Array(run.output.readableBytesView.dropFirst(ClientBytes.handshakeSize))
        // WindowAckSize 16 bytes, SetPeerBandwidth 17 bytes, SetChunkSize 16 bytes.
        #expect(bytes[33..<49] == [2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 1, 0, 0])
    }

    /// FFmpeg: chunks of 128 bytes, echoes the server's chunk size, spreads over chunk streams 3, 4 and 8.
    @Test(arguments: [Int.max, 1, 100]) func ffmpegPublishes(pieceSize: Int) {
        var hello = ClientBytes()
        hello.handshake()
        hello.command(
            .string("connect"), .number(1),
            .object([
                "app": .string("live"), "type": .string("nonprivate"),
                "flashVer": .string("FMLE/3.0 (compatible; Lavf61.1.100)"), "tcUrl": .string("rtmp://host/live"),
                "fourCcList": .array([.string("Opus"), .string("fLaC")]),
            ]))
        var create = ClientBytes()
        create.control(.setChunkSize, 65536)
        create.command(.string("releaseStream"), .number(2), .null, .string("demo-key"))
        create.command(.string("FCPublish"), .number(3), .null, .string("demo-key"))
        create.command(.string("createStream"), .number(4), .null)
        var publish = ClientBytes()
        publish.command(
            .string("publish"), .number(5), .null, .string("demo-key?user=u"), .string("live"), id: 8, stream: 1)
        var media = ClientBytes()
        media.message(id: 4, type: .audio, payload: [0x90] + Array("Opus".utf8), chunkSize: 65536)
        media.message(
            id: 4, format: 1, time: 0, type: .audio, payload: [0x91] + Array("Opus".utf8) + [0xFC, 1, 2],
            chunkSize: 65536)
        media.chunk(format: 2, id: 4, time: 20, payload: [0x91] + Array("Opus".utf8) + [0xFC, 3, 4])
        media.chunk(format: 3, id: 4, payload: [0x91] + Array("Opus".utf8) + [0xFC, 5, 6])
        var run = SessionRun()
        for step in [hello, create, publish, media] { run.feed(step.bytes, pieceSize: pieceSize) }
        #expect(run.error == nil)
        guard case .connected(let connect) = run.events.first else {
            Issue.record("not connected")
            return
        }
        #expect(connect.fourCCs == ["Opus", "fLaC"])
        let query = [PublishRequest.QueryItem(name: "user", value: "u")]
        #expect(
            run.events[1]
                == .publish(PublishRequest(application: "live", streamKey: "demo-key", query: query)))
        #expect(run.audio.map(\.timestamp) == [0, 0, 20, 40])
        #expect(run.audio.last?.payload == .frame(.opus, ByteBuffer(bytes: [0xFC, 5, 6])))
    }
}
