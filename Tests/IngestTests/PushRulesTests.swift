import AudioTimeline
import NIOCore
import RTMP
import Testing

@testable import Ingest

struct PushRulesTests {
    /// Three takeovers in ten seconds are let through, then none for a minute.
    @Test func takeoverStormsAreStopped() {
        let second: Int64 = 1_000_000_000
        var takeovers = TakeoverGuard()
        let answers = [0, 1, 2, 3, 62, 63].map { takeovers.allows(at: $0 * second) }
        #expect(answers == [true, true, true, false, false, true])
        var slow = TakeoverGuard()
        let rare = (0..<100).map { slow.allows(at: $0 * 5 * second) }
        #expect(!rare.contains(false))
    }

    @Test func nowPlayingIsCleaned() {
        let dirty = NowPlaying(
            title: "A\u{0}\r\n\u{202E}B\u{2028}\u{061C}C", artist: String(repeating: "é", count: 500))
        #expect(dirty.cleaned.title == "ABC")
        #expect(dirty.cleaned.artist.count == 200)
        let marks = NowPlaying(title: "e" + String(repeating: "\u{301}", count: 100_000))
        #expect(marks.cleaned.title.utf8.count <= 4_000)
        let ordinary = NowPlaying(title: "日本語 – 👩‍👩‍👧", artist: "Mötley <b>Crüe</b>")
        #expect(ordinary.cleaned == ordinary)
    }
}

struct TagSourceTests {
    private let asc = ByteBuffer(bytes: [0x12, 0x10])

    private func items(_ source: inout TagSource, _ payload: AudioTag.Payload, at time: Int64 = 0) -> [TagSource.Item] {
        source.items(of: AudioTag(timestamp: time, payload: payload))
    }

    private func configurations(_ items: [TagSource.Item]) -> [CodecConfiguration] {
        items.compactMap { if case .configured(let configuration) = $0 { configuration } else { nil } }
    }

    private func timestamps(_ items: [TagSource.Item]) -> [Int64] {
        items.compactMap { if case .packet(_, let timestamp) = $0 { timestamp?.nanoseconds } else { nil } }
    }

    /// A configuration comes with the first packet that needs it, again only when it changes.
    @Test func configurationsComeWithTheirFirstPacket() {
        var source = TagSource()
        #expect(items(&source, .sequenceHeader(.aac, asc)).isEmpty)
        let first = items(&source, .frame(.aac, ByteBuffer(bytes: [1])), at: 23)
        #expect(configurations(first).map(\.sampleRate) == [44_100])
        #expect(timestamps(first) == [23_000_000])
        #expect(configurations(items(&source, .frame(.aac, ByteBuffer(bytes: [2])))).isEmpty)
        _ = items(&source, .sequenceHeader(.aac, ByteBuffer(bytes: [0x11, 0x90])))
        #expect(configurations(items(&source, .frame(.aac, ByteBuffer(bytes: [3])))).map(\.sampleRate) == [48_000])
    }

    /// MP3 frames are cut out of tags that hold several or parts; their own header tells the rate.
    @Test func mpegFramesAreCutOut() {
        var frame: [UInt8] = [0xFF, 0xFB, 0x94, 0x00]
        frame += [UInt8](repeating: 1, count: 380)
        var source = TagSource()
        let both = items(&source, .frame(.mp3, ByteBuffer(bytes: frame + frame + frame[..<100])), at: 10)
        #expect(configurations(both).map(\.sampleRate) == [48_000])
        #expect(timestamps(both) == [10_000_000, 10_000_000])
        #expect(timestamps(items(&source, .frame(.mp3, ByteBuffer(bytes: frame[100...])), at: 40)).count == 1)
    }

    @Test func unreadableSetUpConfiguresNothing() {
        var source = TagSource()
        _ = items(&source, .sequenceHeader(.aac, ByteBuffer()))
        #expect(configurations(items(&source, .frame(.aac, ByteBuffer(bytes: [1])))).isEmpty)
        _ = items(&source, .sequenceHeader(.flac, ByteBuffer(bytes: [UInt8](repeating: 0, count: 34))))
        #expect(configurations(items(&source, .frame(.flac, ByteBuffer(bytes: [1])))).isEmpty)
        #expect(configurations(items(&source, .frame(.mp3, ByteBuffer()))).isEmpty)
        #expect(configurations(items(&source, .frame(.ac3, ByteBuffer(bytes: [0x0B])))).isEmpty)
    }

    /// Opus without a header is stereo without pre-skip; other tracks are left out; the end is told.
    @Test func otherTags() {
        var source = TagSource()
        let opus = configurations(items(&source, .frame(.opus, ByteBuffer(bytes: [0xFC, 1]))))
        #expect(opus.map(\.channels) == [2] && opus.map(\.sampleRate) == [48_000])
        #expect(source.items(of: AudioTag(timestamp: 0, track: 1, payload: .frame(.opus, ByteBuffer()))).isEmpty)
        guard case .ended? = items(&source, .end).first else {
            Issue.record("the end is not told")
            return
        }
    }
}
