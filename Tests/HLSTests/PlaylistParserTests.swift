import HLS
import NIOCore
import TestSupport
import Testing

struct PlaylistParserTests {
    private func parse(_ lines: String...) throws -> Playlist {
        try Playlist.parse((["#EXTM3U"] + lines).joined(separator: "\n") + "\n")
    }

    private func media(_ lines: String...) throws -> MediaPlaylist {
        let text = (["#EXTM3U", "#EXT-X-TARGETDURATION:4"] + lines).joined(separator: "\n")
        return try MediaPlaylist(parsing: ByteBuffer(string: text))
    }

    /// The example of RFC 8216bis §9.11, with the lines it leaves out.
    @Test func readsTheExampleOfTheStandard() throws {
        let playlist = try media(
            "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=6.1,CAN-SKIP-UNTIL=24",
            "#EXT-X-PART-INF:PART-TARGET=2.00004",
            "#EXT-X-MEDIA-SEQUENCE:270",
            "#EXTINF:4.00008,",
            "fileSequence270.mp4",
            "#EXT-X-PART:DURATION=2.00004,INDEPENDENT=YES,URI=\"filePart271.0.mp4\"",
            "#EXT-X-PART:DURATION=2.00004,URI=\"filePart271.1.mp4\"",
            "#EXTINF:4.00008,",
            "fileSequence271.mp4",
            "#EXT-X-DISCONTINUITY",
            "#EXT-X-PART:DURATION=2.00004,INDEPENDENT=YES,URI=\"midRoll272.0.mp4\"",
            "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"midRoll272.1.mp4\"",
            "#EXT-X-RENDITION-REPORT:URI=\"/1M/LL-HLS.m3u8\",LAST-MSN=274,LAST-PART=1"
        )
        #expect(playlist.serverControl?.canSkipUntilSamples == 24 * 48_000)
        #expect(playlist.serverControl?.partHoldBackSamples == 292_800)
        #expect(playlist.partTargetSamples == 96_002)
        #expect(playlist.lastSegmentNumber == 271)
        #expect(playlist.segments[1].parts.map(\.isIndependent) == [true, false])
        #expect(playlist.openSegment?.isDiscontinuity == true)
        #expect(playlist.openSegment?.parts.count == 1)
        #expect(playlist.preloadHintPart == "midRoll272.1.mp4")
        #expect(playlist.renditionReports == [.init(uri: "/1M/LL-HLS.m3u8", lastMediaSequence: 274, lastPart: 1)])
    }

    /// P37: a gap marks the next segment only; its parts say it themselves.
    @Test func gapsAreReadAndWritten() throws {
        let playlist = try media(
            "#EXT-X-PART-INF:PART-TARGET=1",
            "#EXT-X-PART:DURATION=1,URI=\"a.0\",GAP=YES",
            "#EXT-X-GAP",
            "#EXTINF:1,title, with comma",
            "a",
            "#EXTINF:1,",
            "b"
        )
        #expect(playlist.segments.map(\.isGap) == [true, false])
        #expect(playlist.segments[0].parts[0].isGap)
        #expect(try playlist.reread() == playlist)
    }

    /// Line ends of both kinds, blank lines, comments, tags and attributes that are not known.
    @Test func whatIsNotKnownIsIgnored() throws {
        let text =
            "#EXTM3U\r\n\r\n# comment\r\n#EXT-X-TARGETDURATION:2\r\n#EXT-X-NEW:A=1\r\n#EXT-X-BITRATE:128\r\n"
            + "#EXT-X-SERVER-CONTROL:NEW=\"a,b=c\",CAN-BLOCK-RELOAD=YES\r\n#EXTINF:1.5\r\na.m4s"
        let playlist = try MediaPlaylist(parsing: ByteBuffer(string: text))
        #expect(playlist.segments == [Segment(uri: "a.m4s", durationSamples: 72_000)])
        #expect(playlist.serverControl?.canBlockReload == true)
    }

    /// P1: the first line decides, without a byte order mark or a space.
    @Test(arguments: ["", "\n#EXTM3U\n", " #EXTM3U\n", "\u{FEFF}#EXTM3U\n", "#EXTM3U8\n", "#EXTM3U\n"])
    func whatDoesNotBeginAsAPlaylistIsNone(text: String) {
        #expect(throws: PlaylistError.notAPlaylist) { try Playlist.parse(text) }
    }

    @Test func textMustBeUTF8() {
        let bytes = Array("#EXTM3U\n#EXT-X-TARGETDURATION:2\n".utf8) + [0xC3, 0x28]
        #expect(throws: PlaylistError.unreadable("it is not UTF-8")) { try Playlist.parse(ByteBuffer(bytes: bytes)) }
    }

    /// P2: each tag of the whole playlist at most once.
    @Test(arguments: [
        "#EXT-X-VERSION:6", "#EXT-X-TARGETDURATION:4", "#EXT-X-MEDIA-SEQUENCE:1", "#EXT-X-DISCONTINUITY-SEQUENCE:1",
        "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES", "#EXT-X-PART-INF:PART-TARGET=1", "#EXT-X-ENDLIST",
        "#EXT-X-SKIP:SKIPPED-SEGMENTS=1", "#EXT-X-PLAYLIST-TYPE:VOD", "#EXT-X-INDEPENDENT-SEGMENTS",
    ])
    func repeatedTagsAreErrors(tag: String) {
        let name = String(tag.prefix { $0 != ":" })
        #expect(throws: PlaylistError.repeatedTag(name, line: 3)) { try parse(tag, tag) }
    }

