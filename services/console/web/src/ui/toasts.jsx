// Short news at the edge of the screen: a command that is done. Refusals stay where the action was.

import { signal } from "@preact/signals";
import { Icon } from "./icons.jsx";

const SHOWN_MS = 4500;
let next = 0;

/** @type {import("@preact/signals").Signal<{ id: number, words: string }[]>} */
const toasts = signal(/** @type {{ id: number, words: string }[]} */ ([]));

/** @param {string} words */
export function tell(words) {
  const id = (next += 1);
  toasts.value = [...toasts.value.slice(-3), { id, words }];
  setTimeout(() => {
    toasts.value = toasts.value.filter((toast) => toast.id !== id);
  }, SHOWN_MS);
}

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map((toast) => (
        <div key={toast.id} class="toast">
          <Icon name="check" size={18} />
          {toast.words}
        </div>
      ))}
    </div>
  );
}
