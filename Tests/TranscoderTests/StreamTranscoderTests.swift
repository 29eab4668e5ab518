import AudioTimeline
import FFmpeg
import NIOCore
import Testing

@testable import Transcoder

struct StreamTranscoderTests {
    private static let wholeLadder = "aac:128,opus:96,flac"

    /// Ten parts a segment for every rendition, without a hole between them, each with the packets that end in its slot.
    @Test func partsFollowTheGrid() async throws {
        var maker = BatchMaker()
        try maker.push(try TestSource.aac(seconds: 6))
        maker.end()
        let outcome = try await StreamTranscoder.fresh(Self.wholeLadder).transcode(all: maker.batches)
        #expect(outcome.hasEnded && outcome.broken == 0)
        let played = try Played(outcome.bundles)
        played.checkContiguous()
        let whole = outcome.bundles.filter { $0.durationSamples == 9216 }
        #expect(whole.count >= 30)
        for (index, bundle) in outcome.bundles.enumerated() {
            #expect(bundle.position == Int64(index) * 9216)
            #expect(bundle.mediaSequence == UInt64(index / 10))
            #expect(Int(bundle.part) == index % 10)
            #expect(bundle.isLastOfSegment == (index % 10 == 9 || index == outcome.bundles.count - 1))
            #expect(bundle.setups.count == (index % 10 == 0 ? 3 : 0))
            #expect(bundle.epoch == 1 && bundle.discontinuitySequence == 0)
        }
        for index in whole.indices.dropLast() {
            #expect(played.fragments["aac-128"]?[index].durations == [UInt32](repeating: 1024, count: 9))
            #expect(played.fragments["flac"]?[index].durations == [4608, 4608])
            let opus = try #require(played.fragments["opus-96"]?[index])
            #expect((9...10).contains(opus.durations.count))
            let end = opus.time + UInt64(opus.durations.count) * 960
            let slotEnd = UInt64(index + 1) * 9216
            #expect(end <= slotEnd && slotEnd - end < 960)
        }
        let total = outcome.bundles.reduce(0) { $0 + Int64($1.durationSamples) }
        #expect(total == maker.position)
    }

