import HLS
import NIOCore
import Testing

struct MediaPlaylistTests {
    /// The whole text, with two parts in the open segment, a discontinuity, a date range and a report.
    @Test func isWrittenLineByLine() {
        var stream = LiveStream(firstNumber: 7)
        for _ in 0..<3 { stream.addPart() }
        stream.close(isDiscontinuity: true)
        stream.addPart()
        stream.addPart()
        stream.playlist.preloadHintMap = "init-3.mp4"
        stream.playlist.dateRanges = [
            DateRange(
                id: "np-1",
                className: "now-playing",
                startDateMilliseconds: 1_777_639_696_789,
                endsOnNext: true,
                attributes: [.init(name: "X-TITLE", value: .string("A \"song\"\r\nhere"))]
            )
        ]
        stream.playlist.renditionReports = [
            RenditionReport(uri: "../aac-64/live.m3u8", lastMediaSequence: 8, lastPart: 1)
        ]
        #expect(
            stream.playlist.text == """
                #EXTM3U
                #EXT-X-VERSION:6
                #EXT-X-TARGETDURATION:2
                #EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=12.00000,HOLD-BACK=6.00000,\
                PART-HOLD-BACK=0.57600
                #EXT-X-PART-INF:PART-TARGET=0.19200
                #EXT-X-MEDIA-SEQUENCE:7
                #EXT-X-DISCONTINUITY-SEQUENCE:0
                #EXT-X-MAP:URI="init-1.mp4"
                #EXT-X-PROGRAM-DATE-TIME:2026-05-01T12:48:16.789Z
                #EXT-X-PART:DURATION=0.19200,URI="1-7.0.m4s",INDEPENDENT=YES
                #EXT-X-PART:DURATION=0.19200,URI="1-7.1.m4s",INDEPENDENT=YES
                #EXT-X-PART:DURATION=0.19200,URI="1-7.2.m4s",INDEPENDENT=YES
                #EXTINF:0.57600,
                1-7.m4s
                #EXT-X-DISCONTINUITY
                #EXT-X-MAP:URI="init-2.mp4"
                #EXT-X-PROGRAM-DATE-TIME:2026-05-01T12:48:17.365Z
                #EXT-X-PART:DURATION=0.19200,URI="2-8.0.m4s",INDEPENDENT=YES
                #EXT-X-PART:DURATION=0.19200,URI="2-8.1.m4s",INDEPENDENT=YES
                #EXT-X-DATERANGE:ID="np-1",CLASS="now-playing",START-DATE="2026-05-01T12:48:16.789Z",\
                X-TITLE="A 'song'  here",END-ON-NEXT=YES
                #EXT-X-PRELOAD-HINT:TYPE=MAP,URI="init-3.mp4"
                #EXT-X-PRELOAD-HINT:TYPE=PART,URI="2-8.2.m4s"
                #EXT-X-RENDITION-REPORT:URI="../aac-64/live.m3u8",LAST-MSN=8,LAST-PART=1

                """
        )
    }

    /// P1, P7: whatever is in titles and names, no line can be broken out of.
    @Test func noTextCanBeginALineOfItsOwn() throws {
        let evil = "x\"\n#EXT-X-ENDLIST\r\n\u{0}\u{7F}"
        var playlist = MediaPlaylist(
            targetDurationSeconds: 2,
            partTargetSamples: 9216,
            segments: [
                Segment(
                    uri: "a\n#EXT-X-ENDLIST",
                    durationSamples: 92_160,
                    map: evil,
                    parts: [Part(uri: evil, durationSamples: 92_160)]
                )
            ],
            dateRanges: [
                DateRange(
                    id: evil,
                    className: evil,
                    startDateMilliseconds: 0,
                    attributes: [
                        .init(name: "X-A", value: .string(evil)), .init(name: "X-B\nC", value: .string("")),
                        .init(name: "X-D", value: .number("1\n2")), .init(name: "X-E", value: .hexadecimal("0xZZ")),
                    ]
                )
            ],
            preloadHintPart: evil,
            renditionReports: [RenditionReport(uri: evil, lastMediaSequence: 0, lastPart: 0)]
        )
        playlist.skip = Skip(skippedSegments: 1, recentlyRemovedDateRanges: [evil, "b\tc"])
        let text = playlist.text
        #expect(!text.contains("\n#EXT-X-ENDLIST"))
        #expect(text.utf8.allSatisfy { $0 == 0x0A || $0 == 0x09 || $0 >= 0x20 && $0 != 0x7F })
        let read = try playlist.reread()
        #expect(!read.isEnded)
        #expect(read.dateRanges[0].attributes.map(\.name) == ["X-A"])
        #expect(read.skip?.recentlyRemovedDateRanges?.count == 2)
    }

    /// P5, P13, P22: no type in a live playlist; both sequence numbers are always there, before the first segment.
    @Test func aLivePlaylistHasNoTypeAndBothNumbers() throws {
        let lines = LiveStream().playlist.lines
        #expect(!lines.contains { $0.hasPrefix("#EXT-X-PLAYLIST-TYPE") })
        #expect(
            lines.suffix(3) == [
                "#EXT-X-MEDIA-SEQUENCE:100", "#EXT-X-DISCONTINUITY-SEQUENCE:0",
                "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"1-100.0.m4s\"",
            ])
    }

    /// P6: version 3 for fractional EXTINF, 6 with a map.
    @Test func versionIsNoHigherThanNeeded() {
        #expect(MediaPlaylist(targetDurationSeconds: 2).version == 3)
        #expect(LiveStream().playlist.version == 6)
        var stream = LiveStream()
        stream.addSegments(1)
        #expect(stream.playlist.version == 6)
    }

    /// P14: a playlist that goes on never becomes shorter than three target durations.
    @Test func theFirstSegmentStaysWhileThePlaylistIsShort() {
        var stream = LiveStream()
        stream.addSegments(4)
        let fromFour = stream.playlist.removeFirstSegment()
        stream.addSegments(1)
        let fromFive = stream.playlist.removeFirstSegment()
        #expect(stream.playlist.mediaSequence == 101)
        let fromFourAgain = stream.playlist.removeFirstSegment()
        stream.playlist.isEnded = true
        let afterTheEnd = stream.playlist.removeFirstSegment()
        #expect([fromFour, fromFive, fromFourAgain, afterTheEnd] == [false, true, false, true])
        var empty = MediaPlaylist(targetDurationSeconds: 2)
        let fromNone = empty.removeFirstSegment()
        #expect(!fromNone)
    }

    /// P22: the discontinuity number rises when the segment with the tag goes, so every segment keeps its own.
    @Test func discontinuityNumbersOutliveTheirTags() {
        var stream = LiveStream()
        stream.addSegments(2)
        stream.close(isDiscontinuity: true)
        stream.addSegments(6)
        _ = stream.playlist.removeFirstSegment()
        _ = stream.playlist.removeFirstSegment()
        #expect(stream.playlist.discontinuitySequence == 0)
        #expect(stream.playlist.segments[0].isDiscontinuity)
        _ = stream.playlist.removeFirstSegment()
        #expect(stream.playlist.discontinuitySequence == 1)
        #expect(!stream.playlist.text.contains("#EXT-X-DISCONTINUITY\n"))
    }

    /// P39: an ended playlist says so and hints at nothing.
    @Test func theEndLeavesNoHint() {
        var stream = LiveStream()
        stream.addSegments(3)
        stream.addPart(samples: 2048)
        stream.end()
        stream.playlist.preloadHintPart = "left-over.m4s"
        let lines = stream.playlist.lines
        #expect(lines.last == "#EXT-X-ENDLIST")
        #expect(!lines.contains { $0.hasPrefix("#EXT-X-PRELOAD-HINT") })
        #expect(lines.contains("#EXTINF:0.04267,"))
    }

    /// hls.js fails on a discontinuity without a part, so the open segment's tags come with its first one.
    @Test func anOpenSegmentWithoutPartsIsNotWritten() {
        var stream = LiveStream()
        stream.addSegments(2)
        stream.close(isDiscontinuity: true)
        #expect(!stream.playlist.text.contains("#EXT-X-DISCONTINUITY\n"))
        stream.addPart()
        #expect(stream.playlist.text.contains("#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI=\"init-2.mp4\"\n"))
    }

    /// Standard latency leaves out parts, part-inf and hints; delta updates and blocking stay.
    @Test func standardLatencyOnlyLeavesPartsOut() {
        var stream = LiveStream(isLowLatency: false)
        stream.addSegments(4)
        stream.addPart()
        let text = stream.playlist.text
        #expect(!text.contains("PART"))
        #expect(!text.contains("PRELOAD"))
        #expect(
            text.contains("#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=12.00000,HOLD-BACK=6.00000\n")
        )
        #expect(text.hasSuffix("#EXTINF:1.92000,\n1-103.m4s\n"))
    }

    /// A recording: type VOD, whole segments, ENDLIST, nothing of live.
    @Test func aRecordingIsVideoOnDemand() throws {
        let playlist = MediaPlaylist(
            kind: .videoOnDemand,
            targetDurationSeconds: 2,
            segments: [Segment(uri: "1-0.m4s", durationSamples: 92_160, dateMilliseconds: 0, map: "init-1.mp4")],
            isEnded: true
        )
        #expect(
            playlist.text == """
                #EXTM3U
                #EXT-X-VERSION:6
                #EXT-X-TARGETDURATION:2
                #EXT-X-PLAYLIST-TYPE:VOD
                #EXT-X-MEDIA-SEQUENCE:0
                #EXT-X-DISCONTINUITY-SEQUENCE:0
                #EXT-X-MAP:URI="init-1.mp4"
                #EXT-X-PROGRAM-DATE-TIME:1970-01-01T00:00:00.000Z
                #EXTINF:1.92000,
                1-0.m4s
                #EXT-X-ENDLIST

                """
        )
        #expect(try playlist.reread() == playlist)
    }

    /// L12, section 0: the limits that the standard sets.
    @Test func serverControlKeepsTheLeastThatIsAllowed() {
        let control = ServerControl.live(targetDurationSeconds: 2, partHoldBackSamples: 28_800)
        #expect(control.canBlockReload)
        #expect(control.canSkipUntilSamples == 12 * 48_000)
        #expect(control.holdBackSamples == 6 * 48_000)
        var playlist = MediaPlaylist(targetDurationSeconds: 2, serverControl: control)
        playlist.serverControl?.canSkipDateRanges = true
        playlist.serverControl?.canBlockReload = false
        #expect(
            playlist.text.contains(
                "#EXT-X-SERVER-CONTROL:CAN-SKIP-UNTIL=12.00000,CAN-SKIP-DATERANGES=YES,HOLD-BACK=6.00000,"
                    + "PART-HOLD-BACK=0.60000\n"
            )
        )
    }

    /// P34: END-ON-NEXT needs a class and forbids end and duration, whatever the value says.
    @Test func aRangeThatEndsOnTheNextHasNoEnd() {
        var range = DateRange(id: "1", startDateMilliseconds: 0, durationSamples: 48_000, endsOnNext: true)
        var playlist = MediaPlaylist(targetDurationSeconds: 2, dateRanges: [range])
        #expect(playlist.text.hasSuffix("ID=\"1\",START-DATE=\"1970-01-01T00:00:00.000Z\",DURATION=1.00000\n"))
        range.className = "c"
        playlist.dateRanges = [range]
        #expect(playlist.text.hasSuffix("CLASS=\"c\",START-DATE=\"1970-01-01T00:00:00.000Z\",END-ON-NEXT=YES\n"))
    }

    /// L40: both numbers of a report are written, also 0.
    @Test func reportsAreComplete() {
        let report = RenditionReport(uri: "../b/live.m3u8", lastMediaSequence: 0, lastPart: 0)
        let playlist = MediaPlaylist(targetDurationSeconds: 2, renditionReports: [report])
        #expect(playlist.text.hasSuffix("#EXT-X-RENDITION-REPORT:URI=\"../b/live.m3u8\",LAST-MSN=0,LAST-PART=0\n"))
    }
}
