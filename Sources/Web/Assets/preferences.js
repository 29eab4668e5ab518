// What the listener chose, kept by the browser where it may.

export function readPreference(name, fallback) {
    try {
        return localStorage.getItem(name) ?? fallback;
    } catch {
        return fallback; // Storage may be forbidden; then nothing is remembered.
    }
}

export function writePreference(name, value) {
    try {
        localStorage.setItem(name, String(value));
        return true;
    } catch {
        return false;
    }
}