    /// FLAC gives back the very samples that decoder and resampler made of the source; the other renditions lie on them.
    @Test(arguments: [48_000, 44_100])
    func soundLinesUpToTheSample(rate: Int) async throws {
        let source = rate == 48_000 ? try TestSource.aac(seconds: 4) : try TestSource.aac44100(seconds: 4)
        var maker = BatchMaker()
        try maker.push(source)
        maker.end()
        let outcome = try await StreamTranscoder.fresh(Self.wholeLadder).transcode(all: maker.batches)
        let played = try Played(outcome.bundles)
        let expected = try source.decoded()
        let flac = try played.decoded("flac", .flac)
        #expect(flac.frameCount >= Int(maker.position))
        let common = min(expected.frameCount, Int(maker.position))
        #expect(common > 180_000)
        #expect(flac.largestDifference(from: expected, in: 0..<common) < 1e-6)
        // The source's own delay is one AAC frame at most.
        let original = TestSource.signal(samples: 192_000, seed: 1)
        if rate == 48_000 { #expect([0, 1024].contains(flac.lag(behind: original, at: 60_000))) }
        for (name, format) in [
            ("aac-128", EncoderFormat.aac(bitsPerSecond: 128_000)), ("opus-96", .opus(bitsPerSecond: 96_000)),
        ] {
            let sound = try played.decoded(name, format)
            #expect([0, 312, 1024].contains(sound.lag(behind: flac, at: 60_000)), "\(name)")
        }
    }

    /// An encoder that comes back with another codec: silence between, nothing moves, no discontinuity.
    @Test func codecChangesInMidStream() async throws {
        let (first, second) = (try TestSource.aac(seconds: 2), try TestSource.flac(seconds: 2, seed: 9))
        var maker = BatchMaker()
        try maker.push(first)
        let end = Int(maker.position)
        maker.pause(milliseconds: 1000)
        try maker.push(second)
        maker.end()
        let outcome = try await StreamTranscoder.fresh("aac:64,flac").transcode(all: maker.batches)
        let played = try Played(outcome.bundles)
        played.checkContiguous()
        #expect(outcome.bundles.allSatisfy { $0.epoch == 1 && $0.discontinuitySequence == 0 })
        let flac = try played.decoded("flac", .flac)
        let expected = try first.decoded()
        #expect(flac.largestDifference(from: expected, in: 0..<min(end, expected.frameCount)) < 1e-6)
        let start = Int(maker.batches.compactMap(\.leg).last?.start ?? 0)
        #expect(start > end + 40_000)
        #expect(flac.right[end..<start].allSatisfy { $0 == 0 })
        let other = try second.decoded()
        let tail = StereoBlock(left: Array(flac.left[start...]), right: Array(flac.right[start...]))
        #expect(tail.largestDifference(from: other, in: 0..<90_000) < 1e-6)
        // The meters saw the silence.
        let silent = outcome.bundles.filter {
            $0.position >= Int64(end) && $0.position + 9216 <= Int64(start)
        }
        #expect(silent.count >= 3 && silent.allSatisfy { $0.levels.allSatisfy { $0.peak == 255 } })
        #expect(outcome.bundles[2].levels.allSatisfy { $0.peak < 30 })
    }

    /// A new epoch closes the open segment short and goes on with the next numbers.
    @Test func epochChangeClosesTheSegmentShort() async throws {
        var first = BatchMaker(epoch: 3)
        first.play("Song")
        try first.push(try TestSource.aac(seconds: 2.5))
        var second = BatchMaker(epoch: 4)
        try second.push(try TestSource.aac(seconds: 2.5))
        second.end()
        let transcoder = try StreamTranscoder.fresh("aac:128,flac")
        let outcome = try await transcoder.transcode(all: first.batches + second.batches)
        let old = outcome.bundles.filter { $0.epoch == 3 }
        let new = outcome.bundles.filter { $0.epoch == 4 }
        try Played(old).checkContiguous()
        try Played(new).checkContiguous()
        let last = try #require(old.last)
        #expect(last.isLastOfSegment && last.mediaSequence == 1)
        #expect(old.filter(\.isLastOfSegment).count == 2)
        let begin = try #require(new.first)
        #expect(begin.mediaSequence == 2 && begin.discontinuitySequence == 1)
        #expect(begin.part == 0 && begin.position == 0 && begin.setups.count == 2)
        #expect(begin.nowPlaying?.title == "Song")
        // Batches of the old epoch that come late have no say.
        #expect(try await transcoder.transcode(first.batches[3]).bundles.isEmpty)
    }

    /// An epoch of which nothing came out takes no media sequence number.
    @Test func emptyEpochTakesNoNumber() async throws {
        let empty = SourceBatch(epoch: 1, sequence: 0, epochDateMicroseconds: 0, leg: nil, items: [])
        var maker = BatchMaker(epoch: 2)
        try maker.push(try TestSource.aac(seconds: 1))
        maker.end()
        let outcome = try await StreamTranscoder.fresh("aac:128").transcode(all: [empty] + maker.batches)
        #expect(outcome.bundles.first?.mediaSequence == 0)
        #expect(outcome.bundles.first?.discontinuitySequence == 0)
    }

    /// Packets that cannot be decoded become silence of their length; what comes after does not move.
    @Test func brokenPacketsBecomeSilence() async throws {
        var source = try TestSource.flac(seconds: 3)
        let expected = try source.decoded()
        for index in 10..<13 {
            let header = source.packets[index].getBytes(at: source.packets[index].readerIndex, length: 6) ?? []
            source.packets[index] = ByteBuffer(bytes: header + [UInt8](repeating: 0x55, count: 40))
        }
        var maker = BatchMaker()
        try maker.push(source)
        maker.end()
        let outcome = try await StreamTranscoder.fresh("aac:64,flac").transcode(all: maker.batches)
        #expect(outcome.broken == 3)
        let played = try Played(outcome.bundles)
        played.checkContiguous()
        let flac = try played.decoded("flac", .flac)
        #expect(flac.right[10 * 4608..<13 * 4608].allSatisfy { $0 == 0 })
        #expect(flac.largestDifference(from: expected, in: 0..<10 * 4608) < 1e-6)
        #expect(flac.largestDifference(from: expected, in: 13 * 4608..<140_000) < 1e-6)
    }

    /// A leg of which nothing can be decoded is silence, and the next leg is heard where it belongs.
    @Test func undecodableLegIsSilence() async throws {
        var broken = try TestSource.aac(seconds: 1)
        broken.configuration = CodecConfiguration(codec: .flac, sampleRate: 48_000, channels: 2, setup: [1])
        let frame: [UInt8] = [0xFF, 0xF8, 0x3A, 0x18, 0x00, 0x00]
        broken.packets = [ByteBuffer](repeating: ByteBuffer(bytes: frame), count: 40)
        broken.packetSamples = 1152
        let good = try TestSource.flac(seconds: 2)
        var maker = BatchMaker()
        try maker.push(broken)
        try maker.push(good)
        maker.end()
        let outcome = try await StreamTranscoder.fresh("aac:64,flac").transcode(all: maker.batches)
        let played = try Played(outcome.bundles)
        played.checkContiguous()
        let flac = try played.decoded("flac", .flac)
        let start = Int(maker.batches.compactMap(\.leg).last?.start ?? 0)
        #expect(start >= 40 * 1152)
        #expect(flac.right[0..<start].allSatisfy { $0 == 0 })
        let expected = try good.decoded()
        let tail = StereoBlock(left: Array(flac.left[start...]), right: Array(flac.right[start...]))
        #expect(tail.largestDifference(from: expected, in: 0..<90_000) < 1e-6)
    }
}
