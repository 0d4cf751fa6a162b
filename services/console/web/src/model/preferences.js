// What this browser remembers for its user: light or dark, which branches of the tree are open.

import { effect, signal } from "@preact/signals";

/** @typedef {"system" | "light" | "dark"} Theme */

/** @type {import("@preact/signals").Signal<Theme>} */
export const theme = signal(/** @type {Theme} */ (read("theme") ?? "system"));

/** @type {import("@preact/signals").Signal<ReadonlySet<string>>} */
export const openBranches = signal(new Set(/** @type {string[]} */ (JSON.parse(read("open") ?? "[]"))));

effect(() => {
  if (theme.value === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme.value;
  write("theme", theme.value);
});

effect(() => write("open", JSON.stringify([...openBranches.value].slice(-2000))));

/**
 * @param {string} path
 * @param {boolean} [open] toggles when left out
 */
export function setBranch(path, open = !openBranches.value.has(path)) {
  const next = new Set(openBranches.value);
  if (open) next.add(path);
  else next.delete(path);
  openBranches.value = next;
}

/** @param {string} key */
function read(key) {
  try {
    return localStorage.getItem(`uns.${key}`);
  } catch {
    return null;
  }
}

/** @param {string} key @param {string} value */
function write(key, value) {
  try {
    localStorage.setItem(`uns.${key}`, value);
  } catch {
    // A browser that stores nothing still shows everything.
  }
}
