// The page of a channel: what it says about the channel, and whether the deck is there.

import { loadChannel, NotFound, sendPresence } from "./api.js";
import { paintArtwork } from "./artwork.js";
import { wireCopyButtons } from "./copy.js";
import { Deck } from "./deck.js";
import { clock, count, nowPlaying } from "./format.js";
import { describeToSystem } from "./media-session.js";
import { RecordingOffer } from "./recordings.js";

const pollMilliseconds = 5000;
const presenceMilliseconds = 20_000;
const byID = (id) => document.getElementById(id);
const name = decodeURIComponent(location.pathname.split("/")[1] ?? "");
let channel = null;
/** The stream that was live when this page saw the channel last. */
let lastStream = null;
let deck = null;
let recordings = null;

function showIdentity() {
    document.title = `${channel.title || channel.name} · Twitchy`;
    byID("title").textContent = channel.title || channel.name;
    byID("name").textContent = channel.title ? channel.name : "";
    paintArtwork(byID("artwork"), channel.name);
    byID("live").hidden = !channel.live || channel.waiting;
    byID("playlist").textContent = new URL(channel.hls, location.href).href;
    showFacts();
}

function showFacts() {
    if (!channel) return;
    const facts = [];
    // Silence is not live.
    if (channel.waiting) facts.push("Waiting for the broadcaster…");
    else if (channel.live && channel.startedAt) facts.push(clock((Date.now() - Date.parse(channel.startedAt)) / 1000));
    if (channel.live) facts.push(`${count(channel.listeners ?? 0)} listening`);
    byID("facts").textContent = channel.live ? facts.join(" · ") : "Off air";
    const playing = channel.live ? nowPlaying(channel.nowPlaying) : null;
    byID("playing").hidden = playing === null;
    if (!playing) return;
    paintArtwork(byID("playing-art"), `${playing.artist}${playing.title}`);
    byID("playing-artist").textContent = playing.artist ? `${playing.artist} – ` : "";
    byID("playing-title").textContent = playing.title;
    const since = Date.parse(playing.startedAt ?? "");
    byID("playing-since").textContent = Number.isNaN(since)
        ? "now playing"
        : `now playing · ${clock((Date.now() - since) / 1000)} in`;
}

/** The deck stays while it plays what is left, and while it waits for a stream that may come back. */
function showView() {
    const page = byID("content");
    if (!recordings.isPlaying && (channel.live || deck.isActive)) {
        page.dataset.view = "deck";
        recordings.withdraw();
        deck.standsAside = false;
        return;
    }
    page.dataset.view = "away";
    if (channel.live) {
        setText("away-title", `${channel.name} is on air again`);
        setText("away-text", "Pause the recording to listen live.");
    } else {
        setText("away-title", lastStream ? "The stream has ended" : `${channel.name} is off air`);
        setText("away-text", "This page goes on by itself when the next stream begins.");
        // Its recording is complete a moment after the end: it is asked for again with the channel's state.
        recordings.offer(channel.name, lastStream).catch(() => {});
    }
}

/** Leaves the element alone where nothing changes, so that screen readers do not speak again. */
function setText(id, text) {
    if (byID(id).textContent !== text) byID(id).textContent = text;
}

function showMissing() {
    byID("content").dataset.view = "missing";
    document.title = "Not found · Twitchy";
    byID("away-title").textContent = "There is no such channel";
    byID("away-text").textContent = `Nobody on this server is called “${name}”. The address may be mistyped.`;
}

async function poll() {
    try {
        channel = await loadChannel(name);
        lastStream = channel.streamId ?? lastStream;
        deck.channelChanged(channel);
        deck.showTrouble("");
        showIdentity();
        showView();
        const playing = nowPlaying(channel.nowPlaying);
        describeToSystem(playing?.title
            ? { title: playing.title, artist: playing.artist || channel.name }
            : { title: channel.title || channel.name, artist: channel.name });
    } catch (error) {
        if (error instanceof NotFound) {
            showMissing();
        } else if (channel) {
            deck.showTrouble("Connection lost, trying again in 5 s.");
        } else {
            byID("content").dataset.view = "missing";
            byID("away-title").textContent = "The server does not answer";
            byID("away-text").textContent = "Trying again in 5 s.";
        }
    }
    setTimeout(poll, pollMilliseconds);
}

function sayPresence() {
    if (deck.isPlaying) sendPresence(name).catch(() => {}); // The next one follows in 20 s.
}

recordings = new RecordingOffer({
    onStart: () => { deck.standsAside = true; },
    onPause: () => { if (channel) showView(); },
});
wireCopyButtons();
deck = new Deck({ onStart: sayPresence, onState: () => { if (channel) showView(); } });
setInterval(showFacts, 1000);
setInterval(sayPresence, presenceMilliseconds);
poll();
