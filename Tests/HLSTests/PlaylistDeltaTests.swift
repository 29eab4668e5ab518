import HLS
import NIOCore
import Testing

struct PlaylistDeltaTests {
    private func stream(segments: Int = 20) -> LiveStream {
        var stream = LiveStream()
        stream.addSegments(segments)
        stream.addPart()
        return stream
    }

    /// L25: a plain request never gets EXT-X-SKIP.
    @Test func aPlainRequestGetsEverything() {
        let playlist = stream().playlist
        #expect(playlist.skipping(nil) == playlist)
    }

    /// L25: without CAN-SKIP-UNTIL, or after the end, the directive is ignored.
    @Test func skippingMustBeAnnouncedAndThePlaylistGoOn() {
        var playlist = stream().playlist
        playlist.isEnded = true
        #expect(playlist.skipping(.segments) == playlist)
        playlist.isEnded = false
        playlist.serverControl?.canSkipUntilSamples = nil
        #expect(playlist.skipping(.segments) == playlist)
        playlist.serverControl = nil
        #expect(playlist.skipping(.segments) == playlist)
    }

    /// L26: 12 s are six and a quarter segments; the seventh from the end reaches across the boundary and stays, the
    /// eighth ends 13.44 s from the end and goes.
    @Test func onlySegmentsWhollyBeyondTheBoundaryAreSkipped() throws {
        let playlist = stream(segments: 20).playlist
        let delta = playlist.skipping(.segments)
        #expect(delta.skip?.skippedSegments == 13)
        #expect(delta.segments.count == 7)
        #expect(delta.segments.first == playlist.segments[13])
    }

    /// L26: a segment that ends exactly at the boundary is not farther than it.
    @Test func theBoundaryItselfIsNotBeyond() {
        var playlist = stream(segments: 20).playlist
        playlist.serverControl?.canSkipUntilSamples = 7 * 92_160
        #expect(playlist.skipping(.segments).segments.count == 8)
        playlist.serverControl?.canSkipUntilSamples = 7 * 92_160 - 1
        #expect(playlist.skipping(.segments).segments.count == 7)
    }

    /// L26: the open segment does not count; the distance is from the last whole one.
    @Test func partsOfTheOpenSegmentDoNotCount() {
        var stream = stream(segments: 20)
        let before = stream.playlist.skipping(.segments).skip
        for _ in 0..<8 { stream.addPart() }
        #expect(stream.playlist.skipping(.segments).skip == before)
    }

    /// L32: where nothing is beyond the boundary, the answer is the full list without SKIP.
    @Test func nothingToSkipIsNoDelta() {
        let playlist = stream(segments: 7).playlist
        #expect(playlist.skipping(.segments) == playlist)
        #expect(stream(segments: 8).playlist.skipping(.segments).skip?.skippedSegments == 1)
    }

    /// L27, L28, L29, P6: the text of a delta.
    @Test func isWrittenWithItsNumbersBeforeTheSkip() {
        var stream = stream(segments: 3)
        stream.close(isDiscontinuity: true)
        stream.addSegments(8)
        let playlist = stream.playlist
        let lines = playlist.skipping(.segments).lines
        #expect(lines[0...1] == ["#EXTM3U", "#EXT-X-VERSION:9"])
        #expect(
            Array(lines[5...10]) == [
                "#EXT-X-MEDIA-SEQUENCE:100",
                "#EXT-X-DISCONTINUITY-SEQUENCE:0",
                "#EXT-X-SKIP:SKIPPED-SEGMENTS=5",
                "#EXT-X-MAP:URI=\"init-2.mp4\"",
                "#EXT-X-PROGRAM-DATE-TIME:2026-05-01T12:48:24.661Z",
                "#EXTINF:1.92000,",
            ]
        )
        #expect(lines.filter { $0.hasPrefix("#EXT-X-SKIP") }.count == 1)
        #expect(!lines.contains("#EXT-X-DISCONTINUITY"))
    }

    /// L30: `YES` keeps every date range, and so does `v2` where skipping them was not announced.
    @Test func dateRangesStayUnlessSkippingThemWasAnnounced() {
        var playlist = stream().playlist
        playlist.dateRanges = [
            DateRange(id: "old", startDateMilliseconds: 0, addedWithSegment: 100),
            DateRange(id: "new", startDateMilliseconds: 0, addedWithSegment: 119),
        ]
        playlist.recentlyRemovedDateRanges = ["gone", "also gone"]
        #expect(playlist.skipping(.segments).dateRanges.count == 2)
        #expect(playlist.skipping(.segmentsAndDateRanges).dateRanges.count == 2)
        #expect(playlist.skipping(.segmentsAndDateRanges).skip?.recentlyRemovedDateRanges == nil)
        #expect(playlist.skipping(.segmentsAndDateRanges).version == 9)
    }

    /// L30, P6: `v2` leaves out what came with skipped segments, names what was removed, and is version 10.
    @Test func dateRangesAreSkippedWhereAnnounced() throws {
        var playlist = stream().playlist
        playlist.serverControl?.canSkipDateRanges = true
        playlist.dateRanges = [
            DateRange(id: "old", startDateMilliseconds: 0, addedWithSegment: 112),
            DateRange(id: "new", startDateMilliseconds: 0, addedWithSegment: 113),
            DateRange(id: "unknown", startDateMilliseconds: 0),
        ]
        playlist.recentlyRemovedDateRanges = ["gone", "also gone"]
        #expect(playlist.skipping(.segments).dateRanges.count == 3)
        let delta = playlist.skipping(.segmentsAndDateRanges)
        #expect(delta.dateRanges.map(\.id) == ["new", "unknown"])
        #expect(delta.version == 10)
        #expect(
            delta.lines.contains(
                "#EXT-X-SKIP:SKIPPED-SEGMENTS=13,RECENTLY-REMOVED-DATERANGES=\"gone\talso gone\""
            )
        )
        let merged = try playlist.reread().applying(delta.reread())
        #expect(Set(merged.dateRanges.map(\.id)) == ["old", "new", "unknown"])
        playlist.recentlyRemovedDateRanges = []
        #expect(playlist.skipping(.segmentsAndDateRanges).text.contains("RECENTLY-REMOVED-DATERANGES=\"\"\n"))
    }

    /// A copy that is too old for a delta is told so.
    @Test func aDeltaNeedsACopyThatHasWhatItSkips() throws {
        let delta = stream(segments: 20).playlist.skipping(.segments)
        let old = stream(segments: 5).playlist
        #expect(throws: PlaylistError.missingSkippedSegments(100..<113)) { try old.applying(delta) }
        var newer = old
        newer.mediaSequence = 101
        #expect(throws: PlaylistError.missingSkippedSegments(100..<113)) { try newer.applying(delta) }
    }
}
