// A picture for a channel that has none: two lights on a dark ground, the same for the same name.

const palettes = [
    ["#1b2342", "#5a86ff", "#ff7a59"],
    ["#0d2a33", "#39d0a4", "#5a48d8"],
    ["#351228", "#e0446e", "#f5c55c"],
    ["#1c2b20", "#8fd14f", "#2f7f9e"],
    ["#2b1b12", "#ff9e4a", "#8a2f5c"],
    ["#14243a", "#4cc3e8", "#e7d27a"],
];

export function paintArtwork(element, name) {
    let hash = 2166136261;
    for (const character of name) hash = Math.imul(hash ^ character.codePointAt(0), 16777619) >>> 0;
    const [ground, first, second] = palettes[hash % palettes.length];
    element.style.setProperty("--art-ground", ground);
    element.style.setProperty("--art-first", first);
    element.style.setProperty("--art-second", second);
    element.style.setProperty("--art-x", `${(hash >>> 4) % 60}%`);
    element.style.setProperty("--art-y", `${(hash >>> 10) % 40}%`);
}
