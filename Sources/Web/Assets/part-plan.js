// Which parts to ask for next: a function of a media playlist and of the last part that was delivered.

/** Order of two positions {sequence, part} in the stream; a whole segment counts as its last part. */
export function comparePositions(a, b) {
    return a.sequence - b.sequence || a.part - b.part;
}

/** Every piece of the playlist as [{uri, sequence, part, duration, discontinuity, map, date}]: parts where they are
 *  listed, the whole segment (part Infinity) where they are not. */
export function listedPieces(playlist) {
    const pieces = [];
    for (const segment of playlist.segments) {
        const { sequence, discontinuity, map } = segment;
        if (segment.parts.length === 0) {
            if (segment.uri) {
                const { uri, duration, date } = segment;
                pieces.push({ uri, sequence, part: Infinity, duration, discontinuity, map, date });
            }
            continue;
        }
        let offset = 0;
        segment.parts.forEach(({ uri, duration }, part) => {
            const date = segment.date === null ? null : segment.date + offset * 1000;
            const last = segment.uri !== null && part === segment.parts.length - 1;
            pieces.push({ uri, sequence, part, duration, discontinuity, map, date, last });
            offset += duration;
        });
    }
    return pieces;
}

/**
 * The plan: {pieces, next, skipped}. pieces exist already and follow the last delivered one without a hole, unless
 * skipped; next is the hinted part, or null where the playlist has no parts or has ended.
 *
 * Without a delivered position, or when more than `longestCatchUp` seconds are waiting, the pieces are only the newest
 * ones that together last `startSeconds`.
 */
export function planPieces(playlist, delivered, { startSeconds, longestCatchUp }) {
    const listed = listedPieces(playlist);
    let pieces = delivered ? listed.filter((piece) => comparePositions(piece, delivered) > 0) : [];
    const waiting = pieces.reduce((sum, piece) => sum + piece.duration, 0);
    let skipped = false;
    const fellOut = delivered !== null && pieces.length > 0 && pieces[0].sequence > delivered.sequence + 1;
    const restarted = delivered !== null && listed.length > 0 && pieces.length === 0
        && delivered.sequence > listed[listed.length - 1].sequence + 1;
    if (!delivered || waiting > longestCatchUp || fellOut || restarted) {
        pieces = newest(listed, startSeconds);
        skipped = delivered !== null;
    }
    let next = playlist.ended ? null : playlist.hint;
    if (next && !skipped && delivered && comparePositions(next, delivered) <= 0) next = null;
    return { pieces, next, skipped };
}

function newest(listed, seconds) {
    let first = listed.length;
    let sum = 0;
    while (first > 0 && sum < seconds) {
        first -= 1;
        sum += listed[first].duration;
    }
    // A start in the middle of two epochs would begin with the tail of the old one.
    const start = listed.findLastIndex((piece, index) =>
        index > first && piece.discontinuity !== listed[index - 1].discontinuity);
    return listed.slice(start > first ? start : first);
}

const partName = /^(.*\/)(\d+)-(\d+)\.(\d+)\.m4s(\?.*)?$/;

/**
 * The part after `piece` by its name EPOCH-SEQUENCE.PART.m4s, without a look at the playlist; null where the name is
 * of another kind. The server answers 404 when the guess is not the hinted part.
 */
export function successor(piece, partsPerSegment) {
    const match = partName.exec(piece.uri);
    if (!match || !Number.isFinite(piece.part)) return null;
    const opens = piece.part + 1 >= partsPerSegment;
    const sequence = opens ? piece.sequence + 1 : piece.sequence;
    const part = opens ? 0 : piece.part + 1;
    return {
        ...piece,
        uri: `${match[1]}${match[2]}-${sequence}.${part}.m4s${match[5] ?? ""}`,
        sequence, part, last: false,
        date: piece.date === null || !piece.duration ? null : piece.date + piece.duration * 1000,
    };
}

/** Parts in a whole segment, read off the playlist: the most that a finished one lists. 10 until one is there. */
export function partsPerSegment(playlist) {
    const counts = playlist.segments.filter((segment) => segment.uri).map((segment) => segment.parts.length);
    return Math.max(0, ...counts) || 10;
}
