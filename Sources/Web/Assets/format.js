// Numbers and times as people read them.

const whole = new Intl.NumberFormat("en");

export function count(number) {
    return whole.format(number);
}

/** 6127 → "1:42:07", 67 → "1:07". */
export function clock(seconds) {
    const total = Math.max(0, Math.floor(seconds));
    const two = (number) => String(number).padStart(2, "0");
    const hours = Math.floor(total / 3600);
    const minutes = Math.floor(total / 60) % 60;
    return hours > 0 ? `${hours}:${two(minutes)}:${two(total % 60)}` : `${minutes}:${two(total % 60)}`;
}

/** 0.44 → "0.4 s", 14.2 → "14 s", 75 → "1:15". */
export function behind(seconds) {
    if (seconds < 10) return `${Math.max(0, seconds).toFixed(1)} s`;
    return seconds < 60 ? `${Math.round(seconds)} s` : clock(seconds);
}

/** 1 → "1 second", 75 → "1 minute 15 seconds". */
export function inWords(seconds) {
    const total = Math.max(0, Math.round(seconds));
    const parts = [[Math.floor(total / 3600), "hour"], [Math.floor(total / 60) % 60, "minute"], [total % 60, "second"]];
    const said = parts.filter(([number]) => number > 0).map(([number, unit]) => `${number} ${unit}${number === 1 ? "" : "s"}`);
    return said.join(" ") || "0 seconds";
}

/** What is playing as {title, artist, startedAt} or null, from a document or a plain line "Artist - Title". */
export function nowPlaying(value) {
    if (!value) return null;
    if (typeof value === "string") {
        const [artist, ...rest] = value.split(" - ");
        if (rest.length === 0) return { artist: "", title: value, startedAt: null };
        return { artist, title: rest.join(" - "), startedAt: null };
    }
    const { title = "", artist = "", at = null } = value;
    return title || artist ? { title: title ?? "", artist: artist ?? "", startedAt: at } : null;
}
