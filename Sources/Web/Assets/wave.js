// The sound itself as a picture: its level of the last seconds, newest on the right, and the same as a figure.

const barMilliseconds = 50;
const barWidth = 5;
const barGap = 3;
const quietest = -48;

/** Peak of the samples in decibels below full scale, never below `quietest`. */
export function decibels(samples) {
    let peak = 0;
    for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
    return Math.max(quietest, 20 * Math.log10(Math.max(peak, 1e-6)));
}

export class Wave {
    #canvas;
    #figure;
    #audio;
    #context = null;
    #analyser = null;
    #source = null;
    #samples = null;
    #levels = [];
    #barStartedAt = 0;
    #frame = null;
    #still = matchMedia("(prefers-reduced-motion: reduce)");

    constructor({ canvas, figure, audio }) {
        this.#canvas = canvas;
        this.#figure = figure;
        this.#audio = audio;
        new ResizeObserver(() => this.#draw()).observe(canvas);
        new MutationObserver(() => this.#draw()).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    }

    /** Whether the sound of the element can be looked at in this browser. */
    static get available() {
        return "captureStream" in HTMLMediaElement.prototype && "AudioContext" in globalThis;
    }

    /** Called in the press of the button, since a context starts only there. */
    prepare() {
        if (!Wave.available || this.#context) return;
        this.#context = new AudioContext({ latencyHint: "playback" });
        this.#analyser = this.#context.createAnalyser();
        this.#analyser.fftSize = 2048;
        this.#samples = new Float32Array(this.#analyser.fftSize);
    }

    start() {
        if (!this.#context) return;
        this.#context.resume().catch(() => {}); // Without a press it stays suspended, and the wave flat.
        this.#source?.disconnect();
        const stream = this.#audio.captureStream();
        if (stream.getAudioTracks().length === 0) return;
        this.#source = this.#context.createMediaStreamSource(stream);
        this.#source.connect(this.#analyser);
        this.#frame ??= requestAnimationFrame((time) => this.#step(time));
    }

    stop() {
        if (this.#frame !== null) cancelAnimationFrame(this.#frame);
        this.#frame = null;
        this.#source?.disconnect();
        this.#source = null;
        this.#context?.suspend().catch(() => {}); // Only saves power.
        this.#figure.textContent = "";
    }

    #step(time) {
        this.#frame = requestAnimationFrame((next) => this.#step(next));
        if (time - this.#barStartedAt < barMilliseconds) return;
        this.#barStartedAt = time;
        this.#analyser.getFloatTimeDomainData(this.#samples);
        const level = decibels(this.#samples);
        this.#levels.push(1 - level / quietest);
        if (this.#levels.length > 400) this.#levels.splice(0, 100);
        if (this.#still.matches) {
            this.#figure.textContent = level <= quietest ? "Silence" : `Level ${Math.round(level)} dB`;
            return;
        }
        this.#draw();
    }

    #draw() {
        const canvas = this.#canvas;
        const { clientWidth: width, clientHeight: height } = canvas;
        const ratio = devicePixelRatio || 1;
        if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
            canvas.width = Math.round(width * ratio);
            canvas.height = Math.round(height * ratio);
        }
        const painter = canvas.getContext("2d");
        painter.setTransform(ratio, 0, 0, ratio, 0, 0);
        painter.clearRect(0, 0, width, height);
        const style = getComputedStyle(canvas);
        const accent = style.getPropertyValue("--accent");
        const line = style.getPropertyValue("--line");
        const count = Math.floor((width + barGap) / (barWidth + barGap));
        for (let index = 0; index < count; index += 1) {
            const level = this.#levels[this.#levels.length - count + index];
            const tall = level === undefined ? 0 : level ** 1.6 * (height - barWidth);
            const left = width - (count - index) * (barWidth + barGap) + barGap;
            painter.fillStyle = level === undefined ? line : accent;
            painter.globalAlpha = level === undefined ? 1 : 0.3 + 0.7 * (index / count) ** 1.5;
            painter.beginPath();
            painter.roundRect(left, (height - tall - barWidth) / 2, barWidth, tall + barWidth, barWidth / 2);
            painter.fill();
        }
        painter.globalAlpha = 1;
    }
}
