import AudioTimeline
import NIOCore
import RTMP
import Testing

@testable import Ingest

/// What FLV and RTMP carry and nothing decodes is refused with its first frames.
struct UndecodableTagTests {
    private func refusal(_ tags: [AudioTag.Payload]) -> (sentence: String?, tags: Int) {
        var source = TagSource()
        for (index, payload) in tags.enumerated() {
            for item in source.items(of: AudioTag(timestamp: Int64(index * 20), payload: payload)) {
                if case .undecodable(let audio) = item { return (audio.sentence, index + 1) }
            }
        }
        return (nil, tags.count)
    }

    @Test(
        arguments: [
            ([0xF8, 0xE8, 0x50, 0x00], "AAC-ELD cannot be decoded; send AAC-LC or HE-AAC."),
            ([0xF9, 0x46, 0x40, 0x00], "xHE-AAC (USAC) cannot be decoded; send AAC-LC or HE-AAC."),
            ([0x1A, 0x10], "AAC-SSR cannot be decoded; send AAC-LC or HE-AAC."),
            ([0xFF, 0xFF], "AAC with unreadable set-up data cannot be decoded; send AAC-LC or HE-AAC."),
        ] as [([UInt8], String)])
    func kindsOfAACAreNamed(_ setup: [UInt8], _ sentence: String) {
        let frame = ByteBuffer(repeating: 0x21, count: 200)
        let found = refusal([.sequenceHeader(.aac, ByteBuffer(bytes: setup)), .frame(.aac, frame), .frame(.aac, frame)])
        #expect(found.sentence == sentence)
        #expect(found.tags == 2)
    }

    /// A header that nobody can read is no reason while a good one may follow.
    @Test func aLaterHeaderCounts() {
        let frame = ByteBuffer(repeating: 0x21, count: 200)
        let found = refusal([
            .sequenceHeader(.aac, ByteBuffer(bytes: [0xFF, 0xFF])),
            .sequenceHeader(.aac, ByteBuffer(bytes: [0x11, 0x90])),
            .frame(.aac, frame),
        ])
        #expect(found.sentence == nil)
    }

    @Test func flacOf32BitsIsRefused() {
        var information = [UInt8](repeating: 0, count: 34)
        information.replaceSubrange(10..<14, with: [0x0B, 0xB8, 0x03, 0xF0])
        let found = refusal([
            .sequenceHeader(.flac, ByteBuffer(bytes: information)),
            .frame(.flac, ByteBuffer(bytes: [0xFF, 0xF8, 0xC9])),
        ])
        #expect(found.sentence == "32-bit FLAC cannot be decoded; send 16 or 24 bits.")
    }

    @Test func freeFormatIsRefused() {
        let frame = ByteBuffer(bytes: [0xFF, 0xFB, 0x04, 0x00] + [UInt8](repeating: 0, count: 900))
        let found = refusal(.init(repeating: .frame(.mp3, frame), count: 10))
        #expect(found.sentence?.hasPrefix("Free-format MP3 cannot be decoded;") == true)
        #expect(found.tags == 3)
    }

    /// Layer II is told by its frames, also where FLV says MP3.
    @Test func layerTwoIsTold() {
        var source = TagSource()
        let frame = ByteBuffer(bytes: [0xFF, 0xFD, 0x84, 0x00] + [UInt8](repeating: 0, count: 380))
        let items = source.items(of: AudioTag(timestamp: 0, payload: .frame(.mp3, frame)))
        guard case .configured(let configuration)? = items.first else {
            Issue.record("no configuration in \(items)")
            return
        }
        #expect(configuration.codec == .mp2)
    }

    /// The names of codecs that FLV has, and we have not, with what RTMP can carry instead.
    @Test func codecsAreNamedWithWhatRTMPCarries() {
        let sentence = TagSource.refusal(ofCodec: "Speex").sentence
        #expect(sentence == "Speex cannot be decoded; send AAC, MP3, Opus or FLAC.")
    }
}
