// Runs every test file and leaves the outcome in `outcome`: [{name, error|null}].

import { tests } from "./harness.js";

const files = [
    "arrival-model", "buffer-ranges", "delay-controller", "format", "fragment", "media-dates", "part-plan", "playlist",
    "recording-player", "rendition",
];
const outcome = [];
try {
    for (const file of files) await import(`./${file}.test.js`);
    for (const { name, body } of tests) {
        try {
            await body();
            outcome.push({ name, error: null });
        } catch (error) {
            outcome.push({ name, error: String(error.message ?? error) });
        }
    }
} catch (error) {
    outcome.push({ name: "loading the tests", error: String(error.message ?? error) });
}
globalThis.outcome = outcome;
