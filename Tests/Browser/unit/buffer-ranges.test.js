import { placeBehind, rangeAt, soundBehindHole } from "/assets/buffer-ranges.js";
import { equal, near, test } from "./harness.js";

const ranges = [{ start: 0, end: 10 }, { start: 14, end: 20 }];

test("a place lies in its range, with a little tolerance at the ends", () => {
    equal([rangeAt(ranges, 5), rangeAt(ranges, 10.04), rangeAt(ranges, 12)], [ranges[0], ranges[0], null]);
});

test("the place behind the live edge stays within the last range", () => {
    near(placeBehind(ranges, { edge: 20.1, target: 0.4 }), 19.6, 1e-9);
    near(placeBehind(ranges, { edge: 19.9, target: 0.4 }), 19.5, 1e-9);
    equal(placeBehind(ranges, { edge: 20, target: 9 }), 14);
    equal([placeBehind([], { edge: 20, target: 1 }), placeBehind(ranges, { edge: null, target: 1 })], [null, null]);
});

test("a hole is left for the sound behind it, and only when the sound before it is over", () => {
    equal([soundBehindHole(ranges, 9), soundBehindHole(ranges, 9.97), soundBehindHole(ranges, 12)], [null, 14, 14]);
    equal([soundBehindHole(ranges, 19.99), soundBehindHole([], 3)], [null, null]);
});
