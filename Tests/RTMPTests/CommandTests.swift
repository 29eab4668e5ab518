import NIOCore
import Testing

@testable import RTMP

@Suite struct CommandTests {
    private static func connected() -> SessionRun {
        var run = SessionRun()
        var client = ClientBytes()
        client.handshake()
        client.command(.string("connect"), .number(1), .object(["app": .string("live")]))
        run.feed(client.bytes)
        run.events = []
        run.output = ByteBuffer()
        return run
    }

    @Test(arguments: ["publish", "createStream", "_checkbw", "play", ""]) func commandsBeforeConnectAreErrors(
        name: String
    ) {
        var run = SessionRun()
        var client = ClientBytes()
        client.handshake()
        client.command(.string(name), .number(1), .null, .string("k"))
        run.feed(client.bytes)
        #expect(run.error == .commandBeforeConnect)
    }

    @Test func connectHappensOnce() {
        var run = Self.connected()
        run.feed { $0.command(.string("connect"), .number(2), .object(["app": .string("other")])) }
        #expect(run.error == .repeatedConnect)
    }

    /// Hostile 6 and 12: fields cut off.
    @Test func optionalFieldsMayBeMissing() {
        var run = SessionRun()
        var client = ClientBytes()
        client.handshake()
        client.command(.string("connect"))
        client.command(.string("createStream"))
        client.command(.string("deleteStream"))
        client.command(.string("FCPublish"))
        client.command(.string("publish"), stream: 1)
        run.feed(client.bytes)
        #expect(run.error == nil)
        #expect(run.events.last == .publish(PublishRequest(application: "", streamKey: "")))
    }

    /// Unknown calls: some encoders wait for the answer. Transaction 0 wants none.
    @Test(arguments: ["_checkbw", "releaseStream", "FCPublish", "getStreamLength", "\u{0}\r\n"])
    func unknownCallsAreAnswered(name: String) {
        var run = Self.connected()
        run.feed { client in
            client.command(.string(name), .number(7), .null)
            client.command(.string(name), .number(0), .null)
        }
        #expect(run.answers.map(\.command) == [[.string("_result"), .number(7), .null, .null]])
    }

    /// Transactions are compared and echoed as they are.
    @Test(arguments: [Double.nan, .infinity, -1, 1e300, 0.5, -0.0]) func transactionsAreEchoedBitByBit(
        transaction: Double
    ) {
        var run = Self.connected()
        run.feed { $0.command(.string("createStream"), .number(transaction), .null) }
        #expect(run.answers.map { $0.command[1].number?.bitPattern } == [transaction.bitPattern])
    }

    /// Names are case-sensitive.
    @Test func otherSpellingsAreOtherCommands() {
        var run = Self.connected()
        run.feed { $0.command(.string("Publish"), .number(0), .null, .string("k"), stream: 1) }
        #expect(run.events.isEmpty)
    }

    @Test(arguments: ["_result", "_error", "onStatus"]) func answersToNoQuestionAreIgnored(name: String) {
        var run = Self.connected()
        run.feed { $0.command(.string(name), .number(1), .null) }
        #expect(run.output.readableBytes == 0)
        #expect(run.error == nil)
    }

    /// Hostile 12: publish, then play.
    @Test func playIsRefusedWithASentence() {
        var run = SessionRun.publishing()
        run.feed { $0.command(.string("play"), .number(0), .null, .string("demo-key"), stream: 1) }
        #expect(run.answers.map(\.code) == ["NetStream.Play.StreamNotFound"])
        #expect(run.events == [.ignored(.play)])
        #expect(run.session.isPublishing)
    }

    /// Hostile 6.
    @Test func commandsThatCannotBeReadAreErrors() {
        for (payload, error) in [([], .unexpectedType), ([5], .unexpectedType), ([2, 0, 9, 1], .truncated)]
            as [([UInt8], AMFError)]
        {
            var run = Self.connected()
            run.feed { $0.message(id: 3, type: .commandAMF0, stream: 0, payload: payload) }
            #expect(run.error == .malformedCommand(error))
            var other = Self.connected()
            other.feed {
                $0.message(id: 3, type: .commandAMF3, stream: 0, payload: payload.isEmpty ? [] : [0] + payload)
            }
            #expect(other.error == .malformedCommand(error))
        }
    }

    /// What was said before an error in the same bytes is not lost.
    @Test func eventsBeforeAnErrorAreKept() {
        var run = SessionRun.publishing()
        run.feed { client in
            client.message(id: 4, type: .audio, payload: [0x2F, 1])
            client.command(.string("deleteStream"), .number(0), .null, .number(1))
            client.control(.setChunkSize, 0)
        }
        #expect(
            run.events == [.audio(AudioTag(timestamp: 0, payload: .frame(.mp3, ByteBuffer(bytes: [1])))), .unpublish])
        #expect(run.error == .chunkSizeOutOfRange(0))
    }

    @Test func everyErrorSaysSomething() {
        let errors: [RTMPError] = [
            .notRTMP(firstByte: 1), .encryptedRTMP(version: 6), .chunkSizeOutOfRange(0),
            .chunkStreamNotOpened(chunkStreamID: 3), .messageInterrupted(chunkStreamID: 3),
            .tooManyChunkStreams(limit: 1), .messageTooLong(messageType: 8, byteCount: 2, limit: 1),
            .tooManyUnfinishedMessages(limit: 1), .controlMessageTooShort(messageType: 1),
            .malformedCommand(.truncated), .commandBeforeConnect, .repeatedConnect, .tooManyMessageStreams(limit: 1),
            .tooManyUnknownMessages(limit: 1), .tooMuchBeforePublish(limit: 1), .streamKeyTooLong(limit: 1),
            .outputNotTaken(limit: 1),
        ]
        #expect(Set(errors.map(\.description)).count == errors.count)
        #expect(errors.allSatisfy { $0.description.hasSuffix(".") })
    }
}
