import { behind, clock, count, inWords, nowPlaying } from "/assets/format.js";
import { equal, test } from "./harness.js";

test("numbers and times read well", () => {
    equal([count(1284), clock(6127), clock(67), clock(-3)], ["1,284", "1:42:07", "1:07", "0:00"]);
    equal([1, 12.4, 60, 75, 7200].map(inWords), ["1 second", "12 seconds", "1 minute", "1 minute 15 seconds", "2 hours"]);
    equal(inWords(0), "0 seconds");
    equal([behind(0.44), behind(9.96), behind(14.2), behind(75)], ["0.4 s", "10.0 s", "14 s", "1:15"]);
});

test("what is playing is read from a line and from a document", () => {
    equal(nowPlaying("A - B - C"), { artist: "A", title: "B - C", startedAt: null });
    equal(nowPlaying("B"), { artist: "", title: "B", startedAt: null });
    equal(nowPlaying({ title: "B", artist: null }), { title: "B", artist: "", startedAt: null });
    equal(nowPlaying({ title: "B", artist: "A", at: "2026" }), { title: "B", artist: "A", startedAt: "2026" });
    equal([nowPlaying(null), nowPlaying(""), nowPlaying({})], [null, null, null]);
});
