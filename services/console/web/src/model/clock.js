// The server's time as this page knows it, ticking once a second. Ages are computed from it, so a wrong
// clock in a tablet changes no age.

import { signal } from "@preact/signals";

let offsetMs = 0;

/** Server time in ms since the epoch, renewed every second. */
export const now = signal(Date.now());

/** @param {string} serverTime ISO 8601 */
export function learnServerTime(serverTime) {
  const measured = Date.parse(serverTime) - Date.now();
  offsetMs = Math.abs(measured - offsetMs) > 2000 ? measured : offsetMs + (measured - offsetMs) * 0.1;
}

export function startClock() {
  setInterval(() => {
    now.value = Date.now() + offsetMs;
  }, 1000);
}
