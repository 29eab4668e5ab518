// HLS playlists as values: what a listener needs of RFC 8216bis, nothing of I/O.

/** Attribute list of a tag (RFC 8216bis §4.2) → {NAME: text}, quotes taken off. */
export function parseAttributes(text) {
    const attributes = {};
    for (const match of text.matchAll(/([A-Z0-9-]+)=("([^"]*)"|[^,]*)/g)) {
        attributes[match[1]] = match[3] ?? match[2];
    }
    return attributes;
}

/** Multivariant playlist → [{uri, bandwidth, codecs}], in the order listed; uri absolute, bandwidth in bit/s. */
export function parseMaster(text, baseURL) {
    const variants = [];
    let pending = null;
    for (const line of lines(text)) {
        if (line.startsWith("#EXT-X-STREAM-INF:")) {
            pending = parseAttributes(line.slice(18));
        } else if (!line.startsWith("#") && pending) {
            variants.push({
                uri: new URL(line, baseURL).href,
                bandwidth: Number(pending["AVERAGE-BANDWIDTH"] ?? pending.BANDWIDTH) || 0,
                codecs: pending.CODECS ?? "mp4a.40.2",
            });
            pending = null;
        }
    }
    return variants;
}

/**
 * Media playlist → {targetDuration, partTarget, canBlockReload, ended, segments, hint}; durations in seconds.
 *
 * segments: [{sequence, uri, duration, discontinuity, map, date, parts: [{uri, duration}]}], those that are lost with
 * gap: true; the open segment is the last one and has uri null. discontinuity is the discontinuity sequence number, map the absolute URI of the init
 * segment, date the milliseconds since 1970 of the first sample or null.
 * hint: {uri, sequence, part, discontinuity, map, date} of the part that comes next, or null.
 */
export function parseMedia(text, baseURL) {
    if (!text.startsWith("#EXTM3U")) throw new Error("The playlist does not begin with #EXTM3U.");
    const playlist = {
        targetDuration: 0, partTarget: null, canBlockReload: false, ended: false, segments: [], hint: null,
    };
    const absolute = (uri) => new URL(uri, baseURL).href;
    let sequence = 0;
    let discontinuity = 0;
    let map = null;
    let mapHint = null;
    let date = null;
    let duration = null;
    let parts = [];
    let gap = false;
    let hintURI = null;
    const close = (uri) => {
        const length = duration ?? parts.reduce((sum, part) => sum + part.duration, 0);
        playlist.segments.push({ sequence, uri, duration: length, discontinuity, map, date, parts, ...(gap && { gap }) });
        gap = false;
        sequence += 1;
        date = date === null ? null : date + length * 1000;
        duration = null;
        parts = [];
    };
    for (const line of lines(text)) {
        const colon = line.indexOf(":");
        const tag = line.startsWith("#") ? (colon < 0 ? line : line.slice(0, colon)) : "";
        const value = colon < 0 ? "" : line.slice(colon + 1);
        switch (tag) {
        case "": close(absolute(line)); break;
        case "#EXT-X-TARGETDURATION": playlist.targetDuration = Number(value) || 0; break;
        case "#EXT-X-PART-INF": playlist.partTarget = Number(parseAttributes(value)["PART-TARGET"]) || null; break;
        case "#EXT-X-SERVER-CONTROL":
            playlist.canBlockReload = parseAttributes(value)["CAN-BLOCK-RELOAD"] === "YES";
            break;
        case "#EXT-X-MEDIA-SEQUENCE": sequence = Number(value) || 0; break;
        case "#EXT-X-DISCONTINUITY-SEQUENCE": discontinuity = Number(value) || 0; break;
        case "#EXT-X-DISCONTINUITY": discontinuity += 1; date = null; break;
        case "#EXT-X-MAP": map = absolute(parseAttributes(value).URI ?? ""); break;
        case "#EXT-X-PROGRAM-DATE-TIME": date = Number.isNaN(Date.parse(value)) ? null : Date.parse(value); break;
        case "#EXT-X-GAP": gap = true; break;
        case "#EXTINF": duration = Number.parseFloat(value) || 0; break;
        case "#EXT-X-PART": {
            const part = parseAttributes(value);
            if (part.URI) parts.push({ uri: absolute(part.URI), duration: Number(part.DURATION) || 0 });
            break;
        }
        case "#EXT-X-PRELOAD-HINT": {
            const hint = parseAttributes(value);
            if (hint.TYPE === "PART" && hint.URI) hintURI = absolute(hint.URI);
            if (hint.TYPE === "MAP" && hint.URI) mapHint = absolute(hint.URI);
            break;
        }
        case "#EXT-X-ENDLIST": playlist.ended = true; break;
        default: break;
        }
    }
    if (hintURI !== null) {
        const offset = parts.reduce((sum, part) => sum + part.duration, 0);
        playlist.hint = {
            uri: hintURI, sequence, part: parts.length, discontinuity, map: mapHint ?? map,
            date: date === null ? null : date + offset * 1000,
        };
    }
    if (parts.length > 0) close(null);
    return playlist;
}

function lines(text) {
    return text.split(/\r?\n/).map((line) => line.trim()).filter((line) => line !== "");
}
