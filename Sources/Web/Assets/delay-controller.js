// Holds the distance between what is heard and the live edge. Pure: time and measurements come in, wishes go out.

const slowest = 0.97;
const fastest = 1.05;
const leastDelay = 0.25;
// Chromium's renderer runs dry with 0.12 s left in the buffer while the rate is not 1 (measured).
const rendererReserve = 0.13;
const largestPenalty = 2;
// What the playlists advise as PART-HOLD-BACK (RFC 8216bis §4.4.3.8).
const steadyParts = 3;

/**
 * The target is one part + jitter + what the renderer needs, never below 0.25 s, or three parts for those who want it
 * steady; plus a penalty of 0.1 s for each stall that goes away over minutes. Within reach it is held by playback rate; more than 2 s behind (or, once the sound has
 * broken off anyway, more than 1 s above the target) by a seek, so that a listener is back within 20 s.
 */
export class DelayController {
    #penalty = 0;
    #correcting = false;
    #updatedAt = null;
    #partSeconds = 0.192;
    #jitter = 0.08;
    /** Whether the listener would rather hear it later than have it break off. */
    steady = false;

    /** `partSeconds` is the duration of what is appended at a time, `jitter` the p95 lateness; both in seconds. */
    measure({ partSeconds, jitter }) {
        this.#partSeconds = partSeconds;
        this.#jitter = Math.min(Math.max(jitter, 0), 2);
    }

    get target() {
        const least = this.steady ? Math.max(leastDelay, steadyParts * this.#partSeconds) : leastDelay;
        return Math.max(least, this.#partSeconds + this.#jitter + rendererReserve) + this.#penalty;
    }

    get penalty() {
        return this.#penalty;
    }

    stalled() {
        this.#penalty = Math.min(this.#penalty + 0.1, largestPenalty);
    }

    /** Is a jump to the target due? `interrupted`: the sound has broken off, so a jump costs nothing more. */
    wantsSeek(delay, { interrupted }) {
        const excess = delay - this.target;
        return interrupted ? excess > 1 : delay > Math.max(2, this.target + 1);
    }

    /** Playback rate for a delay measured at `now` (seconds). Small errors are left alone: each change can be heard. */
    rate(delay, now) {
        this.#forget(now);
        const error = delay - this.target;
        if (Math.abs(error) > 0.04) this.#correcting = true;
        if (Math.abs(error) < 0.01) this.#correcting = false;
        if (!this.#correcting) return 1;
        const wanted = 1 + error * 0.4;
        const limited = Math.min(Math.max(wanted, slowest), fastest);
        return Math.round(limited * 200) / 200;
    }

    #forget(now) {
        const elapsed = this.#updatedAt === null ? 0 : Math.min(Math.max(now - this.#updatedAt, 0), 5);
        this.#updatedAt = now;
        const perSecond = Math.max(0.1 / 120, this.#penalty / 180);
        this.#penalty = Math.max(0, this.#penalty - perSecond * elapsed);
    }
}
