// The qualities of a stream: their names, which of them this browser plays, which one to take.

/**
 * Variants of a master playlist → [{id, label, kilobits, codec, lossless, mime, uri}], best first; those that
 * `supports(mime)` refuses are left out. id is the folder of the playlist ("aac-128"), which is the same in every
 * stream.
 */
export function renditionsOf(variants, supports) {
    const renditions = [];
    for (const { uri, bandwidth, codecs } of variants) {
        const mime = spellings(codecs).map((name) => `audio/mp4; codecs="${name}"`).find(supports);
        if (!mime) continue;
        const id = decodeURIComponent(new URL(uri).pathname.split("/").at(-2) ?? "");
        const codec = codecName(codecs);
        const lossless = codec === "FLAC";
        const kilobits = Number(/(\d+)k?$/.exec(id)?.[1]) || Math.round(bandwidth / 1000);
        const label = lossless ? "FLAC, lossless" : `${codec} ${kilobits} kbit/s`;
        renditions.push({ id, label, kilobits, bandwidth, codec, lossless, mime, uri });
    }
    return renditions.sort((a, b) => b.bandwidth - a.bandwidth);
}

/** Browsers disagree on the capitals of Opus and FLAC in MP4, so each spelling is offered. */
function spellings(codecs) {
    const lower = codecs.toLowerCase();
    if (lower === "opus") return [codecs, "opus", "Opus"];
    if (lower === "flac") return [codecs, "flac", "fLaC"];
    return [codecs];
}

function codecName(codecs) {
    const lower = codecs.toLowerCase();
    if (lower.startsWith("mp4a.40.5") || lower.startsWith("mp4a.40.29")) return "HE-AAC";
    if (lower.startsWith("mp4a")) return "AAC";
    if (lower === "opus") return "Opus";
    if (lower === "flac") return "FLAC";
    return codecs;
}

/**
 * Chooses by itself while nobody chose: the best AAC up to 256 kbit/s, the smallest one when data is to be saved, one
 * step down after two stalls within 30 s, one step up after 2 minutes without.
 */
export class RenditionChoice {
    #stalls = [];
    #ceiling = Infinity;
    #changedAt = -Infinity;

    constructor({ wanted = "auto", saveData = false } = {}) {
        this.wanted = wanted;
        this.saveData = saveData;
    }

    choose(renditions) {
        const named = renditions.find((rendition) => rendition.id === this.wanted);
        if (named) return named;
        const aac = renditions.filter((rendition) => rendition.codec.endsWith("AAC"));
        const candidates = aac.length > 0 ? aac : renditions.filter((rendition) => !rendition.lossless);
        if (candidates.length === 0) return renditions[0] ?? null;
        if (this.saveData) return candidates.at(-1);
        const limit = Math.min(this.#ceiling, 320);
        return candidates.find((rendition) => rendition.kilobits <= limit) ?? candidates.at(-1);
    }

    /** A stall at `now` (seconds) while `current` played → whether to choose again. */
    stalled(now, current) {
        if (this.wanted !== "auto" || !current) return false;
        this.#stalls = this.#stalls.filter((time) => now - time < 30);
        this.#stalls.push(now);
        if (this.#stalls.length < 2) return false;
        this.#stalls = [];
        this.#ceiling = current.kilobits - 1;
        this.#changedAt = now;
        return true;
    }

    /** Asked now and then → whether to choose again, since all was quiet for 2 minutes. */
    recovered(now) {
        if (this.wanted !== "auto" || this.#ceiling === Infinity || now - this.#changedAt < 120) return false;
        if (this.#stalls.some((time) => now - time < 120)) return false;
        this.#ceiling = this.#ceiling * 2 + 2;
        if (this.#ceiling > 320) this.#ceiling = Infinity;
        this.#changedAt = now;
        return true;
    }
}