    /// A14: tags of both kinds in one text.
    @Test func mixturesAreErrors() {
        #expect(throws: PlaylistError.mixedPlaylist("#EXT-X-STREAM-INF", line: 3)) {
            try parse("#EXT-X-TARGETDURATION:2", "#EXT-X-STREAM-INF:BANDWIDTH=1")
        }
        #expect(throws: PlaylistError.mixedPlaylist("#EXTINF", line: 4)) {
            try parse("#EXT-X-STREAM-INF:BANDWIDTH=1", "a.m3u8", "#EXTINF:1,")
        }
    }

    /// L28: SKIP stands after the sequence numbers, all of them before segments.
    @Test func numbersStandBeforeSkipAndSegments() {
        #expect(throws: PlaylistError.self) {
            try media("#EXT-X-SKIP:SKIPPED-SEGMENTS=1", "#EXT-X-MEDIA-SEQUENCE:1")
        }
        #expect(throws: PlaylistError.self) { try media("#EXTINF:1,", "a", "#EXT-X-MEDIA-SEQUENCE:1") }
        #expect(throws: PlaylistError.self) { try media("#EXT-X-DISCONTINUITY", "#EXT-X-DISCONTINUITY-SEQUENCE:1") }
    }

    @Test(arguments: [
        "#EXTINF:x,", "#EXTINF:-1,", "#EXTINF:1e3,", "#EXTINF:100000001,", "#EXT-X-MEDIA-SEQUENCE:-1",
        "#EXT-X-MEDIA-SEQUENCE:9223372036854775807", "#EXT-X-MEDIA-SEQUENCE:", "#EXT-X-MAP:URI=\"a",
        "#EXT-X-MAP:URI=\"a\"b", "#EXT-X-MAP:X=\"a\"", "#EXT-X-MAP:URI", "#EXT-X-PROGRAM-DATE-TIME:yesterday",
        "#EXT-X-PART:DURATION=1", "#EXT-X-PART:URI=\"a\"", "#EXT-X-PART:DURATION=1,DURATION=1,URI=\"a\"",
        "#EXT-X-PART-INF:X=1", "#EXT-X-SKIP:X=1", "#EXT-X-SKIP:SKIPPED-SEGMENTS=99999999999",
        "#EXT-X-PLAYLIST-TYPE:LIVE", "#EXT-X-PRELOAD-HINT:TYPE=PART", "#EXT-X-PRELOAD-HINT:URI=\"a\"",
        "#EXT-X-RENDITION-REPORT:URI=\"a\"", "#EXT-X-DATERANGE:ID=\"a\"",
        "#EXT-X-DATERANGE:ID=\"a\",START-DATE=\"2026-01-01T00:00:00Z\",END-ON-NEXT=YES",
        "#EXT-X-DATERANGE:ID=\"a\",START-DATE=\"2026-01-01T00:00:00Z\",X-A=1.2.3", "#EXT-X-VERSION:x",
        "#EXT-X-BYTERANGE:1@2", "#EXT-X-KEY:METHOD=AES-128,URI=\"k\"", "lonely.m4s",
    ])
    func malformedLinesAreErrors(line: String) {
        #expect(throws: PlaylistError.self) { try media(line) }
    }

    /// L1: parts need EXT-X-PART-INF; every playlist needs its target duration; a tag needs its URI.
    @Test func whatBelongsTogetherIsNeeded() {
        #expect(throws: PlaylistError.missingTag("#EXT-X-PART-INF")) {
            try media("#EXT-X-PART:DURATION=1,URI=\"a\"")
        }
        #expect(throws: PlaylistError.missingTag("#EXT-X-TARGETDURATION")) { try parse("#EXTINF:1,", "a") }
        #expect(throws: PlaylistError.self) { try media("#EXTINF:1,") }
        #expect(throws: PlaylistError.self) { try parse("#EXT-X-STREAM-INF:BANDWIDTH=1") }
    }

    /// L33: one hint of a kind.
    @Test func hintsAreUnique() throws {
        #expect(throws: PlaylistError.self) {
            try media("#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"a\"", "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"b\"")
        }
        let playlist = try media("#EXT-X-PRELOAD-HINT:TYPE=NEW,URI=\"a\"", "#EXT-X-PRELOAD-HINT:TYPE=MAP,URI=\"b\"")
        #expect(playlist.preloadHintMap == "b")
    }

    /// No text makes the parser trap, and what it accepts can be written and read again.
    @Test func survivesTenThousandMutations() throws {
        var stream = LiveStream()
        stream.addSegments(2)
        stream.close(isDiscontinuity: true)
        stream.addSegments(1)
        stream.addPart()
        stream.playlist.dateRanges = [
            DateRange(
                id: "a",
                className: "b",
                startDateMilliseconds: 0,
                durationSamples: 48_000,
                attributes: [
                    .init(name: "X-N", value: .number("-1.5")), .init(name: "X-H", value: .hexadecimal("0xAF")),
                ]
            )
        ]
        stream.playlist.renditionReports = [.init(uri: "../b/live.m3u8", lastMediaSequence: 103, lastPart: 0)]
        stream.playlist.skip = Skip(skippedSegments: 2, recentlyRemovedDateRanges: ["x", "y"])
        let texts = [
            Array(stream.playlist.text.utf8),
            Array("#EXTM3U\n#EXT-X-VERSION:1\n#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS=\"a,b\"\nu\n".utf8),
        ]
        var mutator = Mutator(seed: 3)
        var failures = 0
        for round in 0..<10_000 {
            let bytes = mutator.mutate(texts[round % 8 == 0 ? 1 : 0])
            do {
                guard case .media(let playlist) = try Playlist.parse(ByteBuffer(bytes: bytes)) else { continue }
                if round % 10 == 0 { _ = try playlist.skipping(.segmentsAndDateRanges).reread() }
            } catch is PlaylistError {
                failures += 1
            }
        }
        #expect(2000..<9900 ~= failures)
    }
}
