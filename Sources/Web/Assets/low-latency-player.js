// Plays a live channel with media source extensions, one part + jitter behind the live edge.

import { ArrivalModel } from "./arrival-model.js";
import { placeBehind, rangeAt, soundBehindHole } from "./buffer-ranges.js";
import { DelayController } from "./delay-controller.js";
import { pause } from "./http.js";
import { MediaDates } from "./media-dates.js";
import { MediaSink, supportsType } from "./media-sink.js";
import { PartFeed, StreamGone } from "./part-feed.js";
import { renditionsOf } from "./rendition.js";
import { StreamFinder, streamOf } from "./stream-finder.js";

const tickMilliseconds = 100;
const keptSeconds = 60;
const longestPauseSeconds = 30;

/**
 * States: idle, connecting, playing, stalled, paused, ended, blocked (by the browser), unsupported, failed.
 * Fires `change` when the state, the rendition or the trouble with the network changes.
 */
export class LowLatencyPlayer extends EventTarget {
    #audio;
    #finder;
    #choice;
    #arrivals = new ArrivalModel();
    #controller = new DelayController();
    #dates = new MediaDates();
    #sink = null;
    #feed = null;
    #session = null;
    #ticker = null;
    #finishedStream = null;
    #started = false;
    #firstStart = null;
    #following = true;
    #interrupted = false;
    #pausedAt = null;
    #seekedAt = -Infinity;
    #trimmedAt = 0;
    #failedAt = -Infinity;
    state = "idle";
    renditions = [];
    rendition = null;
    trouble = null;
    stalls = 0;
    seeks = 0;
    errors = [];
    lowLatency = true;

