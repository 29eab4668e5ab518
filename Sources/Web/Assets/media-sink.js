// The media source of the page: takes init segments and parts, lays them one after another on the element's timeline.

import { readFragments, readInit } from "./fragment.js";

const MediaSourceClass = globalThis.MediaSource ?? globalThis.ManagedMediaSource ?? null;

export function supportsType(mime) {
    return MediaSourceClass?.isTypeSupported(mime) ?? false;
}

export class MediaSink {
    #audio;
    #source;
    #buffer = null;
    #queue = Promise.resolve();
    #mime = null;
    #init = null;
    #track = null;
    #run = null;
    #url = null;
    #length = Infinity;
    #bytesPerSecond = 20_000;

    /** Attaches a new media source to the element. `ready` resolves when it takes data. */
    constructor(audio) {
        this.#audio = audio;
        this.#source = new MediaSourceClass();
        this.ready = new Promise((resolve) => {
            this.#source.addEventListener("sourceopen", resolve, { once: true });
        });
        // A managed media source refuses to open while the element could be sent to another device.
        if (!globalThis.MediaSource) audio.disableRemotePlayback = true;
        this.#url = URL.createObjectURL(this.#source);
        audio.src = this.#url;
    }

    /**
     * Appends one part with its init segment → {start, end, duration} on the element's timeline, in seconds.
     * `run` names an unbroken run of timestamps; a new one continues `at` a place, by default where the buffer ends.
     */
    append({ mime, init, bytes, run, at = null }) {
        return this.#enqueue(() => this.#append({ mime, init, bytes, run, at }));
    }

    /** A source buffer does one thing at a time. A failure is its caller's and must not stop the next operation. */
    #enqueue(operation) {
        const done = this.#queue.then(operation);
        this.#queue = done.then(() => {}, () => {});
        return done;
    }

    async #append({ mime, init, bytes, run, at }) {
        if (this.#buffer === null) {
            this.#buffer = this.#source.addSourceBuffer(mime);
            this.#source.duration = this.#length;
        } else if (mime !== this.#mime) {
            this.#buffer.changeType(mime);
        }
        this.#mime = mime;
        if (init !== this.#init) {
            this.#track = readInit(init);
            await this.#write(init);
            this.#init = init;
        }
        const times = readFragments(bytes, this.#track);
        if (run !== this.#run) {
            this.#buffer.timestampOffset = (at ?? this.end) - times.start;
            this.#run = run;
        }
        await this.#write(bytes);
        if (times.duration > 0) {
            this.#bytesPerSecond = 0.9 * this.#bytesPerSecond + 0.1 * (bytes.byteLength / times.duration);
        }
        const start = times.start + this.#buffer.timestampOffset;
        return { start, end: start + times.duration, duration: times.duration };
    }

    async #write(bytes) {
        try {
            await this.#operate(() => this.#buffer.appendBuffer(bytes));
        } catch (error) {
            if (error.name !== "QuotaExceededError") throw error;
            await this.#remove(this.#audio.currentTime - 5);
            await this.#operate(() => this.#buffer.appendBuffer(bytes));
        }
    }

    #operate(operation) {
        return new Promise((resolve, reject) => {
            const buffer = this.#buffer;
            const settle = (event) => {
                buffer.removeEventListener("updateend", settle);
                buffer.removeEventListener("error", settle);
                if (event.type === "error") reject(new Error("The browser could not read the media."));
                else resolve();
            };
            buffer.addEventListener("updateend", settle);
            buffer.addEventListener("error", settle);
            try {
                operation();
            } catch (error) {
                buffer.removeEventListener("updateend", settle);
                buffer.removeEventListener("error", settle);
                reject(error);
            }
        });
    }

    async #remove(before) {
        const first = this.#buffer.buffered.length > 0 ? this.#buffer.buffered.start(0) : Infinity;
        if (before > first) await this.#operate(() => this.#buffer.remove(first, before));
    }

    /** Of the whole in seconds, where it is known; to be set before the first part. */
    set length(seconds) { this.#length = seconds; }

    get length() { return this.#length; }

    /** Forgets what is buffered: what comes next lies elsewhere. */
    clear() {
        return this.#enqueue(() => (this.#buffer ? this.#remove(Infinity) : undefined));
    }

    /** Nothing follows what is buffered. */
    finish() {
        if (this.#source.readyState === "open" && !this.#buffer?.updating) this.#source.endOfStream();
    }

    /** Keeps at most `seconds` of what was played, and less where that would be more than 6 MB. */
    trim(seconds) {
        const kept = Math.min(seconds, 6_000_000 / this.#bytesPerSecond);
        const before = this.#audio.currentTime - kept;
        return this.#enqueue(() => (this.#buffer ? this.#remove(before) : undefined));
    }

    /** [{start, end}] of what is buffered, in seconds. */
    get ranges() {
        if (!this.#buffer || this.#source.readyState === "closed") return [];
        const { buffered } = this.#buffer;
        return Array.from({ length: buffered.length }, (_, index) => ({
            start: buffered.start(index), end: buffered.end(index),
        }));
    }

    get end() {
        return this.ranges.at(-1)?.end ?? 0;
    }

    close() {
        URL.revokeObjectURL(this.#url);
    }
}
