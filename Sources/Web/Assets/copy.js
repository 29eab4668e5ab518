// Buttons that copy the text of another element: <button data-copies="id">.

export function wireCopyButtons(root = document) {
    for (const button of root.querySelectorAll("button[data-copies]")) {
        const label = button.textContent;
        button.addEventListener("click", async () => {
            const source = document.getElementById(button.dataset.copies);
            button.textContent = (await copy(source)) ? "Copied" : "Press Ctrl+C";
            setTimeout(() => { button.textContent = label; }, 2000);
        });
    }
}

/** Away from localhost and https there is no clipboard; then the text is selected, ready to be copied by hand. */
async function copy(source) {
    try {
        await navigator.clipboard.writeText(source.textContent);
        return true;
    } catch {
        getSelection().selectAllChildren(source);
        return false;
    }
}
