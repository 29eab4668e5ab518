import NIOCore
import Testing

@testable import RTMP

@Suite struct MetadataTests {
    private static func events(_ messages: [AMFValue]...) -> [FLVEvent] {
        var interpreter = FLVTagInterpreter()
        var events: [FLVEvent] = []
        for message in messages {
            interpreter.data(ByteBuffer(bytes: ClientBytes.amf(message)), isAMF3: false, into: &events)
        }
        return events
    }

    private static func object(_ name: String, _ text: String) -> AMFValue {
        .object(AMFObject(dictionaryLiteral: (name, .string(text))))
    }

    @Test func bothFormsOfTheMessageAreRead() {
        let metadata = AMFValue.object(["title": .string("T"), "artist": .string("A"), "Encoder": .string("E")])
        let expected = [FLVEvent.metadata(StreamMetadata(title: "T", artist: "A", encoder: "E"))]
        #expect(Self.events([.string("@setDataFrame"), .string("onMetaData"), metadata]) == expected)
        #expect(Self.events([.string("onMetaData"), metadata]) == expected)
        #expect(Self.events([.string("onTextData"), metadata]) == expected)
    }

    @Test(arguments: ["StreamTitle", "streamTitle"]) func streamTitlesHaveTwoSpellings(name: String) {
        #expect(
            Self.events([.string("onMetaData"), Self.object(name, "A - T")])
                == [.metadata(StreamMetadata(streamTitle: "A - T"))])
    }

    @Test(arguments: ["encoder", "Encoder", "encodername"]) func encoderNamesHaveThreeSpellings(name: String) {
        #expect(
            Self.events([.string("onMetaData"), Self.object(name, "E")]) == [.metadata(StreamMetadata(encoder: "E"))])
    }

    /// It can be updated in mid-stream; the same again says nothing.
    @Test func onlyChangesAreEvents() {
        let events = Self.events(
            [.string("onMetaData"), Self.object("title", "1")], [.string("onMetaData"), Self.object("title", "1")],
            [.string("onMetaData"), Self.object("title", "2")])
        #expect(events == [.metadata(StreamMetadata(title: "1")), .metadata(StreamMetadata(title: "2"))])
    }

    /// A song without a title is news after one that had one, and only then.
    @Test func metadataThatSaysNothingMoreIsAChange() {
        let events = Self.events(
            [.string("onMetaData"), .object(["width": .number(1)])],
            [.string("onMetaData"), Self.object("title", "1")],
            [.string("onMetaData"), Self.object("title", "")], [.string("onMetaData"), .object(["width": .number(2)])],
            [.string("onMetaData"), Self.object("artist", "Bob")])
        #expect(
            events == [
                .metadata(StreamMetadata(title: "1")), .metadata(StreamMetadata()),
                .metadata(StreamMetadata(artist: "Bob")),
            ])
    }

    /// Old encoders send the charset of Western Europe.
    @Test func textThatIsNotUTF8IsWindows1252() {
        var interpreter = FLVTagInterpreter()
        var events: [FLVEvent] = []
        var message = ByteBuffer(bytes: ClientBytes.amf([.string("onMetaData")]))
        message.writeBytes([3, 0, 5] + Array("title".utf8) + [2, 0, 5, 0x4D, 0xF6, 0x74, 0x96, 0x80, 0, 0, 9])
        interpreter.data(message, isAMF3: false, into: &events)
        #expect(events == [.metadata(StreamMetadata(title: "Möt–€"))])
    }

    @Test(arguments: ["|RtmpSampleAccess", "onCuePoint", "@clearDataFrame", "onFI"]) func otherDataMessagesAreIgnored(
        name: String
    ) {
        #expect(Self.events([.string(name), .boolean(true)], [.string("@setDataFrame"), .string(name)]) == [])
    }

    @Test func uselessMetadataIsNoEvent() {
        #expect(Self.events([.string("onMetaData")], [.string("onMetaData"), .null]) == [])
        #expect(
            Self.events([.string("onMetaData"), .object(["title": .number(1), "artist": .string(" \r\n")])]) == [])
    }

    /// Texts go to pages and logs.
    @Test func textsAreCleaned() {
        let text = "<b>\u{202E}\r\n" + String(repeating: "x", count: 1000)
        let events = Self.events([.string("onMetaData"), Self.object("title", text)])
        #expect(events == [.metadata(StreamMetadata(title: "<b> " + String(repeating: "x", count: 509)))])
    }

    /// A hint for display does not end a stream, whatever is wrong with it.
    @Test func metadataThatCannotBeReadIsIgnored() {
        #expect(Self.events([.number(1)]) == [.ignored(.data(.unexpectedType))])
        #expect(Self.events([]) == [.ignored(.data(.unexpectedType))])
        var run = SessionRun.publishing()
        run.feed { client in
            client.message(id: 4, type: .dataAMF0, payload: [2, 0, 99])
            client.message(id: 4, type: .dataAMF3, payload: [0])
            client.message(id: 4, type: .audio, payload: [0x2F, 1])
        }
        #expect(run.events.count == 3)
        #expect(run.error == nil)
    }
}
