// Requests of the player: one header that tells the server it is our page, a time limit, typed failures.

/** The server answered, but not with what was asked for. */
export class StatusError extends Error {
    constructor(status, url) {
        super(`The server answered ${status} for ${new URL(url, location.href).pathname}.`);
        this.status = status;
    }
}

/** The body as text or as ArrayBuffer (`as`), or StatusError, or TypeError (network), or AbortError. */
export async function request(url, { as = "arrayBuffer", signal, timeoutSeconds = 8 } = {}) {
    const limit = new AbortController();
    const abort = () => limit.abort(signal.reason);
    const late = () => limit.abort(new TypeError("The server did not answer in time."));
    const timer = setTimeout(late, timeoutSeconds * 1000);
    if (signal?.aborted) abort();
    signal?.addEventListener("abort", abort);
    try {
        const response = await fetch(url, { headers: { "Twitchy-Player": "1" }, signal: limit.signal });
        if (!response.ok) throw new StatusError(response.status, url);
        return await response[as]();
    } finally {
        clearTimeout(timer);
        signal?.removeEventListener("abort", abort);
    }
}

/** Resolves after `seconds`, earlier when the network comes back; rejects when aborted. */
export function pause(seconds, signal) {
    return new Promise((resolve, reject) => {
        const finish = (settle) => {
            clearTimeout(timer);
            removeEventListener("online", online);
            signal?.removeEventListener("abort", aborted);
            settle();
        };
        const online = () => finish(resolve);
        const aborted = () => finish(() => reject(signal.reason));
        const timer = setTimeout(online, seconds * 1000);
        addEventListener("online", online);
        signal?.addEventListener("abort", aborted);
        if (signal?.aborted) aborted();
    });
}
