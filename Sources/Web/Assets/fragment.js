// Reads the times of fragmented MP4 (ISO/IEC 14496-12), as far as a live player needs them.

/** Boxes between two offsets as [{type, start, end}], start being the first byte of the content. */
function boxes(view, from, to) {
    const found = [];
    let offset = from;
    while (offset + 8 <= to) {
        let size = view.getUint32(offset);
        let header = 8;
        const type = String.fromCharCode(...[4, 5, 6, 7].map((index) => view.getUint8(offset + index)));
        if (size === 1 && offset + 16 <= to) {
            size = Number(view.getBigUint64(offset + 8));
            header = 16;
        } else if (size === 0) {
            size = to - offset;
        }
        if (size < header || offset + size > to) break;
        found.push({ type, start: offset + header, end: offset + size });
        offset += size;
    }
    return found;
}

function descend(view, path) {
    let range = { start: 0, end: view.byteLength };
    for (const type of path) {
        range = boxes(view, range.start, range.end).find((box) => box.type === type);
        if (!range) return null;
    }
    return range;
}

function viewOf(bytes) {
    return ArrayBuffer.isView(bytes)
        ? new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
        : new DataView(bytes);
}

/** Init segment → {timescale, defaultDuration}: ticks a second, and the sample duration of `trex`. */
export function readInit(bytes) {
    const view = viewOf(bytes);
    const mdhd = descend(view, ["moov", "trak", "mdia", "mdhd"]);
    if (!mdhd) throw new Error("The init segment has no mdhd box.");
    const timescale = view.getUint32(mdhd.start + (view.getUint8(mdhd.start) === 1 ? 20 : 12));
    if (timescale === 0) throw new Error("The init segment has a timescale of 0.");
    const trex = descend(view, ["moov", "mvex", "trex"]);
    return { timescale, defaultDuration: trex ? view.getUint32(trex.start + 12) : 0 };
}

/** Media → {start, duration} in seconds: tfdt of the first fragment and the sum over all fragments. */
export function readFragments(bytes, { timescale, defaultDuration }) {
    const view = viewOf(bytes);
    let start = null;
    let ticks = 0;
    for (const moof of boxes(view, 0, view.byteLength).filter((box) => box.type === "moof")) {
        for (const traf of boxes(view, moof.start, moof.end).filter((box) => box.type === "traf")) {
            const children = boxes(view, traf.start, traf.end);
            const tfdt = children.find((box) => box.type === "tfdt");
            if (!tfdt) throw new Error("The fragment has no tfdt box.");
            const wide = view.getUint8(tfdt.start) === 1;
            start ??= wide ? Number(view.getBigUint64(tfdt.start + 4)) : view.getUint32(tfdt.start + 4);
            const tfhd = children.find((box) => box.type === "tfhd");
            const usual = tfhd ? tfhdDuration(view, tfhd) ?? defaultDuration : defaultDuration;
            for (const trun of children.filter((box) => box.type === "trun")) ticks += trunTicks(view, trun, usual);
        }
    }
    if (start === null) throw new Error("The part has no movie fragment.");
    return { start: start / timescale, duration: ticks / timescale };
}

function tfhdDuration(view, tfhd) {
    const flags = view.getUint32(tfhd.start) & 0xffffff;
    if (!(flags & 0x8)) return null;
    return view.getUint32(tfhd.start + 8 + (flags & 0x1 ? 8 : 0) + (flags & 0x2 ? 4 : 0));
}

function trunTicks(view, trun, usual) {
    const flags = view.getUint32(trun.start) & 0xffffff;
    const count = view.getUint32(trun.start + 4);
    if (!(flags & 0x100)) return count * usual;
    const width = [0x100, 0x200, 0x400, 0x800].reduce((sum, flag) => sum + (flags & flag ? 4 : 0), 0);
    let offset = trun.start + 8 + (flags & 0x1 ? 4 : 0) + (flags & 0x4 ? 4 : 0);
    let ticks = 0;
    for (; offset + width <= trun.end; offset += width) ticks += view.getUint32(offset);
    return ticks;
}
