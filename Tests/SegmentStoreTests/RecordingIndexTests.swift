import NIOCore
import SegmentStore
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
            { $0.keeping.byteCount = .min },
        ] {
            var absurd = index
            change(&absurd)
            #expect(throws: RecordingIndex.CodingFailure.self) { try RecordingIndex(decoding: absurd.encoded()) }
        }
        index.version = 2
        #expect(throws: RecordingIndex.CodingFailure.self) { try RecordingIndex(decoding: index.encoded()) }
    }
}
