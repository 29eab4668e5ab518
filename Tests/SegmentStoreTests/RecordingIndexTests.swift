import NIOCore
import SegmentStore
import TestSupport
import Testing

struct RecordingIndexTests {
    @Test func namesAreThoseOfThePlaylists() {
        #expect(SegmentKey.segment(epoch: 2, mediaSequence: 41) == "2-41.m4s")
        #expect(SegmentKey.part(epoch: 2, mediaSequence: 41, part: 7) == "2-41.7.m4s")
        #expect(SegmentKey.initialization(epoch: 2) == "init-2.mp4")
        #expect(SegmentKey.object(stream: "s", rendition: "flac", name: "2-41.m4s") == "s/flac/2-41.m4s")
        #expect(SegmentKey.index(stream: "s") == "s/index.json")
    }

    @Test func indexArithmetic() throws {
        var index = RecordingIndex(stream: "s", renditions: [])
        #expect(index.nextMediaSequence == 0 && index.totalSamples == 0)
        index.epochs = [
            .init(
                number: 1, firstMediaSequence: 5, discontinuitySequence: 0, segmentCount: 40, lastSegmentSamples: 1000,
                dates: [
                    .init(segment: 0, dateMicroseconds: 1_000_000),
                    .init(segment: 32, dateMicroseconds: 62_450_000),
                ])
        ]
        #expect(index.nextMediaSequence == 45)
        #expect(index.totalSamples == 39 * 92_160 + 1000)
        let epoch = index.epochs[0]
        #expect(epoch.dateMicroseconds(ofSegment: 0) == 1_000_000)
        #expect(epoch.dateMicroseconds(ofSegment: 31) == 1_000_000 + 31 * 1_920_000)
        #expect(epoch.dateMicroseconds(ofSegment: 33) == 62_450_000 + 1_920_000)
        #expect(try RecordingIndex(decoding: index.encoded()) == index)
        #expect(throws: RecordingIndex.CodingFailure.self) { try RecordingIndex(decoding: ByteBuffer(string: "{}")) }
        // From before there were rules for recordings.
        let old = #"{"version":1,"stream":"s","renditions":[],"epochs":[],"nowPlaying":[],"isComplete":true}"#
        let read = try RecordingIndex(decoding: ByteBuffer(string: old))
        #expect(read.isComplete && read.keeping == RecordingIndex.Keeping())
        // Bytes that would overflow or fill the memory of whoever lists them.
        for change: (inout RecordingIndex) -> Void in [
            { $0.epochs[0].segmentCount = 1 << 40 }, { $0.epochs[0].firstMediaSequence = .max },
            { $0.epochs[0].lastSegmentSamples = -1 }, { $0.epochs[0].dates[0].dateMicroseconds = .min },
            { $0.keeping.byteCount = .min }, { $0.epochs[0].segmentCount = 0 }, { $0.epochs[0].dates = [] },
            { $0.epochs.append($0.epochs[0]) },
            {
                $0.epochs[0].firstMediaSequence = 1 << 48
                $0.epochs.append($0.epochs[0])
            }, { $0.forgottenNowPlaying = .max }, { $0.stream = "other" },
            { $0.renditions = [.init(name: "../x", codecs: "", peakBitRate: 0, averageBitRate: 0)] },
            { $0.renditions = [.init(name: "flac", codecs: "fLaC\"\n", peakBitRate: 0, averageBitRate: 0)] },
        ] {
            var absurd = index
            change(&absurd)
            #expect(throws: RecordingIndex.CodingFailure.self) {
                try RecordingIndex(decoding: absurd.encoded(), of: "s")
            }
        }
        index.version = 2
        #expect(throws: RecordingIndex.CodingFailure.self) { try RecordingIndex(decoding: index.encoded()) }
    }

    /// Whatever is taken for an index can be counted, listed and trimmed without an overflow.
    @Test func damagedIndicesAreRefusedOrHarmless() throws {
        var index = RecordingIndex(
            stream: "s", renditions: [.init(name: "flac", codecs: "fLaC", peakBitRate: 900_000, averageBitRate: 1)])
        for number: UInt32 in 1...3 {
            index.epochs.append(
                .init(
                    number: number, firstMediaSequence: UInt64(number) * 100, discontinuitySequence: UInt64(number),
                    segmentCount: 40, lastSegmentSamples: 9216,
                    dates: [
                        .init(segment: 0, dateMicroseconds: 1_700_000_000_000_000),
                        .init(segment: 33, dateMicroseconds: 1),
                    ]))
        }
        let sound = Array(try index.encoded().readableBytesView)
        var random = SplitMix64(seed: 20_261_129)
        var taken = 0
        for _ in 0..<8_000 {
            var bytes = sound
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[place] = UInt8(ascii: "0") + UInt8.random(in: 0...9, using: &random)
                case 1: bytes.remove(at: place)
                case 2:
                    let digits = Int.random(in: 1...20, using: &random)
                    bytes.insert(contentsOf: repeatElement(UInt8(ascii: "9"), count: digits), at: place)
                default: bytes[place] = .random(in: 0...255, using: &random)
                }
            }
            guard var read = try? RecordingIndex(decoding: ByteBuffer(bytes: bytes), of: "s") else { continue }
            taken += 1
            #expect(read.totalSamples >= 0 && read.nextMediaSequence < 1 << 49)
            _ = (read.startMicroseconds, read.endMicroseconds)
            // The longest loop over it, bounded for the test's sake.
            if read.epochs.allSatisfy({ $0.segmentCount < 10_000 }) { _ = read.trim(keeping: 92_160) }
        }
        #expect(taken > 50, "\(taken)")
    }

    /// Titles are bounded in number and in size: the newest stay, and the index says how many it forgot.
    @Test(arguments: [(4_100, "Song"), (2_000, String(repeating: "\u{1F600}", count: 200))])
    func titlesAreBounded(count: Int, text: String) throws {
        var index = RecordingIndex(stream: "s", renditions: [])
        for number in 0..<count {
            for _ in 0..<2 {
                index.add(
                    RecordingIndex.NowPlayingChange(
                        epoch: 1, position: Int64(number), title: "\(text) \(number)", artist: ""))
            }
        }
        #expect(index.nowPlaying.last?.position == Int64(count - 1))
        #expect(index.nowPlaying.count + index.forgottenNowPlaying == count)
        #expect(index.forgottenNowPlaying > 0 && index.nowPlaying.count > 100)
        let encoded = try index.encoded()
        #expect(encoded.readableBytes < 700_000)
        #expect(try RecordingIndex(decoding: encoded) == index)
        // Not even one that is larger than all that may be kept makes the list empty.
        index.add(
            RecordingIndex.NowPlayingChange(
                epoch: 1, position: 0, title: String(repeating: "x", count: 1 << 20), artist: ""))
        #expect(index.nowPlaying.count == 1)
    }
}