    constructor({ audio, masterURL, choice, steady = false }) {
        super();
        this.#controller.steady = steady;
        this.#audio = audio;
        this.#finder = new StreamFinder({ masterURL, report: (trouble) => this.#report(trouble) });
        this.#choice = choice;
        audio.preservesPitch = true;
        for (const [name, handler] of [
            ["waiting", () => this.#onWaiting()],
            ["playing", () => this.#onPlaying()],
            ["pause", () => this.#onPause()],
            ["play", () => this.#onPlay()],
            ["error", () => this.#onMediaError()],
        ]) audio.addEventListener(name, handler);
    }

    // What the listener does

    /** Must be called in the press of a button: browsers allow sound only then. */
    play() {
        if (this.#session === null) this.#open();
        this.#audio.play().catch((error) => {
            if (error.name === "NotAllowedError") this.#close("blocked");
        });
    }

    pause() {
        this.#audio.pause();
    }

    jumpToLive() {
        this.#following = true;
        if (this.#feed) this.#feed.keepsEverything = false;
        if (this.#audio.paused) this.play();
        const position = this.#livePosition();
        if (position !== null && Math.abs(position - this.#audio.currentTime) > 0.1) this.#seek(position);
    }

    /** Moves by seconds within what is still buffered; at the live end the player follows it again. */
    seekBy(seconds) {
        this.seekTo(this.#audio.currentTime + seconds);
    }

    seekTo(position) {
        const ranges = this.#sink?.ranges ?? [];
        const live = this.#livePosition();
        if (ranges.length === 0 || live === null) return;
        if (position >= live - 0.3) {
            this.jumpToLive();
            return;
        }
        this.#following = false;
        this.#feed.keepsEverything = true;
        this.#seek(Math.max(position, ranges[0].start + 0.05));
    }

    chooseRendition(id) {
        this.#choice.wanted = id;
        this.#applyChoice();
    }

    /** Three parts behind instead of as little as can be; the playback rate brings the listener there. */
    set steady(wanted) {
        this.#controller.steady = wanted;
    }

    /** The page has heard that the channel is live: ends the waiting after the end of a stream. */
    channelIsLive() {
        this.#finder.lookNow();
    }

    // What it measures

    /** Seconds between the live edge and what is heard, by arrivals alone; null before the first part. */
    get delay() {
        const edge = this.#arrivals.edge(performance.now() / 1000);
        return edge === null || !this.#started ? null : edge - this.#audio.currentTime;
    }

    get target() {
        return this.#controller.target;
    }

    /** Seconds since what is heard left the encoder, by the dates of the playlist where the clocks agree. */
    get secondsBehind() {
        const { delay } = this;
        if (delay === null) return null;
        const date = this.heardAt;
        if (date === null) return delay;
        const dated = (Date.now() - date) / 1000;
        return dated > delay - 0.3 && dated < delay + 3 ? dated : delay;
    }

    /** Moment of the stream that is heard now, in milliseconds since 1970, or null. */
    get heardAt() {
        return this.#dates.dateAt(this.#audio.currentTime);
    }

    /** Seconds of sound before and behind the place that is heard: {back, ahead}. */
    get reach() {
        const now = this.#audio.currentTime;
        const ranges = this.#sink?.ranges ?? [];
        const range = rangeAt(ranges, now);
        return { back: range ? now - ranges[0].start : 0, ahead: range ? range.end - now : 0 };
    }

    get following() { return this.#following; }

    get jitter() { return this.#arrivals.jitter(); }

    // The session: from the press of the button until it is paused for long

    #open() {
        const session = new AbortController();
        this.#session = session;
        this.#sink = new MediaSink(this.#audio);
        this.#pausedAt = null;
        this.#startOver();
        this.#setState("connecting");
        this.#ticker = setInterval(() => this.#tick(), tickMilliseconds);
        this.#run(session.signal).catch((error) => {
            if (session.signal.aborted) return;
            this.#note(error);
            this.#close("failed");
        });
    }

    #startOver() {
        this.#started = false;
        this.#firstStart = null;
        this.#following = true;
        this.#interrupted = false;
        this.#arrivals.reset();
    }

    #close(state) {
        this.#session?.abort(new DOMException("The player was stopped.", "AbortError"));
        this.#session = null;
        clearInterval(this.#ticker);
        this.#audio.pause();
        this.#audio.removeAttribute("src");
        this.#audio.load();
        this.#sink?.close();
        this.#sink = null;
        this.#feed = null;
        this.#started = false;
        this.trouble = null;
        this.#setState(state);
    }

    async #run(signal) {
        await this.#sink.ready;
        for (;;) {
            const variants = await this.#finder.find({
                finished: this.#finishedStream, offline: () => this.#setState("ended"), signal,
            });
            this.renditions = renditionsOf(variants, supportsType);
            this.rendition = this.#choice.choose(this.renditions);
            if (!this.rendition) {
                this.#close("unsupported");
                return;
            }
            this.#changed();
            const ended = await this.#playStream(signal);
            this.#report(null);
            this.#startOver();
            if (ended) {
                this.#finishedStream = streamOf(this.rendition.uri);
                await this.#playOut(signal);
                this.#setState("ended");
            }
        }
    }

    /** → whether the stream ended properly; false when it is gone. */
    async #playStream(signal) {
        const stream = streamOf(this.rendition.uri);
        this.#feed = new PartFeed({
            rendition: this.rendition,
            deliver: (fetched) => this.#append(fetched, stream),
            report: (trouble) => this.#report(trouble),
            signal,
        });
        try {
            await this.#feed.run();
            return true;
        } catch (error) {
            if (!(error instanceof StreamGone)) throw error;
            await pause(0.5, signal);
            return false;
        }
    }

    /** Waits until the rest is played: some browsers keep the last moment back, so the clock is watched. */
    async #playOut(signal) {
        this.#setRate(1);
        for (let before = -1; before !== this.#audio.currentTime && !this.#audio.paused;) {
            before = this.#audio.currentTime;
            await pause(0.3, signal);
        }
    }

