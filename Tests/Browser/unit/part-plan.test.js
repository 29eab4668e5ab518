import { partsPerSegment, planPieces, successor } from "/assets/part-plan.js";
import { parseMedia } from "/assets/playlist.js";
import { check, equal, test } from "./harness.js";

const base = "https://example.org/hls/demo/7/aac-128/live.m3u8";
const options = { startSeconds: 1, longestCatchUp: 3 };

function playlist({ from, whole, open, listed = 3, epoch = 1, discontinuousAt = null, end = "" }) {
    const lines = ["#EXTM3U", "#EXT-X-TARGETDURATION:2", "#EXT-X-PART-INF:PART-TARGET=0.192", `#EXT-X-MEDIA-SEQUENCE:${from}`];
    const last = from + whole;
    const parts = (sequence, count, run) => Array.from({ length: count }, (_, part) =>
        `#EXT-X-PART:DURATION=0.192,URI="${run}-${sequence}.${part}.m4s"`);
    for (let sequence = from; sequence < last; sequence += 1) {
        const run = discontinuousAt !== null && sequence >= discontinuousAt ? epoch + 1 : epoch;
        if (sequence === discontinuousAt) lines.push("#EXT-X-DISCONTINUITY");
        lines.push(`#EXT-X-MAP:URI="init-${run}.mp4"`);
        if (sequence >= last - listed) lines.push(...parts(sequence, 10, run));
        lines.push("#EXTINF:1.92,", `${run}-${sequence}.m4s`);
    }
    const run = discontinuousAt === null ? epoch : epoch + 1;
    lines.push(...parts(last, open, run));
    lines.push(end || `#EXT-X-PRELOAD-HINT:TYPE=PART,URI="${run}-${last}.${open}.m4s"`);
    return parseMedia(lines.join("\n"), base);
}

const names = (pieces) => pieces.map((piece) => piece.uri.split("/").at(-1));

test("a start takes the newest parts and then the hint", () => {
    const plan = planPieces(playlist({ from: 5, whole: 4, open: 2 }), null, options);
    equal(names(plan.pieces), ["1-8.6.m4s", "1-8.7.m4s", "1-8.8.m4s", "1-8.9.m4s", "1-9.0.m4s", "1-9.1.m4s"]);
    equal(names([plan.next]), ["1-9.2.m4s"]);
    equal(plan.skipped, false);
});

test("after a delivered part only what follows it is taken", () => {
    const plan = planPieces(playlist({ from: 5, whole: 4, open: 2 }), { sequence: 8, part: 8 }, options);
    equal(names(plan.pieces), ["1-8.9.m4s", "1-9.0.m4s", "1-9.1.m4s"]);
});

test("a listener far behind jumps to the newest parts, unless that is wanted", () => {
    const list = playlist({ from: 5, whole: 4, open: 2 });
    const jumped = planPieces(list, { sequence: 6, part: 9 }, options);
    equal([jumped.pieces.length, jumped.skipped], [6, true]);
    const kept = planPieces(list, { sequence: 6, part: 9 }, { ...options, longestCatchUp: Infinity });
    equal([kept.pieces.length, kept.skipped], [22, false]);
});

test("a listener who fell out of the window starts again", () => {
    const plan = planPieces(playlist({ from: 50, whole: 4, open: 0 }), { sequence: 6, part: 9 }, { ...options, longestCatchUp: Infinity });
    equal(plan.skipped, true);
});

test("an older copy of the playlist gives no piece and no hint that was had already", () => {
    const plan = planPieces(playlist({ from: 5, whole: 4, open: 2 }), { sequence: 9, part: 4 }, options);
    equal([plan.pieces.length, plan.next, plan.skipped], [0, null, false]);
});

test("a numbering that fell back is taken as a new start", () => {
    const plan = planPieces(playlist({ from: 0, whole: 4, open: 2 }), { sequence: 900, part: 4 }, options);
    equal([plan.pieces.length > 0, plan.skipped], [true, true]);
});

test("a start does not reach back over a discontinuity", () => {
    const plan = planPieces(playlist({ from: 5, whole: 4, open: 2, discontinuousAt: 9 - 1 }), null, { ...options, startSeconds: 4 });
    check(names(plan.pieces).every((name) => name.startsWith("2-")), `pieces are ${names(plan.pieces)}`);
});

test("segments without parts are taken whole", () => {
    const plan = planPieces(playlist({ from: 5, whole: 4, open: 0, listed: 0 }), null, { ...options, startSeconds: 3 });
    equal(names(plan.pieces), ["1-7.m4s", "1-8.m4s"]);
});

test("an ended playlist has no hint", () => {
    equal(planPieces(playlist({ from: 5, whole: 4, open: 0, end: "#EXT-X-ENDLIST" }), null, options).next, null);
});

test("names of the parts that follow are guessed over the border of a segment", () => {
    const piece = { uri: "https://example.org/7/aac-128/3-41.8.m4s", sequence: 41, part: 8, duration: 0.192, date: 1000 };
    const next = successor(piece, 10);
    equal([names([next])[0], next.sequence, next.part, next.date], ["3-41.9.m4s", 41, 9, 1192]);
    const over = successor(next, 10);
    equal([names([over])[0], over.sequence, over.part], ["3-42.0.m4s", 42, 0]);
});

test("names of another kind are not guessed", () => {
    equal(successor({ uri: "https://example.org/part17.mp4", sequence: 1, part: 2, duration: 1, date: null }, 10), null);
});

test("the number of parts in a segment is read off the playlist", () => {
    equal(partsPerSegment(playlist({ from: 5, whole: 4, open: 2 })), 10);
});
