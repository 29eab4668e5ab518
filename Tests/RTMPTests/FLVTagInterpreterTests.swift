import NIOCore
import Testing

@testable import RTMP

@Suite struct FLVTagInterpreterTests {
    private static func events(_ payloads: [(UInt32, [UInt8])]) -> [FLVEvent] {
        var interpreter = FLVTagInterpreter()
        var events: [FLVEvent] = []
        for (time, payload) in payloads {
            interpreter.audio(ByteBuffer(bytes: payload), timestamp: time, into: &events)
        }
        return events
    }

    private static func audio(_ time: Int64, _ payload: AudioTag.Payload, track: Int = 0) -> FLVEvent {
        .audio(AudioTag(timestamp: time, track: track, payload: payload))
    }

    private static func bytes(_ bytes: UInt8...) -> ByteBuffer { ByteBuffer(bytes: bytes) }

    /// Identical sequence headers say nothing; other bytes are a change.
    @Test func repeatedSequenceHeadersAreDropped() {
        let events = Self.events([
            (0, [0xAF, 0]), (0, [0xAF, 0, 0x11, 0x90]), (1, [0xAF, 1, 1]), (2, [0xAF, 0, 0x11, 0x90]),
            (3, [0xAF, 0, 0x12, 0x10]), (4, [0xAF, 1, 2]), (5, [0xAF, 0, 0x11, 0x90]),
        ])
        #expect(
            events == [
                Self.audio(0, .sequenceHeader(.aac, Self.bytes(0x11, 0x90))),
                Self.audio(1, .frame(.aac, Self.bytes(1))),
                Self.audio(3, .sequenceHeader(.aac, Self.bytes(0x12, 0x10))),
                Self.audio(4, .frame(.aac, Self.bytes(2))),
                Self.audio(5, .sequenceHeader(.aac, Self.bytes(0x11, 0x90))),
            ])
    }

    /// The legacy and the enhanced form set up the same decoder.
    @Test func bothFormsOfAACAreOne() {
        let events = Self.events([
            (0, [0xAF, 0, 0x11, 0x90]), (1, [0x90] + Array("mp4a".utf8) + [0x11, 0x90]),
            (2, [0x91] + Array("mp4a".utf8) + [1]),
        ])
        #expect(events.count == 2)
    }

    /// After another codec or the end of a sequence the same header is news again.
    @Test func headersAreForgottenWithTheirCodec() {
        let header: [UInt8] = [0xAF, 0, 0x11, 0x90]
        #expect(Self.events([(0, header), (1, [0x2F, 1]), (2, header)]).count == 3)
        #expect(Self.events([(0, header), (1, [0x92] + Array("mp4a".utf8)), (2, header)]).count == 3)
        #expect(
            Self.events([(0, header), (1, [0x2F, 1]), (2, [0xAF, 1, 1])]).last
                == .ignored(.frameBeforeSequenceHeader(.aac, track: 0)))
    }

    /// Raw AAC before any header is dropped, and an error after five seconds; said once.
    @Test func audioWithoutItsHeaderIsAnErrorAfterFiveSeconds() {
        let events = Self.events((0...400).map { (UInt32($0 * 20), [0xAF, 1, 7]) })
        let said = events.filter { $0 == .missingSequenceHeader(.aac) }
        #expect(said.count == 1)
        #expect(events.firstIndex(of: .missingSequenceHeader(.aac)) == 251)
        #expect(events.count == 402)
    }

    /// Also where the encoder's time stands still.
    @Test func audioWithoutItsHeaderIsAnErrorAfterManyFrames() {
        let events = Self.events((0..<600).map { _ in (0, [0xAF, 1, 7]) })
        #expect(events.filter { $0 == .missingSequenceHeader(.aac) }.count == 1)
        let late = Self.events(
            (0..<400).map { _ in (0, [0xAF, 1, 7]) } + [(0, [0xAF, 0, 0x11, 0x90]), (0, [0xAF, 1, 7])])
        #expect(!late.contains(.missingSequenceHeader(.aac)))
        #expect(late.last == Self.audio(0, .frame(.aac, Self.bytes(7))))
    }

    /// Opus, MP3 and Dolby describe themselves; FLAC does not.
    @Test func onlySomeCodecsNeedAHeader() {
        for codec in FLVAudioCodec.allCases {
            let events = Self.events([(0, [0x91] + Array(codec.rawValue.utf8) + [1])])
            let expected =
                [.aac, .flac].contains(codec)
                ? FLVEvent.ignored(.frameBeforeSequenceHeader(codec, track: 0))
                : Self.audio(0, .frame(codec, Self.bytes(1)))
            #expect(events == [expected])
        }
    }

    /// An unsupported codec is said once, and only of the default track.
    @Test func unsupportedCodecsAreSaidOnce() {
        let speex: [UInt8] = [0xB2, 1]
        let track1: [UInt8] = [0x95, 0x01] + Array("vrbs".utf8) + [1, 9]
        #expect(
            Self.events([(0, track1), (0, speex), (1, speex), (2, track1)]) == [
                .ignored(.unsupportedTrack(name: "FourCC vrbs", track: 1)), .unsupportedCodec(name: "Speex"),
                .ignored(.unsupportedTrack(name: "FourCC vrbs", track: 1)),
            ])
    }

    /// OBS: track 0 in the legacy form, the others as Multitrack; each has its own header.
    @Test func tracksAreSetUpOneByOne() {
        func track(_ type: UInt8, _ number: UInt8, _ body: UInt8...) -> [UInt8] {
            [0x95, type] + Array("mp4a".utf8) + [number] + body
        }
        let events = Self.events([
            (0, [0xAF, 0, 0x11, 0x90]), (0, track(0, 1, 0x11, 0x90)), (0, track(1, 2, 1)), (0, track(1, 1, 2)),
            (0, track(0, 1, 0x11, 0x90)),
        ])
        #expect(
            events == [
                Self.audio(0, .sequenceHeader(.aac, Self.bytes(0x11, 0x90))),
                Self.audio(0, .sequenceHeader(.aac, Self.bytes(0x11, 0x90)), track: 1),
                .ignored(.frameBeforeSequenceHeader(.aac, track: 2)),
                Self.audio(0, .frame(.aac, Self.bytes(2)), track: 1),
            ])
    }

    /// Hostile 9: 256 tracks over many messages.
    @Test func tracksOfAConnectionAreCapped() {
        let events = Self.events((0...255).map { (0, [0x95, 0x01] + Array("Opus".utf8) + [UInt8($0), 1]) })
        #expect(events.filter { if case .audio = $0 { true } else { false } }.count == 8)
        #expect(events.filter { $0 == .ignored(.audio(.tooManyTracks)) }.count == 248)
    }

    /// What stood before the fault in a message is good.
    @Test func tracksBeforeAFaultAreKept() {
        let events = Self.events([(0, [0x95, 0x11] + Array("Opus".utf8) + [0, 0, 0, 1, 5, 1, 0, 0, 9, 1])])
        #expect(events == [Self.audio(0, .frame(.opus, Self.bytes(5))), .ignored(.audio(.truncated))])
    }

    /// ADTS in place of raw access units: AAC-LC, 44.1 kHz, stereo; with and without CRC.
    @Test func adtsHeadersAreTakenOff() {
        let plain: [UInt8] = [0xFF, 0xF1, 0x50, 0x80, 0x01, 0x3F, 0xFC, 1, 2]
        let protected: [UInt8] = [0xFF, 0xF0, 0x50, 0x80, 0x01, 0x5F, 0xFC, 0xAA, 0xAA, 3]
        let events = Self.events([(0, [0xAF, 1] + plain + protected), (23, [0xAF, 1] + plain)])
        #expect(
            events == [
                Self.audio(0, .sequenceHeader(.aac, Self.bytes(0x12, 0x10))),
                Self.audio(0, .frame(.aac, Self.bytes(1, 2))),
                Self.audio(0, .frame(.aac, Self.bytes(3))), Self.audio(23, .frame(.aac, Self.bytes(1, 2))),
            ])
        let known = Self.events([(0, [0xAF, 0, 0x13, 0x10]), (0, [0xAF, 1] + plain)])
        #expect(known.count == 2, "a header that the encoder sent is not replaced")
    }

    @Test(
        arguments: [
            [0xFF, 0xF1, 0x50, 0x80, 0x01, 0x3F], [0xFF, 0xF1, 0x50, 0x80, 0x00, 0x1F, 0xFC, 1, 2],
            [0xFF, 0xF1, 0x50, 0x80, 0x01, 0x3F, 0xFC, 1, 2, 3], [0xFF, 0xF1, 0x50, 0x80, 0x00, 0xFF, 0xFC],
            [0xFF, 0xFB, 0x50],
        ] as [[UInt8]])
    func whatIsNotWhollyADTSIsLeft(body: [UInt8]) {
        let events = Self.events([(0, [0xAF, 0, 0x11, 0x90]), (0, [0xAF, 1] + body)])
        #expect(events.last == Self.audio(0, .frame(.aac, ByteBuffer(bytes: body))))
    }
}
