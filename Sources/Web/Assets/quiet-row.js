// The quiet row of the deck: quality, volume, delay, sleep timer, and which mode plays.

import { readPreference, writePreference } from "./preferences.js";

const byID = (id) => document.getElementById(id);

export class QuietRow {
    #audio;
    #sleepTimer = null;
    #listed = "";

    /** choose(id): a quality; steadied(wanted): three parts of delay or the least; sleep(): the timer has run out. */
    constructor({ audio, choose, steadied, sleep }) {
        this.#audio = audio;
        const volume = Number(readPreference("volume", "1"));
        audio.volume = volume >= 0 && volume <= 1 ? volume : 1;
        byID("quality").addEventListener("change", (event) => choose(event.target.value));
        byID("delay").value = readPreference("delay", "least") === "steady" ? "steady" : "least";
        byID("delay").addEventListener("change", (event) => {
            writePreference("delay", event.target.value);
            steadied(this.steady);
        });
        byID("volume").addEventListener("input", (event) => this.#setVolume(Number(event.target.value) / 100));
        byID("mute").addEventListener("click", () => this.toggleMute());
        byID("sleep").addEventListener("change", (event) => {
            clearTimeout(this.#sleepTimer);
            const minutes = Number(event.target.value);
            if (minutes === 0) return;
            this.#sleepTimer = setTimeout(() => {
                event.target.value = "0";
                sleep();
            }, minutes * 60_000);
        });
        audio.addEventListener("volumechange", () => this.#showVolume());
        this.#showVolume();
    }

    get steady() {
        return byID("delay").value === "steady";
    }

    toggleMute() {
        this.#audio.muted = !this.#audio.muted;
    }

    changeVolume(step) {
        this.#setVolume(Math.min(1, Math.max(0, this.#audio.volume + step)));
    }

    #setVolume(volume) {
        this.#audio.volume = volume;
        this.#audio.muted = false;
        writePreference("volume", volume);
    }

    #showVolume() {
        const { muted, volume } = this.#audio;
        const percent = Math.round(volume * 100);
        byID("mute").textContent = muted ? "Unmute" : "Mute";
        byID("mute").setAttribute("aria-pressed", String(muted));
        byID("volume").value = String(percent);
        byID("volume").style.setProperty("--filled", `${percent}%`);
        byID("volume-text").textContent = muted ? "Muted" : `${percent} %`;
    }

    showRenditions(renditions, current, wanted) {
        const auto = wanted === "auto" && current ? `Auto · ${current.kilobits} kbit/s` : "Auto";
        const entries = [["auto", auto], ...renditions.map((rendition) => [rendition.id, rendition.label])];
        const listed = JSON.stringify([entries, wanted]);
        if (listed === this.#listed) return;
        this.#listed = listed;
        const select = byID("quality");
        select.replaceChildren(...entries.map(([value, label]) => new Option(label, value)));
        select.value = entries.some(([value]) => value === wanted) ? wanted : "auto";
    }

    /** Says which way of playing this is, so that nobody takes the slow one for a broken server. */
    showMode(player, kind) {
        let text = "";
        if (kind === "native") text = "Played by the browser itself, which may keep 6 to 8 s behind.";
        else if (player && !player.lowLatency) {
            text = "This server sends whole segments, so the sound is 2 to 4 s behind.";
        }
        if (byID("mode").textContent !== text) byID("mode").textContent = text;
    }
}
