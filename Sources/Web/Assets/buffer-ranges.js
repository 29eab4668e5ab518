// Questions about what is buffered: ranges are [{start, end}] in seconds of the element's timeline, in order.

const tolerance = 0.05;

/** The range that a place lies in, or null. */
export function rangeAt(ranges, time) {
    return ranges.find((range) => range.start - tolerance <= time && time <= range.end + tolerance) ?? null;
}

/** The place that is `target` seconds behind the live edge, within the last range; null without sound. */
export function placeBehind(ranges, { edge, target }) {
    const range = ranges.at(-1);
    if (!range || edge === null) return null;
    return Math.max(range.start, Math.min(edge, range.end) - target);
}

/** Start of the range behind the hole in which `time` stands, or null when there is sound or nothing follows. */
export function soundBehindHole(ranges, time) {
    const current = rangeAt(ranges, time);
    if (current && current.end - time > tolerance) return null;
    return ranges.find((range) => range.start > time)?.start ?? null;
}
