// The recording that a channel offers while it is off air.

import { loadRecordings } from "./api.js";
import { clock } from "./format.js";
import { playerKind } from "./playback.js";
import { readPreference } from "./preferences.js";
import { playRecording } from "./recording-player.js";
import { RenditionChoice } from "./rendition.js";

const byID = (id) => document.getElementById(id);

export class RecordingOffer {
    #offered = null;
    #session = null;
    #audio = null;
    #onStart;
    #onPause;

    /** onStart: the listener has pressed the button; onPause: the recording stands still, or is over. */
    constructor({ onStart, onPause }) {
        this.#onStart = onStart;
        this.#onPause = onPause;
        byID("play-recording").addEventListener("click", () => this.#play());
    }

    get isPlaying() {
        return this.#audio !== null && !this.#audio.paused && !this.#audio.ended;
    }

    /** Looks for the recording of a stream, or of the last one where `streamID` is null, and offers it. */
    async offer(channelName, streamID) {
        if (this.#offered && (streamID === null || this.#offered.id === streamID)) return;
        const newest = (await loadRecordings(channelName)).items[0] ?? null;
        if (this.#session !== null) return;
        const found = streamID === null || newest?.id === streamID ? newest : null;
        this.#offered = found;
        byID("recording").hidden = found === null;
        if (!found) return;
        const date = new Date(found.startedAt).toLocaleString("en", { dateStyle: "medium", timeStyle: "short" });
        byID("recording-facts").textContent = `${date} · ${clock(found.duration)}`;
    }

    /** The channel is on the air again: what was offered is not the newest any more. */
    withdraw() {
        this.#session?.abort(new DOMException("The recording was left.", "AbortError"));
        this.#session = null;
        this.#audio?.pause();
        this.#audio?.remove();
        this.#audio = null;
        this.#offered = null;
        byID("recording").hidden = true;
        byID("play-recording").hidden = false;
        byID("recording-notice").textContent = "";
    }

    #play() {
        this.#session = new AbortController();
        this.#audio = document.createElement("audio");
        this.#audio.controls = true;
        this.#audio.className = "recording-audio";
        for (const name of ["pause", "ended"]) this.#audio.addEventListener(name, () => this.#onPause());
        byID("play-recording").hidden = true;
        byID("recording").append(this.#audio);
        this.#audio.focus();
        this.#onStart();
        playRecording({
            audio: this.#audio, masterURL: new URL(this.#offered.hls, location.href).href,
            kind: playerKind(this.#audio, new URLSearchParams(location.search).get("player")),
            choice: new RenditionChoice({ wanted: readPreference("quality", "auto") }),
            say: (text) => { byID("recording-notice").textContent = text; },
            signal: this.#session.signal,
        });
    }
}
