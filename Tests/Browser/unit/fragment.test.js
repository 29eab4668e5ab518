import { readFragments, readInit } from "/assets/fragment.js";
import { equal, near, test, throws } from "./harness.js";

const u32 = (value) => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
const box = (type, ...content) => {
    const body = content.flat();
    return [...u32(body.length + 8), ...[...type].map((letter) => letter.charCodeAt(0)), ...body];
};
const bytes = (...boxes) => new Uint8Array(boxes.flat()).buffer;
const init = (timescale, usual) => bytes(box("ftyp", u32(0)), box("moov",
    box("trak", box("mdia", box("mdhd", u32(0), u32(0), u32(0), u32(timescale), u32(0)))),
    box("mvex", box("trex", u32(0), u32(1), u32(1), u32(usual), u32(0), u32(0)))));
const fragment = ({ start, tfhd = [...u32(0x20000), ...u32(1)], trun }) => [
    ...box("moof", box("mfhd", u32(0), u32(1)), box("traf", box("tfhd", tfhd),
        box("tfdt", u32(0x01000000), u32(Math.floor(start / 2 ** 32)), u32(start >>> 0)), box("trun", trun))),
    ...box("mdat", [1, 2, 3]),
];

test("the timescale and the usual sample duration are read", () => {
    equal(readInit(init(48000, 1024)), { timescale: 48000, defaultDuration: 1024 });
});

test("a part of nine AAC frames lasts 192 ms", () => {
    const trun = [...u32(0x201), ...u32(9), ...u32(0), ...Array(9).fill(u32(200)).flat()];
    const times = readFragments(bytes(fragment({ start: 480000, trun })), { timescale: 48000, defaultDuration: 1024 });
    near(times.start, 10, 1e-9);
    near(times.duration, 0.192, 1e-9);
});

test("durations of tfhd and of trun come before the usual one", () => {
    const byHeader = fragment({ start: 0, tfhd: [...u32(0x20008), ...u32(1), ...u32(960)], trun: [...u32(0), ...u32(10)] });
    near(readFragments(bytes(byHeader), { timescale: 48000, defaultDuration: 1024 }).duration, 0.2, 1e-9);
    const trun = [...u32(0x300), ...u32(2), ...u32(4608), ...u32(77), ...u32(4608), ...u32(78)];
    near(readFragments(bytes(fragment({ start: 0, trun })), { timescale: 48000, defaultDuration: 1024 }).duration, 0.192, 1e-9);
});

test("a whole segment is the sum of its fragments, a box in front of them is passed over", () => {
    const trun = [...u32(0), ...u32(9)];
    const segment = bytes(box("emsg", [0, 0, 0, 0]), fragment({ start: 2 ** 33, trun }), fragment({ start: 2 ** 33 + 9216, trun }));
    const times = readFragments(segment, { timescale: 48000, defaultDuration: 1024 });
    near(times.start, 2 ** 33 / 48000, 1e-6);
    near(times.duration, 0.384, 1e-9);
});

test("what is no fragment is refused", () => {
    throws(() => readFragments(bytes(box("mdat", [1])), { timescale: 48000, defaultDuration: 1024 }), "mdat alone");
    throws(() => readInit(bytes(box("ftyp", u32(0)))), "ftyp alone");
});
