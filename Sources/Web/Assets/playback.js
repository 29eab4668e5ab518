// Which of the two players this browser gets, and a window on it for tests and measurements.

import { LowLatencyPlayer } from "./low-latency-player.js";
import { NativePlayer } from "./native-player.js";

/**
 * "mse", "native" or null. Safari plays HLS by itself, at low latency and also while the screen is locked; everyone
 * else gets our player. `wanted` ("mse" or "native", from the address) overrules where it can be had.
 */
export function playerKind(audio, wanted) {
    const native = audio.canPlayType("application/vnd.apple.mpegurl") !== "";
    const mse = "MediaSource" in globalThis || "ManagedMediaSource" in globalThis;
    if (wanted === "native" && native) return "native";
    if (wanted === "mse" && mse) return "mse";
    const apple = navigator.vendor.startsWith("Apple");
    if (native && (apple || !mse)) return "native";
    return mse ? "mse" : null;
}

export function makePlayer({ kind, audio, masterURL, choice, steady }) {
    const player = kind === "native"
        ? new NativePlayer({ audio, masterURL })
        : new LowLatencyPlayer({ audio, masterURL, choice, steady });
    globalThis.twitchy = stateOf({ kind, audio, player });
    return player;
}

/** Read-only view; durations in seconds. */
function stateOf({ kind, audio, player }) {
    return Object.freeze({
        kind,
        get state() { return player.state; },
        get time() { return audio.currentTime; },
        get rate() { return audio.playbackRate; },
        get delay() { return player.delay; },
        get target() { return player.target; },
        get jitter() { return player.jitter; },
        get secondsBehind() { return player.secondsBehind; },
        get heardAt() { return player.heardAt; },
        get buffered() { return player.reach; },
        get following() { return player.following; },
        get stalls() { return player.stalls; },
        get seeks() { return player.seeks; },
        get rendition() { return player.rendition?.id ?? null; },
        get renditions() { return player.renditions.map((rendition) => rendition.id); },
        get trouble() { return player.trouble && { failures: player.trouble.failures }; },
        get errors() { return [...player.errors]; },
    });
}
