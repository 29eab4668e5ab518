// Keyboard of the channel page.

/** Calls the action of a key unless the key belongs to a control that has the focus. */
export function listenToKeys(actions) {
    const byKey = {
        " ": actions.togglePlay, k: actions.togglePlay, j: actions.back, l: actions.forward, End: actions.live,
        m: actions.mute, ArrowUp: actions.louder, ArrowDown: actions.quieter, "?": actions.help,
    };
    addEventListener("keydown", (event) => {
        if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
        const action = byKey[event.key.length === 1 ? event.key.toLowerCase() : event.key];
        if (!action || belongsToControl(event)) return;
        event.preventDefault();
        action();
    });
}

function belongsToControl({ target, key }) {
    if (target.closest("textarea, [contenteditable], dialog, input:not([type=range]), audio")) return true;
    if (target.closest("select, input[type=range]")) return key.startsWith("Arrow") || key === "End" || key === " ";
    return key === " " && target.closest("button, a") !== null;
}
