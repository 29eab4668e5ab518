// Plays a recording: fetches a little more than is heard, wherever the listener jumps.

import { rangeAt } from "./buffer-ranges.js";
import { pause, request, StatusError } from "./http.js";
import { MediaSink, supportsType } from "./media-sink.js";
import { parseMaster, parseMedia } from "./playlist.js";
import { renditionsOf } from "./rendition.js";

const aheadSeconds = 30;
const keptSeconds = 60;
const retrySeconds = 3;

/** What there is of a recording, laid end to end: segments with `start` in seconds. What was lost is left out. */
export function timelineOf(segments) {
    let start = 0;
    return segments.filter((segment) => !segment.gap).map((segment) => {
        const placed = { ...segment, start };
        start += segment.duration;
        return placed;
    });
}

/** Index of the segment that is needed for more than `aheadSeconds` from `time` on; null while there is enough. */
export function nextSegment(timeline, ranges, time) {
    const reached = rangeAt(ranges, time)?.end ?? time;
    if (reached - time >= aheadSeconds) return null;
    // A border that lies a rounding error further is a border that was reached.
    const index = timeline.findIndex((segment) => segment.start + segment.duration > reached + 0.02);
    return index < 0 ? null : index;
}

/**
 * Plays until `signal` is aborted. Must be called in the press of a button: browsers allow sound only then.
 *
 * kind: as of playback.js; say(text): what is the matter, empty when all is well.
 */
export function playRecording({ audio, masterURL, kind, choice, say, signal }) {
    if (kind === "native") {
        audio.src = masterURL;
        audio.addEventListener("error", () => say("The browser's player gave up."), { signal });
    } else {
        fill(audio, masterURL, choice, say, signal).catch((error) => {
            if (!signal.aborted) say(`The recording cannot be played: ${error.message}`);
        });
    }
    // Without permission the listener presses play in the element itself.
    audio.play().catch(() => {});
}

async function fill(audio, masterURL, choice, say, signal) {
    const sink = new MediaSink(audio);
    signal.addEventListener("abort", () => sink.close());
    await sink.ready;
    const get = (url, as) => patiently(() => request(url, { as, signal }), say, signal);
    const renditions = renditionsOf(parseMaster(await get(masterURL, "text"), masterURL), supportsType);
    const rendition = choice.choose(renditions);
    if (!rendition) throw new Error("This browser can play none of its qualities.");
    const timeline = timelineOf(parseMedia(await get(rendition.uri, "text"), rendition.uri).segments);
    sink.length = timeline.reduce((sum, segment) => sum + segment.duration, 0);
    audio.addEventListener("seeking", () => {
        if (!rangeAt(sink.ranges, audio.currentTime)) sink.clear().catch(() => {});
    }, { signal });
    const inits = new Map();
    let before = null;
    let run = 0;
    while (!signal.aborted) {
        const index = nextSegment(timeline, sink.ranges, audio.currentTime);
        if (index === null) {
            if (rangeAt(sink.ranges, audio.currentTime)?.end > sink.length - 0.1) sink.finish();
            await change(audio, signal);
            continue;
        }
        const segment = timeline[index];
        if (!inits.has(segment.map)) inits.set(segment.map, await get(segment.map, "arrayBuffer"));
        const bytes = await get(segment.uri, "arrayBuffer");
        if (index !== before + 1) run += 1;
        before = index;
        await sink.append({
            mime: rendition.mime, init: inits.get(segment.map), bytes, run: `${run}/${segment.discontinuity}`,
            at: segment.start,
        });
        await sink.trim(keptSeconds);
    }
}

/** Tries again until the network is back; an answer that says no is one. */
async function patiently(body, say, signal) {
    for (;;) {
        try {
            const value = await body();
            say("");
            return value;
        } catch (error) {
            if (signal.aborted) throw error;
            if (error instanceof StatusError && error.status < 500) throw error;
            say(`Connection lost, trying again in ${retrySeconds} s.`);
            await pause(retrySeconds, signal);
        }
    }
}

/** Resolves when the place that is heard has changed, or playing was aborted. */
function change(audio, signal) {
    return new Promise((resolve) => {
        const done = new AbortController();
        const finish = () => {
            done.abort();
            resolve();
        };
        for (const name of ["timeupdate", "seeking"]) audio.addEventListener(name, finish, { signal: done.signal });
        signal.addEventListener("abort", finish, { signal: done.signal });
        if (signal.aborted) finish();
    });
}
