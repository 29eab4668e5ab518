import NIOCore
import TestSupport
import Testing

@testable import Ingest

/// Inputs of which each ended the process of November: times so far away that they overflow whoever reckons with them.
struct CrashInputTests {
    private func run(_ body: @escaping @Sendable (inout WholePush) throws -> Void) async throws -> VirtualSink {
        try await onThread {
            let sink = VirtualSink(seed: 1)
            sink.connect(.realTime)
            var push = WholePush(sink: sink, random: SplitMix64(seed: 1))
            try body(&push)
            return sink
        }
    }

    private func expectSound(_ sink: VirtualSink, placing least: Int) {
        #expect(sink.complaints.isEmpty, "\(sink.complaints)")
        #expect(sink.placed >= least, "\(sink.placed)")
    }

    /// The audio goes on as if the page had no time.
    @Test(arguments: [1 << 55, (1 << 56) - 1, 1 << 56, 1 << 62, .max, .min, -2] as [Int64])
    func granulesOfOgg(granule: Int64) async throws {
        var pages = PushBytes.oggPages(try PushBytes.fixture("ogg-opus-48000-stereo.opus"))
        for index in pages.indices.dropFirst(3) { PushBytes.setGranule(granule, of: &pages[index]) }
        let bytes = pages.flatMap { $0 }
        expectSound(try await run { try $0.body(bytes, contentType: "audio/ogg", endsCleanly: true) }, placing: 120)
    }

    @Test(arguments: [(1 << 62) / 1_000, 1 << 62, .max, -1] as [Int])
    func clustersOfMatroska(time: Int) async throws {
        var bytes = try PushBytes.fixture("webm-opus-48000-stereo.webm")
        let clusters = PushBytes.offsets(of: [0x1F, 0x43, 0xB6, 0x75], in: bytes)
        #expect(!clusters.isEmpty)
        for offset in clusters.reversed() {
            let place = try #require((offset + 4..<offset + 20).first { bytes[$0] == 0xE7 })
            let length = Int(bytes[place + 1] & 0x7F)
            bytes.replaceSubrange(place..<(place + 2 + length), with: [0xE7, 0x88] + PushBytes.bytes(time, 8))
        }
        let body = bytes
        expectSound(try await run { try $0.body(body, contentType: "audio/webm", endsCleanly: true) }, placing: 100)
    }

    @Test(arguments: [1 << 61, 1 << 62, .max, -1] as [Int])
    func fragmentsOfMP4(time: Int) async throws {
        var bytes = try PushBytes.fixture("fragmented-aac-44100-stereo.mp4")
        let boxes = PushBytes.offsets(of: Array("tfdt".utf8), in: bytes)
        #expect(!boxes.isEmpty)
        for offset in boxes where bytes[offset + 4] == 1 {
            bytes.replaceSubrange((offset + 8)..<(offset + 16), with: PushBytes.bytes(time, 8))
        }
        let body = bytes
        expectSound(
            try await run { try $0.body(body, contentType: "audio/mp4", endsCleanly: true) },
            placing: time == 1 << 61 ? 20 : 0)
    }

    /// Tags that gain 2^31 ms each, and audio at the end of that.
    @Test(arguments: [4_296, 4_500, 9_000]) func tagsThatCreep(count: Int) async throws {
        let creep = PushBytes.creep(count)
        var tags = PushBytes.tags(ofFLV: try PushBytes.fixture("flv-mp3-44100-stereo.flv"))
        let last = try #require(creep.last).milliseconds
        for index in tags.indices { tags[index].milliseconds &+= last }
        let (flv, rtmp) = (PushBytes.flv(creep + tags), PushBytes.rtmp(creep + tags))
        expectSound(try await run { try $0.body(flv, contentType: "video/x-flv", endsCleanly: true) }, placing: 90)
        expectSound(try await run { $0.rtmp(rtmp) }, placing: 80)
    }
}
