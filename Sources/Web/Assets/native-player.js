// Leaves HLS to the browser's own player (Safari, and where there are no media source extensions).

/** Same interface as LowLatencyPlayer; what the browser does not tell is null. */
export class NativePlayer extends EventTarget {
    #audio;
    #masterURL;
    #active = false;
    #live = true;
    state = "idle";
    renditions = [];
    rendition = null;
    trouble = null;
    stalls = 0;
    seeks = 0;
    errors = [];
    lowLatency = false;
    following = true;
    jitter = null;
    target = null;

    constructor({ audio, masterURL }) {
        super();
        this.#audio = audio;
        this.#masterURL = masterURL;
        for (const [name, handler] of [
            ["waiting", () => this.#onWaiting()],
            ["playing", () => this.#setState("playing")],
            ["pause", () => { if (this.#active && !audio.ended) this.#setState("paused"); }],
            ["play", () => { if (!this.#active) this.play(); }],
            ["ended", () => this.#stop("ended")],
            ["error", () => this.#onError()],
        ]) audio.addEventListener(name, handler);
    }

    play() {
        if (!this.#active) {
            this.#active = true;
            this.#audio.src = this.#masterURL;
            this.#setState("connecting");
        } else if (this.#audio.paused && this.state === "paused") {
            this.jumpToLive();
        }
        this.#audio.play().catch((error) => {
            if (error.name === "NotAllowedError") this.#stop("blocked");
        });
    }

    pause() {
        this.#audio.pause();
    }

    jumpToLive() {
        const { seekable } = this.#audio;
        if (seekable.length > 0) this.seekTo(seekable.end(seekable.length - 1));
    }

    seekBy(seconds) {
        this.seekTo(this.#audio.currentTime + seconds);
    }

    seekTo(position) {
        this.seeks += 1;
        this.#audio.currentTime = position;
    }

    chooseRendition() {}

    channelIsLive() {
        if (!this.#live && this.state === "ended") this.play();
        this.#live = true;
    }

    get delay() {
        const { seekable } = this.#audio;
        if (!this.#active || seekable.length === 0) return null;
        return Math.max(0, seekable.end(seekable.length - 1) - this.#audio.currentTime);
    }

    get secondsBehind() {
        return this.heardAt === null ? this.delay : (Date.now() - this.heardAt) / 1000;
    }

    get heardAt() {
        const start = this.#audio.getStartDate?.().getTime();
        return Number.isFinite(start) && start > 0 ? start + this.#audio.currentTime * 1000 : null;
    }

    get reach() {
        const { seekable, currentTime } = this.#audio;
        if (seekable.length === 0) return { back: 0, ahead: 0 };
        return { back: currentTime - seekable.start(0), ahead: seekable.end(seekable.length - 1) - currentTime };
    }

    #onWaiting() {
        if (this.state !== "playing") return;
        this.stalls += 1;
        this.#setState("stalled");
    }

    #onError() {
        if (!this.#active) return;
        this.errors.push(`The browser's player failed (code ${this.#audio.error?.code ?? 0}).`);
        this.#stop("failed");
    }

    #stop(state) {
        this.#active = false;
        this.#live = false;
        this.#audio.removeAttribute("src");
        this.#audio.load();
        this.#setState(state);
    }

    #setState(state) {
        if (state === this.state) return;
        this.state = state;
        this.dispatchEvent(new Event("change"));
    }
}
