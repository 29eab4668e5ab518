import Events
import Testing

struct EventEnvelopeTests {
    private static let ladder = [
        LadderRendition(name: "aac-128", codec: "aac", bitRate: 128_000),
        LadderRendition(name: "flac", codec: "flac", bitRate: nil),
    ]
    private static let stream = StreamState(
        streamID: "s1", channelID: "7", channelName: "demo", epoch: 3, startedAt: Timestamp(milliseconds: 1),
        ladder: ladder)

    /// One of every type, with every optional absent and present somewhere.
    static let events: [Event] = [
        .channelChanged(ChannelChanged(channelID: "7", name: "demo", title: "A \"b\" é", ownerID: "1", deleted: false)),
        .channelChanged(
            ChannelChanged(channelID: "7", name: "demo", title: "", ownerID: nil, recording: false, deleted: true)),
        .streamKeyChanged(
            StreamKeyChanged(
                keyID: "2", channelID: "7", channelName: "demo", sha256: "ab", label: "obs", expiresAt: nil,
                revokedAt: Timestamp(milliseconds: 5))),
        .streamKeyChanged(
            StreamKeyChanged(
                keyID: "2", channelID: "7", channelName: "demo", sha256: "ab", label: "",
                expiresAt: Timestamp(milliseconds: -5), revokedAt: nil)),
        .streamStarted(stream),
        .streamChanged(stream),
        .streamEnded(
            StreamEnded(
                streamID: "s1", channelID: "7", endedAt: Timestamp(milliseconds: 9), recordingAvailable: true)),
        .nowPlayingChanged(
            NowPlayingChanged(
                streamID: "s1", channelID: "7", title: "t", artist: nil, at: Timestamp(milliseconds: 2))),
        .nowPlayingChanged(
            NowPlayingChanged(
                streamID: "s1", channelID: "7", title: "t", artist: "a", at: Timestamp(milliseconds: 2))),
        .listenersCounted(ListenersCounted(process: "p", counts: ["7": 12, "8": 0])),
        .encodersAway(EncodersAway(process: "p", streamIDs: ["s1", "s2"])),
        .encodersAway(EncodersAway(process: "p", streamIDs: [])),
        .recordingCompleted(
            RecordingCompleted(
                streamID: "s1", channelID: "7", startedAt: Timestamp(milliseconds: 1), durationSamples: 48_000,
                ladder: ladder)),
        .recordingDeleted(RecordingDeleted(streamID: "s1", channelID: "7")),
        .replayRequested(ReplayRequested(owner: "accounts")),
    ]

    private func envelope(_ event: Event) -> EventEnvelope {
        EventEnvelope(id: "id", event: event, aggregateVersion: 4, occurredAt: Timestamp(milliseconds: 123))
    }

    @Test func everyTypeIsAmongTheEvents() {
        #expect(Set(Self.events.map(\.type)) == Set(EventType.allCases))
    }

    @Test(arguments: events)
    func comesBackAsItWentIn(event: Event) throws {
        let envelope = envelope(event)
        let decoded = try EventEnvelope(decoding: envelope.encoded())
        #expect(decoded == envelope)
        #expect(try decoded.decodeEvent() == .event(event))
    }

    /// The bytes are a contract with processes of other versions.
    @Test func theWireFormatIsThis() {
        let event = Event.channelChanged(
            ChannelChanged(channelID: "7", name: "demo", title: "Demo", ownerID: nil, deleted: false))
        #expect(
            String(decoding: envelope(event).encoded(), as: UTF8.self)
                == #"{"id":"id","type":"channel.changed","version":1,"aggregate":"channel/7","aggregateVersion":4,"#
                + #""occurredAt":123,"payload":{"channelID":"7","name":"demo","title":"Demo","ownerID":null,"#
                + #""recording":true,"deleted":false}}"#)
    }

    /// Who published before the field was there kept all recordings.
    @Test func aChannelThatSaysNothingOfRecordingsKeepsThem() throws {
        var envelope = envelope(Self.events[0])
        envelope.payload = ["channelID": "7", "name": "demo", "title": "t", "deleted": false]
        #expect(
            try envelope.decodeEvent()
                == .event(
                    .channelChanged(
                        ChannelChanged(
                            channelID: "7", name: "demo", title: "t", ownerID: nil, recording: true, deleted: false))))
    }

    @Test(arguments: events)
    func startEndAndChangesOfAStreamAreOneAggregate(event: Event) {
        switch event {
        case .streamStarted, .streamChanged, .streamEnded: #expect(event.aggregate == "stream/s1")
        case .channelChanged: #expect(event.aggregate == "channel/7")
        case .streamKeyChanged: #expect(event.aggregate == "streamKey/2")
        case .nowPlayingChanged: #expect(event.aggregate == "nowPlaying/s1")
        case .listenersCounted: #expect(event.aggregate == "listeners/p")
        case .encodersAway: #expect(event.aggregate == "encoders/p")
        case .recordingCompleted, .recordingDeleted: #expect(event.aggregate == "recording/s1")
        case .replayRequested: #expect(event.aggregate == "replay/accounts")
        }
    }

    @Test func whatANewerProgramTellsIsNamed() throws {
        var newer = envelope(Self.events[0])
        newer.version = 2
        #expect(try newer.decodeEvent() == .unknownVersion(.channelChanged, 2))
        newer.type = "channel.imagined"
        #expect(try newer.decodeEvent() == .unknownType("channel.imagined"))
    }

    @Test func whatIsMissingOrOfAnotherTypeIsNamed() throws {
        var envelope = envelope(Self.events[0])
        envelope.payload = ["channelID": "7", "name": "demo", "deleted": false]
        #expect(throws: EventError.missingField("title")) { try envelope.decodeEvent() }
        envelope.payload = ["channelID": 7, "name": "demo", "title": "", "deleted": false]
        #expect(throws: EventError.wrongType(field: "channelID")) { try envelope.decodeEvent() }
        envelope.payload = []
        #expect(throws: EventError.notAnObject) { try envelope.decodeEvent() }
        #expect(throws: EventError.missingField("id")) { try EventEnvelope(decoding: "{}".utf8) }
        #expect(throws: EventError.malformed(.unexpectedEnd)) { try EventEnvelope(decoding: "{".utf8) }
    }

    @Test func negativeCountsAreRefused() {
        var envelope = envelope(Self.events[0])
        envelope.type = "listeners.counted"
        envelope.payload = ["process": "p", "counts": ["7": -1]]
        #expect(throws: EventError.wrongType(field: "counts")) { try envelope.decodeEvent() }
    }

    @Test func moreThanTheMaximumSizeIsRefused() {
        let bytes = [UInt8](repeating: 0x20, count: EventEnvelope.maximumSize + 1)
        #expect(throws: EventError.tooLarge) { try EventEnvelope(decoding: bytes) }
    }

    @Test func idsAreRandomUUIDs() throws {
        var generator = SystemRandomNumberGenerator()
        let ids = (0..<1000).map { _ in EventEnvelope.makeID(using: &generator) }
        #expect(Set(ids).count == ids.count)
        let pattern = /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/
        for id in ids { #expect(id.wholeMatch(of: pattern) != nil, "\(id)") }
    }
}
