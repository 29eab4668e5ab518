// Light or dark: the system's choice, unless the listener made one. Runs before the first paint.
(() => {
    const stored = () => {
        try {
            return localStorage.getItem("theme");
        } catch {
            return null; // Storage may be forbidden; then the system decides.
        }
    };
    const root = document.documentElement;
    const system = matchMedia("(prefers-color-scheme: light)");
    const apply = () => {
        root.dataset.theme = stored() ?? (system.matches ? "light" : "dark");
        const button = document.getElementById("theme");
        if (button) button.textContent = root.dataset.theme === "dark" ? "Light" : "Dark";
    };
    apply();
    system.addEventListener("change", apply);
    addEventListener("DOMContentLoaded", () => {
        apply();
        document.getElementById("theme")?.addEventListener("click", () => {
            const next = root.dataset.theme === "dark" ? "light" : "dark";
            try {
                localStorage.setItem("theme", next);
            } catch {
                root.dataset.theme = next;
                return;
            }
            apply();
        });
    });
})();
