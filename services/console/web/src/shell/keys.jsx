// The keyboard: `/` searches, digits switch views, `w` shows work masters, `u` goes up, `?` shows all of it.

import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { VIEWS, go } from "../model/router.js";
import { site } from "../model/session.js";
import { text } from "../text/index.js";
import { Dialog } from "../ui/parts.jsx";

export const keysShown = signal(false);
/** On small screens the tree is a sheet; searching opens it. */
export const sheetOpen = signal(false);

export const SEARCH_ID = "tree-search";

export function focusSearch() {
  sheetOpen.value = true;
  requestAnimationFrame(() => {
    const input = document.getElementById(SEARCH_ID);
    if (input instanceof HTMLInputElement) {
      input.focus();
      input.select();
    }
  });
}

/** @param {string} place */
export function useKeys(place) {
  useEffect(() => {
    /** @param {KeyboardEvent} event */
    const pressed = (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const target = event.target;
      const typing = target instanceof Element && target.closest("input, textarea, select, [contenteditable]");
      if (typing || document.querySelector("dialog[open]")) return;
      const view = VIEWS[Number(event.key) - 1];
      if (event.key === "/") focusSearch();
      else if (event.key === "?") keysShown.value = true;
      else if (event.key === "u" && place !== site.value.path) go({ place: place.slice(0, place.lastIndexOf("/")) });
      else if (event.key === "w") go({ view: "masters" });
      else if (view) go({ view });
      else return;
      event.preventDefault();
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, [place]);
}

export function KeysDialog() {
  if (!keysShown.value) return null;
  return (
    <Dialog title={text.keys.title} onClose={() => (keysShown.value = false)}>
      <dl class="keys">
        {text.keys.rows.map(([keys, meaning]) => (
          <div key={keys}>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
