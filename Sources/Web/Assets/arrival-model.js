// When do parts come? Learns the live edge and its jitter from the arrivals; knows no clock of its own.

/**
 * Media that ends at `mediaEnd` (seconds of the media timeline) and came at `arrivedAt` (seconds, steady clock) has
 * the offset arrivedAt − mediaEnd. The smallest offset of the last 8 s is the way without hindrance; what exceeds
 * it is jitter, of which 30 s are remembered. No longer: encoders send their first parts early, and whoever heard the
 * beginning of a stream would be kept that much further behind.
 */
export class ArrivalModel {
    #samples = [];
    #windowSeconds;
    #baseSeconds;
    #leastFetch = Infinity;

    constructor({ windowSeconds = 30, baseSeconds = 8 } = {}) {
        this.#windowSeconds = windowSeconds;
        this.#baseSeconds = baseSeconds;
    }

    /**
     * A part that existed when it was asked for (`listed`, or by `requestedAt`) tells nothing about jitter, unless the
     * server held the request: that takes longer than to fetch what exists.
     */
    add({ requestedAt, arrivedAt, mediaEnd, listed = false }) {
        const offset = arrivedAt - mediaEnd;
        const known = this.base;
        const held = arrivedAt - requestedAt > this.#leastFetch + 0.05;
        this.#leastFetch = Math.min(this.#leastFetch, arrivedAt - requestedAt);
        const awaited = !listed && (known === null || held || requestedAt < mediaEnd + known + 0.02);
        this.#samples.push({ arrivedAt, offset, awaited });
        const oldest = arrivedAt - this.#windowSeconds;
        while (this.#samples.length > 1 && this.#samples[0].arrivedAt < oldest) this.#samples.shift();
    }

    get count() {
        return this.#samples.length;
    }

    /** Smallest offset of late in seconds, or null before the first part. */
    get base() {
        if (this.#samples.length === 0) return null;
        const since = this.#samples.at(-1).arrivedAt - this.#baseSeconds;
        const recent = this.#samples.filter((sample) => sample.awaited && sample.arrivedAt >= since);
        return Math.min(...(recent.length > 0 ? recent : this.#samples).map((sample) => sample.offset));
    }

    /** End of the media that could be here at `now`: the live edge, free of the steps of parts. */
    edge(now) {
        return this.base === null ? null : now - this.base;
    }

    /** 95th percentile of arrival − expected in seconds; `prior` until ten awaited parts have come. */
    jitter(prior = 0.08) {
        const base = this.base;
        const late = this.#samples.filter((sample) => sample.awaited).map((sample) => sample.offset - base);
        if (late.length < 10) return Math.max(prior, ...late.filter((seconds) => seconds < 1));
        late.sort((a, b) => a - b);
        return late[Math.ceil(late.length * 0.95) - 1];
    }

    reset() {
        this.#samples = [];
        this.#leastFetch = Infinity;
    }
}
