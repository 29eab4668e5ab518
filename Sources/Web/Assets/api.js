// The documents of the REST interface that the pages read.

/** The server knows no such thing. */
export class NotFound extends Error {}

async function getJSON(path) {
    const response = await fetch(path, { headers: { Accept: "application/json" } });
    if (response.status === 404) throw new NotFound(path);
    if (!response.ok) throw new Error(`The server answered ${response.status}.`);
    return response.json();
}

export function loadChannel(name) {
    return getJSON(`/api/v1/channels/${encodeURIComponent(name)}`);
}

/** {items, nextCursor} of what was recorded, newest first. */
export function loadRecordings(name) {
    return getJSON(`/api/v1/channels/${encodeURIComponent(name)}/recordings`);
}

/** {items, nextCursor} of the channels that are live. */
export function loadLiveChannels(cursor) {
    const query = new URLSearchParams({ live: "true" });
    if (cursor) query.set("cursor", cursor);
    return getJSON(`/api/v1/channels?${query}`);
}

let session = null;

/** Says that someone is listening; counts for 30 s. */
export async function sendPresence(name) {
    const send = () => fetch(`/api/v1/channels/${encodeURIComponent(name)}/presence`, {
        method: "POST", keepalive: true, headers: { "Twitchy-Player": "1", ...(session && { "Twitchy-Session": session }) },
    });
    const given = (await send()).headers.get("Twitchy-Session");
    if (!given) return;
    // Without a session that is good nobody was counted; with this one somebody is.
    session = given;
    await send();
}