    /** One part, in order → {lateness, duration} in seconds. */
    async #append({ piece, mime, init, bytes, requestedAt, arrivedAt, listed, more, skipped }, stream) {
        const times = await this.#sink.append({ mime, init, bytes, run: `${stream}/${piece.discontinuity}` });
        this.#dates.add({ ...times, date: piece.date });
        this.#arrivals.add({ requestedAt, arrivedAt, mediaEnd: times.end, listed });
        this.#controller.measure({ partSeconds: times.duration, jitter: this.#arrivals.jitter() });
        this.lowLatency = times.duration < 1;
        if (!this.#started) this.#begin(times, more);
        else if (skipped && this.#following) this.#interrupted = true;
        return { lateness: arrivedAt - times.end - this.#arrivals.base, duration: times.duration };
    }

    /** Starts once the target is there; what an earlier stream left in the buffer does not count. */
    #begin({ start, end }, more) {
        this.#firstStart ??= start;
        if (more || end - this.#firstStart < this.target) return;
        this.#started = true;
        this.#seek(end - this.target);
    }

    // Ten times a second: hold the delay, get over holes, keep the buffer small

    #tick() {
        const now = performance.now() / 1000;
        if (this.#pausedAt !== null && now - this.#pausedAt > longestPauseSeconds) {
            this.#close(this.state === "ended" ? "ended" : "paused");
            return;
        }
        if (!this.#started || this.#audio.paused || this.state === "ended") return;
        if (this.#choice.recovered(now)) this.#applyChoice();
        if (now - this.#trimmedAt > 10) {
            this.#trimmedAt = now;
            this.#sink.trim(keptSeconds).catch((error) => this.#note(error));
        }
        const { delay } = this;
        if (delay === null) return;
        if (this.#leaveHole()) return;
        if (!this.#following) {
            if (delay - this.target < 0.3) this.jumpToLive();
            this.#setRate(1);
            return;
        }
        if (now - this.#seekedAt > 1 && this.#controller.wantsSeek(delay, { interrupted: this.#interrupted })) {
            const position = this.#livePosition();
            if (position > this.#audio.currentTime + 0.5) {
                this.#seek(position);
                return;
            }
        }
        if (this.#interrupted && this.reach.ahead > 0.05 && this.state === "playing") this.#interrupted = false;
        this.#setRate(this.#controller.rate(delay, now));
    }

    #leaveHole() {
        const start = soundBehindHole(this.#sink.ranges, this.#audio.currentTime);
        if (start === null) return false;
        this.#seek(Math.max(this.#following ? this.#livePosition() : start, start + 0.01));
        return true;
    }

    #livePosition() {
        const edge = this.#arrivals.edge(performance.now() / 1000);
        return placeBehind(this.#sink?.ranges ?? [], { edge, target: this.target });
    }

    #seek(position) {
        this.#seekedAt = performance.now() / 1000;
        this.seeks += 1;
        this.#audio.currentTime = position;
    }

    #setRate(rate) {
        if (this.#audio.playbackRate !== rate) this.#audio.playbackRate = rate;
    }

    // What the element says

    #onWaiting() {
        if (!this.#started || this.#audio.seeking || this.#audio.paused || this.state !== "playing") return;
        const now = performance.now() / 1000;
        // A jump makes the element wait for a moment, too.
        if (now - this.#seekedAt < 0.3 || this.reach.ahead > 0.3) return;
        this.stalls += 1;
        this.#interrupted = true;
        this.#controller.stalled();
        this.#setState("stalled");
        if (!this.trouble && this.#choice.stalled(now, this.rendition)) this.#applyChoice();
    }

    #onPlaying() {
        this.#setState("playing");
    }

    #onPause() {
        if (this.#session === null || this.#audio.ended) return;
        this.#pausedAt = performance.now() / 1000;
        if (this.#feed) this.#feed.keepsEverything = true;
        this.#following = false;
        if (this.state !== "ended") this.#setState("paused");
    }

    #onPlay() {
        if (this.#session === null) {
            this.play();
            return;
        }
        if (this.#pausedAt === null) return;
        const pausedFor = performance.now() / 1000 - this.#pausedAt;
        this.#pausedAt = null;
        if (pausedFor < 1) this.jumpToLive();
        if (this.state === "paused") this.#setState(this.#started ? "stalled" : "connecting");
    }

    #onMediaError() {
        if (this.#session === null) return;
        const code = this.#audio.error?.code ?? 0;
        this.#note(new Error(`The browser's player failed (code ${code}): ${this.#audio.error?.message ?? ""}`));
        this.#close("failed");
        const now = performance.now() / 1000;
        if (now - this.#failedAt > 30) this.play();
        this.#failedAt = now;
    }

    #applyChoice() {
        const chosen = this.#choice.choose(this.renditions);
        if (!chosen || chosen === this.rendition || !this.#feed) {
            this.#changed();
            return;
        }
        this.rendition = chosen;
        this.#feed.switchTo(chosen);
        this.#changed();
    }

    #report(trouble) {
        if (trouble?.error) this.#note(trouble.error);
        this.trouble = trouble;
        this.#changed();
    }

    #note(error) {
        this.errors.push(String(error.message ?? error));
        if (this.errors.length > 50) this.errors.shift();
    }

    #setState(state) {
        if (state === this.state) return;
        this.state = state;
        this.#changed();
    }

    #changed() {
        this.dispatchEvent(new Event("change"));
    }
}
