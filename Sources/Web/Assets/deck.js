// The deck: buttons, sliders and words around a player.

import { behind, inWords } from "./format.js";
import { listenToKeys } from "./keys.js";
import { listenToSystem } from "./media-session.js";
import { makePlayer, playerKind } from "./playback.js";
import { readPreference, writePreference } from "./preferences.js";
import { QuietRow } from "./quiet-row.js";
import { RenditionChoice } from "./rendition.js";
import { Wave } from "./wave.js";

const byID = (id) => document.getElementById(id);
const refreshMilliseconds = 200;
const windowSeconds = 60;
const capableBrowsers = "Chrome, Edge, Firefox and Safari of the last years can.";

export class Deck {
    #audio = byID("audio");
    #player = null;
    #kind;
    #wave;
    #row;
    #channel = null;
    #choice;
    #onStart;
    #onState;
    #state = "idle";
    #stateSince = 0;
    #pageTrouble = "";
    #dragging = false;
    #standsAside = false;

    /** onStart: sound begins; onState: the player's state has changed. */
    constructor({ onStart, onState }) {
        this.#onStart = onStart;
        this.#onState = onState;
        this.#kind = playerKind(this.#audio, new URLSearchParams(location.search).get("player"));
        const connection = navigator.connection ?? {};
        const slow = connection.saveData === true || ["slow-2g", "2g"].includes(connection.effectiveType);
        this.#choice = new RenditionChoice({ wanted: readPreference("quality", "auto"), saveData: slow });
        this.#wave = new Wave({ canvas: byID("wave"), figure: byID("level"), audio: this.#audio });
        byID("delay-field").hidden = this.#kind !== "mse";
        byID("wave").hidden = !Wave.available || this.#kind === "native";
        this.#row = new QuietRow({
            audio: this.#audio,
            choose: (id) => {
                writePreference("quality", id);
                this.#choice.wanted = id;
                this.#player?.chooseRendition(id);
            },
            sleep: () => this.#player?.pause(),
            steadied: (steady) => { if (this.#player) this.#player.steady = steady; },
        });
        this.#wire();
        setInterval(() => this.#refresh(), refreshMilliseconds);
    }

    get isPlaying() {
        return this.#state === "playing" || this.#state === "stalled";
    }

    /** Something is played, or was asked for and may come back. */
    get isActive() {
        return ["connecting", "playing", "stalled", "paused"].includes(this.#state);
    }

    channelChanged(channel) {
        this.#channel = channel;
        if (channel.live && !this.#standsAside) this.#player?.channelIsLive();
        this.#refresh();
    }

    /** The page plays something else: the deck is quiet, and nothing begins here by itself. */
    set standsAside(aside) {
        if (aside) this.#player?.pause();
        this.#standsAside = aside;
    }

    /** What the page has to say about the connection; empty when all is well. */
    showTrouble(text) {
        this.#pageTrouble = text;
        this.#refresh();
    }

    #wire() {
        byID("play").addEventListener("click", () => this.#toggle());
        byID("behind").addEventListener("click", () => this.#player?.jumpToLive());
        const seek = byID("seek");
        seek.addEventListener("input", () => {
            this.#dragging = true;
            this.#sayPlace(seek);
        });
        seek.addEventListener("change", () => {
            this.#dragging = false;
            const back = Number(seek.value) + (this.#player?.reach.ahead ?? 0);
            if (Number(seek.value) > -0.5) this.#player?.jumpToLive();
            else this.#player?.seekBy(back);
        });
        byID("keys").addEventListener("click", () => byID("help").showModal());
        listenToKeys({
            togglePlay: () => this.#toggle(),
            back: () => this.#player?.seekBy(-10),
            forward: () => this.#player?.seekBy(10),
            live: () => this.#player?.jumpToLive(),
            mute: () => this.#row.toggleMute(),
            louder: () => this.#row.changeVolume(0.05),
            quieter: () => this.#row.changeVolume(-0.05),
            help: () => byID("help").showModal(),
        });
        listenToSystem({ play: () => this.#play(), pause: () => this.#player?.pause() });
    }

    #toggle() {
        if (this.#standsAside) return;
        if (this.isPlaying || this.#state === "connecting") this.#player.pause();
        else this.#play();
    }

    #play() {
        if (!this.#channel || this.#kind === null) return;
        if (!this.#player) {
            const masterURL = this.#channel.hls ?? `/hls/${encodeURIComponent(this.#channel.name)}/master.m3u8`;
            this.#player = makePlayer({
                kind: this.#kind, audio: this.#audio, masterURL, choice: this.#choice, steady: this.#row.steady,
            });
            this.#player.addEventListener("change", () => this.#onChange());
        }
        if (!byID("wave").hidden) this.#wave.prepare();
        this.#player.play();
    }

    #onChange() {
        const { state } = this.#player;
        if (state !== this.#state) {
            const before = this.#state;
            this.#state = state;
            this.#stateSince = performance.now();
            if (state === "playing") this.#wave.start();
            else if (state !== "stalled") this.#wave.stop();
            if (state === "playing" && before !== "stalled") this.#onStart();
            this.#onState();
        }
        this.#row.showRenditions(this.#player.renditions, this.#player.rendition, this.#choice.wanted);
        this.#refresh();
    }

    #refresh() {
        const active = this.isPlaying || this.#state === "connecting";
        byID("play").toggleAttribute("data-playing", active);
        setText(byID("play-label"), active ? "Pause" : "Play");
        setText(byID("notice"), this.#words());
        this.#row.showMode(this.#player, this.#kind);
        this.#showPosition();
    }

    #showPosition() {
        const button = byID("behind");
        const seek = byID("seek");
        const seconds = this.#player?.secondsBehind ?? null;
        const shown = seconds !== null && (this.isPlaying || this.#state === "paused");
        button.disabled = !shown;
        const far = shown && (!this.#player.following || seconds > 10);
        button.dataset.at = !shown ? "" : far ? "behind" : this.#channel?.waiting ? "silent" : "live";
        setText(byID("behind-text"), this.#positionWords(shown ? seconds : null, far));
        if (this.#dragging) return;
        const { back, ahead } = this.#player?.reach ?? { back: 0, ahead: 0 };
        const range = shown ? Math.min(windowSeconds, Math.floor(back + ahead)) : 0;
        seek.disabled = range < 1;
        setAttribute(seek, "min", String(-range));
        seek.value = String(shown && !this.#player.following ? Math.round(-ahead) : 0);
        seek.style.setProperty("--filled", `${range < 1 ? 0 : (Number(seek.value) + range) / range * 100}%`);
        setAttribute(seek, "aria-label", range < 1
            ? "Place; nothing to go back to yet"
            : `Place within the last ${inWords(range)}, the right end is live`);
        this.#sayPlace(seek);
    }

    #sayPlace(seek) {
        const seconds = -Number(seek.value);
        setAttribute(seek, "aria-valuetext", seconds < 1 ? "live" : `${inWords(seconds)} behind live`);
    }

    #positionWords(seconds, far) {
        if (seconds === null) return !this.isPlaying ? "Not playing" : this.#channel?.waiting ? "Silence" : "Live";
        return `${behind(seconds)} behind${far ? " · Jump to live" : ""}`;
    }

    /** The one line that says what is the matter, if anything is. */
    #words() {
        const seconds = (performance.now() - this.#stateSince) / 1000;
        const trouble = this.#player?.trouble;
        if (this.#kind === null) return `This browser cannot play live sound. ${capableBrowsers}`;
        if (trouble && trouble.failures > 1) {
            return `Connection lost, trying again in ${Math.ceil(trouble.retryInSeconds)} s.`;
        }
        switch (this.#state) {
        case "blocked": return "The browser blocked the sound. Press play to listen.";
        case "unsupported": return `This browser cannot play any quality of this stream. ${capableBrowsers}`;
        case "failed": return "The browser's player gave up. Press play to try again.";
        case "ended": return "The stream has ended. If it comes back while this page is open, it goes on by itself.";
        case "connecting": return seconds > 1 ? "Connecting…" : this.#pageTrouble;
        case "stalled": return seconds > 0.5 ? "Waiting for sound…" : this.#pageTrouble;
        case "playing": return this.#channel?.waiting ? "Silence until the broadcaster is back." : "";
        default: return this.#pageTrouble;
        }
    }
}

function setAttribute(element, name, value) {
    if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/** Leaves the element alone where nothing changes, so that screen readers do not speak again. */
function setText(element, text) {
    if (element.textContent !== text) element.textContent = text;
}
