import { nextSegment, timelineOf } from "/assets/recording-player.js";
import { equal, test } from "./harness.js";

const segments = [
    { uri: "a", duration: 2 }, { uri: "b", duration: 2, gap: true }, { uri: "c", duration: 2 }, { uri: "d", duration: 40 },
    { uri: "e", duration: 2 },
];
const timeline = timelineOf(segments);

test("a recording is laid end to end without what was lost", () => {
    equal(timeline.map(({ uri, start }) => [uri, start]), [["a", 0], ["c", 2], ["d", 4], ["e", 44]]);
});

test("the next segment follows what is buffered where the listener is", () => {
    equal(nextSegment(timeline, [], 0), 0);
    equal(nextSegment(timeline, [{ start: 0, end: 2 }], 1), 1);
    equal(nextSegment(timeline, [{ start: 0, end: 3.999 }], 1), 2, "a border missed by a rounding error");
    equal(nextSegment(timeline, [{ start: 0, end: 44 }], 1), null, "enough");
    equal(nextSegment(timeline, [{ start: 0, end: 44 }], 20), 3);
    equal(nextSegment(timeline, [{ start: 44, end: 46 }], 10), 2, "elsewhere is no help");
    equal(nextSegment(timeline, [{ start: 0, end: 46 }], 45), null, "the end");
});
