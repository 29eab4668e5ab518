// Which moment of the stream is at which place of the element's timeline.

/** Remembers, for the parts of the last minutes, their place and the date of their first sample. */
export class MediaDates {
    #entries = [];

    /** start, end in seconds of the timeline; date in milliseconds since 1970 or null. */
    add({ start, end, date }) {
        if (date === null) return;
        this.#entries = this.#entries.filter((entry) => entry.end <= start + 0.01 || entry.start >= end);
        this.#entries.push({ start, end, date });
        if (this.#entries.length > 1000) this.#entries.splice(0, 200);
    }

    /** Milliseconds since 1970 of the sample at `time`, or null where nothing is known. */
    dateAt(time) {
        const entry = this.#entries.findLast((candidate) => candidate.start <= time + 0.001);
        if (!entry || time > entry.end + 1) return null;
        return entry.date + (time - entry.start) * 1000;
    }
}
