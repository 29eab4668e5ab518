import { parseAttributes, parseMaster, parseMedia } from "/assets/playlist.js";
import { equal, test, throws } from "./harness.js";

const base = "https://example.org/hls/demo/7/aac-128/live.m3u8";
const live = `#EXTM3U
#EXT-X-VERSION:9
#EXT-X-TARGETDURATION:2
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=0.576,HOLD-BACK=6
#EXT-X-PART-INF:PART-TARGET=0.192
#EXT-X-MEDIA-SEQUENCE:40
#EXT-X-DISCONTINUITY-SEQUENCE:3
#EXT-X-MAP:URI="init-1.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-01-02T03:04:05.000Z
#EXTINF:1.92000,
1-40.m4s
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="init-2.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-01-02T03:04:07.000Z
#EXT-X-PART:DURATION=0.19200,URI="2-41.0.m4s",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.19200,URI="2-41.1.m4s",INDEPENDENT=YES
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="2-41.2.m4s"
#EXT-X-RENDITION-REPORT:URI="../aac-64/live.m3u8",LAST-MSN=41,LAST-PART=1
`;

test("attribute lists keep commas inside of quotes", () => {
    equal(parseAttributes('A=1,CODECS="mp4a.40.2,opus",B=YES'), { A: "1", CODECS: "mp4a.40.2,opus", B: "YES" });
});

test("a master playlist gives its variants with absolute addresses", () => {
    const text = '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=140000,AVERAGE-BANDWIDTH=131000,CODECS="mp4a.40.2"\r\n7/aac-128/live.m3u8\n';
    equal(parseMaster(text, "https://example.org/hls/demo/master.m3u8"), [{
        uri: base, bandwidth: 131000, codecs: "mp4a.40.2",
    }]);
});

test("a media playlist gives segments, parts, discontinuities and the hint", () => {
    const playlist = parseMedia(live, base);
    equal([playlist.targetDuration, playlist.partTarget, playlist.canBlockReload, playlist.ended], [2, 0.192, true, false]);
    equal(playlist.segments.map((segment) => [segment.sequence, segment.discontinuity, segment.uri, segment.parts.length]), [
        [40, 3, "https://example.org/hls/demo/7/aac-128/1-40.m4s", 0], [41, 4, null, 2],
    ]);
    equal(playlist.segments.map((segment) => segment.map.split("/").at(-1)), ["init-1.mp4", "init-2.mp4"]);
    const { sequence, part, discontinuity, date, uri } = playlist.hint;
    equal([sequence, part, discontinuity, uri.split("/").at(-1)], [41, 2, 4, "2-41.2.m4s"]);
    equal(date, Date.parse("2026-01-02T03:04:07.384Z"));
});

test("a hint right after a whole segment opens the next one", () => {
    const text = live.replace(/#EXT-X-PART:.*\n/g, "").replace("2-41.2.m4s", "2-41.0.m4s");
    const { hint } = parseMedia(text, base);
    equal([hint.sequence, hint.part], [41, 0]);
});

test("dates go on by the durations where only the first segment has one", () => {
    const text = "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PROGRAM-DATE-TIME:2026-01-02T03:04:05.000Z\n#EXTINF:2,\na.m4s\n#EXTINF:2,\nb.m4s\n";
    equal(parseMedia(text, base).segments[1].date, Date.parse("2026-01-02T03:04:07.000Z"));
});

test("the end of the list is seen", () => {
    equal(parseMedia(`${live}#EXT-X-ENDLIST\n`, base).ended, true);
});

test("what was lost is marked", () => {
    const text = `${live}#EXT-X-GAP\n#EXTINF:1.92000,\n2-42.m4s\n#EXTINF:1.92000,\n2-43.m4s\n`;
    equal(parseMedia(text, base).segments.slice(-2).map((segment) => segment.gap ?? false), [true, false]);
});

test("anything but a playlist is refused", () => {
    throws(() => parseMedia("<html>", base), "HTML");
});
