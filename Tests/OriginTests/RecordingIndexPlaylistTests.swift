import HLS
import SegmentStore
import Testing

@testable import Origin

struct RecordingIndexPlaylistTests {
    private func epoch(
        _ number: UInt32, from first: UInt64, count: UInt64, discontinuity: UInt64 = 0
    ) -> RecordingIndex.Epoch {
        RecordingIndex.Epoch(
            number: number, firstMediaSequence: first, discontinuitySequence: discontinuity, segmentCount: count,
            lastSegmentSamples: 92_160,
            dates: [.init(segment: 0, dateMicroseconds: Int64(first) &* 1_920_000)])
    }

    private func index(_ epochs: RecordingIndex.Epoch...) -> RecordingIndex {
        var index = RecordingIndex(stream: "s", renditions: [])
        index.epochs = epochs
        return index
    }

    /// What was lost in an outage is a gap of the same length: numbers and dates behind it stay what they were.
    @Test func aHoleIsListedAsGaps() {
        let playlist = index(epoch(1, from: 0, count: 2), epoch(1, from: 5, count: 2))
            .playlist(kind: .event, lastSamples: .max, prefix: "")
        #expect(playlist.mediaSequence == 0 && playlist.discontinuitySequence == 0)
        #expect(playlist.segments.map(\.uri) == (0..<7).map { "1-\($0).m4s" })
        #expect(playlist.segments.map(\.isGap) == [false, false, true, true, true, false, false])
        #expect(playlist.segments.allSatisfy { !$0.isDiscontinuity && $0.map == "init-1.mp4" })
        #expect(playlist.segments.compactMap(\.dateMilliseconds) == (0..<7).map { $0 * 1920 })
    }

    /// The number of a segment does not depend on how much of the list a window shows.
    @Test(arguments: 1...9) func numbersStayWithTheirSegments(shown: Int) {
        let playlist = index(
            epoch(1, from: 3, count: 2), epoch(1, from: 7, count: 1), epoch(2, from: 10, count: 2, discontinuity: 1)
        ).playlist(kind: .live, lastSamples: Int64(shown) * 92_160, prefix: "")
        #expect(playlist.segments.count == shown)
        #expect(playlist.mediaSequence == 12 - shown)
        for (number, segment) in playlist.segments.enumerated() {
            #expect(segment.uri.hasSuffix("-\(playlist.mediaSequence + number).m4s"))
            #expect(segment.isDiscontinuity == (segment.uri == "2-10.m4s"))
        }
        #expect(playlist.discontinuitySequence == (shown == 1 ? 1 : 0))
    }

    @Test func aNewEpochIsADiscontinuity() {
        let playlist = index(epoch(1, from: 0, count: 1), epoch(2, from: 1, count: 1, discontinuity: 1))
            .playlist(kind: .videoOnDemand, lastSamples: .max, prefix: "x/")
        #expect(playlist.segments.map(\.uri) == ["x/1-0.m4s", "x/2-1.m4s"])
        #expect(playlist.segments.map(\.isDiscontinuity) == [false, true])
        #expect(playlist.segments.map(\.isGap) == [false, false])
    }

    /// Numbers that cannot be do not make a list that has no end.
    @Test func anIndexThatMakesNoSenseIsNoTrouble() {
        let playlist = index(
            epoch(1, from: 9, count: 1), epoch(1, from: 3, count: 1), epoch(1, from: 1 << 40, count: 1)
        )
        .playlist(kind: .event, lastSamples: .max, prefix: "")
        #expect(playlist.segments.map(\.uri) == ["1-9.m4s", "1-3.m4s", "1-\(1 << 40).m4s"])
    }
}
