// The first page: who is live.

import { loadChannel, loadLiveChannels, NotFound } from "./api.js";
import { paintArtwork } from "./artwork.js";
import { wireCopyButtons } from "./copy.js";
import { count, nowPlaying } from "./format.js";

const pollMilliseconds = 5000;
const byID = (id) => document.getElementById(id);
const loopback = ["localhost", "127.0.0.1", "[::1]"].includes(location.hostname);
let pagesShown = 1;

async function load() {
    const items = [];
    let cursor = null;
    for (let page = 0; page < pagesShown; page += 1) {
        const answer = await loadLiveChannels(cursor);
        items.push(...answer.items);
        cursor = answer.nextCursor ?? null;
        if (!cursor) break;
    }
    return { items, more: cursor !== null };
}

function card(channel) {
    const item = byID("card").content.cloneNode(true).firstElementChild;
    const playing = nowPlaying(channel.nowPlaying);
    item.querySelector("a").href = `/${encodeURIComponent(channel.name)}`;
    paintArtwork(item.querySelector(".art"), channel.name);
    const listeners = item.querySelector(".listeners");
    listeners.textContent = count(channel.listeners ?? 0);
    listeners.setAttribute("aria-label", `${count(channel.listeners ?? 0)} listening`);
    item.querySelector(".card-title").textContent = channel.title || channel.name;
    item.querySelector(".card-name").textContent = channel.name;
    const words = playing ? [playing.artist, playing.title].filter(Boolean) : [];
    // Silence is not live.
    item.querySelector(".live-pill").hidden = channel.waiting;
    item.querySelector(".card-playing").textContent = channel.waiting
        ? "Waiting for the broadcaster…"
        : words.join(" – ");
    return item;
}

function show({ items, more }) {
    const listening = items.reduce((sum, channel) => sum + (channel.listeners ?? 0), 0);
    const channels = items.length === 1 ? "1 channel" : `${count(items.length)}${more ? "+" : ""} channels`;
    byID("totals").textContent = items.length > 0 ? `${channels} · ${count(listening)} listening` : "";
    byID("nobody").hidden = items.length > 0;
    byID("more").hidden = !more;
    const focused = document.activeElement?.closest("a.card")?.getAttribute("href");
    byID("cards").replaceChildren(...items.map(card));
    if (focused) byID("cards").querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus();
}

async function poll() {
    try {
        show(await load());
        byID("notice").textContent = "";
    } catch (error) {
        byID("notice").textContent = error instanceof TypeError
            ? "Connection lost, trying again in 5 s."
            : `The list could not be read: ${error.message} Trying again in 5 s.`;
    }
    setTimeout(poll, pollMilliseconds);
}

/** What to type to be first; a demonstration server says its key, since it is known to all. */
async function showPushCommand() {
    let key = "YOUR_STREAM_KEY";
    if (loopback) {
        try {
            await loadChannel("demo");
            key = "demo-key";
            byID("make-channel").hidden = true;
            byID("put-key").hidden = true;
        } catch (error) {
            if (!(error instanceof NotFound)) byID("notice").textContent = error.message;
        }
    }
    const address = `rtmp://${location.hostname}:${document.body.dataset.rtmpPort}/live/${key}`;
    byID("push-command").textContent =
        `ffmpeg -re -f lavfi -i "sine=frequency=220" -c:a aac -b:a 160k -f flv ${address}`;
}

byID("more").addEventListener("click", () => {
    pagesShown += 1;
    load().then(show, (error) => { byID("notice").textContent = error.message; });
});
wireCopyButtons();
showPushCommand();
poll();
