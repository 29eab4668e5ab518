// Finds the stream that a channel plays now, by its master playlist, and waits for one while there is none.

import { pause, request, StatusError } from "./http.js";
import { parseMaster } from "./playlist.js";

const retrySeconds = 3;

/** The stream of a rendition's playlist: its address without rendition and file name. */
export function streamOf(playlistURI) {
    return new URL("..", playlistURI).href;
}

export class StreamFinder {
    #masterURL;
    #report;
    #wake = null;

    /** report({failures, retryInSeconds, error} | null): trouble with the network, or its end. */
    constructor({ masterURL, report }) {
        this.#masterURL = new URL(masterURL, location.href).href;
        this.#report = report;
    }

    /** Ends the pause before the next try. */
    lookNow() {
        this.#wake?.();
    }

    /**
     * The variants of a stream other than `finished`; as long as there is none it waits, and calls `offline` whenever
     * the server says so.
     */
    async find({ finished, offline, signal }) {
        for (let failures = 0; ;) {
            try {
                const text = await request(this.#masterURL, { as: "text", signal });
                const variants = parseMaster(text, this.#masterURL);
                failures = 0;
                this.#report(null);
                if (variants.length > 0 && streamOf(variants[0].uri) !== finished) return variants;
            } catch (error) {
                if (signal.aborted) throw error;
                if (error instanceof StatusError && error.status === 404) {
                    this.#report(null);
                    offline();
                } else {
                    failures += 1;
                    this.#report({ failures, retryInSeconds: retrySeconds, error });
                }
            }
            const woken = new Promise((resolve) => { this.#wake = resolve; });
            await Promise.race([pause(retrySeconds, signal), woken]);
        }
    }
}
