// Brings the parts of a rendition as they come into being: reads the playlist once, then asks for the hinted part
// before it exists and guesses the names that follow. The playlist has the last word whenever a guess fails.

import { pause, request, StatusError } from "./http.js";
import { parseMedia } from "./playlist.js";
import { partsPerSegment, planPieces, successor } from "./part-plan.js";

const parallelRequests = 4;
const hintTimeoutSeconds = 4;

/** The playlist is gone (404): another stream may be there under a new id. */
export class StreamGone extends Error {}

export class PartFeed {
    #deliver;
    #report;
    #signal;
    #rendition;
    #loaded;
    #delivered = null;
    #inits = new Map();
    #restarted = false;
    #failures = 0;
    /** Keep every part, however many are waiting: the listener is behind on purpose. */
    keepsEverything = false;

    /**
     * rendition: {uri of the playlist, mime}.
     * deliver({piece, mime, init, bytes, requestedAt, arrivedAt, listed, more, skipped}) → promise of
     * {lateness, duration}: called in order, times in seconds. listed: the part existed already when it was asked for;
     * more: others follow that did; skipped: the parts between the one before and this one are left out.
     * report({failures, retryInSeconds, error} | null): trouble with the network, or its end.
     */
    constructor({ rendition, deliver, report, signal }) {
        this.#rendition = rendition;
        this.#deliver = deliver;
        this.#report = report;
        this.#signal = signal;
    }

    /** Goes on with another rendition of the same stream at the next part. */
    switchTo(rendition) {
        if (rendition.uri === this.#rendition.uri) return;
        this.#rendition = rendition;
        this.#restarted = true;
    }

    /** Runs until the stream has ended; throws StreamGone, or the reason when aborted. */
    async run() {
        let reload = "fresh";
        for (;;) {
            try {
                reload = await this.#follow(reload);
                if (reload === "ended") return;
            } catch (error) {
                if (this.#signal.aborted) throw this.#signal.reason;
                if (!(error instanceof StatusError || error instanceof TypeError)) throw error;
                this.#failures += 1;
                const retryInSeconds = Math.min(0.25 * 2 ** (this.#failures - 1), 3);
                this.#report({ failures: this.#failures, retryInSeconds, error });
                await pause(retryInSeconds, this.#signal);
                reload = "fresh";
            }
        }
    }

    /** One playlist and all that follows from it → how to read the next one: "fresh", "blocking", or "ended". */
    async #follow(reload) {
        this.#restarted = false;
        this.#loaded = this.#rendition;
        const playlist = await this.#load(reload);
        const options = {
            startSeconds: playlist.partTarget ? 1 : playlist.targetDuration * 1.5,
            longestCatchUp: this.keepsEverything ? Infinity : playlist.partTarget ? 3 : playlist.targetDuration * 3,
        };
        const plan = planPieces(playlist, this.#delivered, options);
        if (plan.pieces.length > 0) await this.#bringAll(plan.pieces, plan.skipped);
        if (playlist.ended) return "ended";
        if (!playlist.partTarget) {
            if (!playlist.canBlockReload) await pause(playlist.targetDuration / 2, this.#signal);
            return "blocking";
        }
        const perSegment = partsPerSegment(playlist);
        let next = plan.next ?? (this.#delivered && successor(this.#delivered, perSegment));
        let first = true;
        while (next) {
            let late;
            try {
                late = await this.#bring(next);
            } catch (error) {
                const wrongGuess = error instanceof StatusError && error.status === 404 && !first;
                if (!wrongGuess) throw error;
                return "fresh";
            }
            first = false;
            if (this.#restarted || late) return "fresh";
            next = successor(next, perSegment);
        }
        return "blocking";
    }

    async #load(reload) {
        const url = new URL(this.#loaded.uri);
        const position = this.#delivered;
        if (position && Number.isFinite(position.part)) {
            // What was delivered is there, so "fresh" is answered at once, and never by an older copy of a cache.
            const next = reload === "blocking" ? 1 : 0;
            url.searchParams.set("_HLS_msn", position.sequence);
            url.searchParams.set("_HLS_part", position.part + next);
        } else if (position && reload === "blocking") {
            url.searchParams.set("_HLS_msn", position.sequence + 1);
        }
        try {
            const text = await request(url.href, { as: "text", signal: this.#signal });
            return parseMedia(text, this.#loaded.uri);
        } catch (error) {
            if (error instanceof StatusError && error.status === 404) throw new StreamGone(error.message);
            throw error;
        }
    }

    async #bringAll(pieces, skipped) {
        const requests = [];
        const requestAt = (index) => {
            if (index >= pieces.length) return;
            const job = this.#fetch(pieces[index]);
            job.catch(() => {}); // Awaited below, in order; an earlier one may fail first.
            requests[index] = job;
        };
        for (let index = 0; index < parallelRequests; index += 1) requestAt(index);
        for (let index = 0; index < pieces.length; index += 1) {
            const fetched = await requests[index];
            requestAt(index + parallelRequests);
            await this.#handOver({
                ...fetched, listed: true, more: index + 1 < pieces.length, skipped: skipped && index === 0,
            });
        }
    }

    /** → whether the part was so late, and yet there at once, that more parts must be waiting. */
    async #bring(piece) {
        const fetched = await this.#fetch(piece);
        const lateness = await this.#handOver(fetched);
        const length = piece.duration || 0.2;
        return lateness > 3 * length && fetched.arrivedAt - fetched.requestedAt < length / 2;
    }

    async #fetch(piece) {
        const { mime } = this.#loaded;
        const init = this.#init(piece.map);
        init.catch(() => {}); // Awaited below, after the part.
        const requestedAt = performance.now() / 1000;
        const bytes = await request(piece.uri, { signal: this.#signal, timeoutSeconds: hintTimeoutSeconds });
        const arrivedAt = performance.now() / 1000;
        const fetched = { piece, mime, bytes, requestedAt, arrivedAt, init: await init };
        return { ...fetched, listed: false, more: false, skipped: false };
    }

    #init(url) {
        const known = this.#inits.get(url);
        if (known) return known;
        const init = request(url, { signal: this.#signal });
        this.#inits.set(url, init);
        init.catch(() => this.#inits.delete(url));
        if (this.#inits.size > 8) this.#inits.delete(this.#inits.keys().next().value);
        return init;
    }

    async #handOver(fetched) {
        const { lateness, duration } = await this.#deliver(fetched);
        fetched.piece.duration ||= duration;
        const { piece } = fetched;
        this.#delivered = piece;
        if (this.#failures > 0) {
            this.#failures = 0;
            this.#report(null);
        }
        return lateness;
    }
}
