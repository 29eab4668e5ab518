import { RenditionChoice, renditionsOf } from "/assets/rendition.js";
import { equal, test } from "./harness.js";

const variant = (id, bandwidth, codecs) => ({ uri: `https://example.org/hls/demo/7/${id}/live.m3u8`, bandwidth, codecs });
const ladder = [
    variant("aac-128", 135000, "mp4a.40.2"), variant("aac-64", 70000, "mp4a.40.2"), variant("aac-256", 264000, "mp4a.40.2"),
    variant("opus-96", 99000, "Opus"), variant("flac", 1500000, "fLaC"),
];
const all = renditionsOf(ladder, () => true);

test("renditions are named by codec and bit rate, best first", () => {
    equal(all.map((rendition) => [rendition.id, rendition.label]), [
        ["flac", "FLAC, lossless"], ["aac-256", "AAC 256 kbit/s"], ["aac-128", "AAC 128 kbit/s"],
        ["opus-96", "Opus 96 kbit/s"], ["aac-64", "AAC 64 kbit/s"],
    ]);
});

test("what the browser does not play is left out, other spellings are tried", () => {
    const chosen = renditionsOf(ladder, (mime) => mime.includes("mp4a") || mime.includes('"opus"'));
    equal(chosen.map((rendition) => rendition.id), ["aac-256", "aac-128", "opus-96", "aac-64"]);
    equal(chosen[2].mime, 'audio/mp4; codecs="opus"');
});

test("of itself the best AAC is taken, the smallest to save data, the chosen one otherwise", () => {
    equal(new RenditionChoice().choose(all).id, "aac-256");
    equal(new RenditionChoice({ saveData: true }).choose(all).id, "aac-64");
    equal(new RenditionChoice({ wanted: "flac" }).choose(all).id, "flac");
    equal(new RenditionChoice({ wanted: "gone" }).choose(all).id, "aac-256");
    equal(new RenditionChoice().choose([]), null);
});

test("two stalls within 30 s lead one step down, quiet minutes up again", () => {
    const choice = new RenditionChoice();
    const best = choice.choose(all);
    equal(choice.stalled(10, best), false);
    equal(choice.stalled(50, best), false);
    equal(choice.stalled(60, best), true);
    equal(choice.choose(all).id, "aac-128");
    equal(choice.recovered(100), false);
    equal(choice.recovered(200), true);
    equal(choice.choose(all).id, "aac-256");
});

test("a quality that was chosen is kept through stalls", () => {
    const choice = new RenditionChoice({ wanted: "aac-256" });
    const best = choice.choose(all);
    choice.stalled(1, best);
    equal(choice.stalled(2, best), false);
    equal(choice.choose(all).id, "aac-256");
});
