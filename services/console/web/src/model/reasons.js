// The site's tree of reasons for lost time: fetched once, names and paths of codes.

import { computed, signal } from "@preact/signals";
import { Problem, ask } from "./api.js";

/**
 * @typedef {object} Reason
 * @property {string} code
 * @property {string} name
 * @property {string[]} parents codes, the category first
 * @property {string | null} loss
 * @property {string | null} element
 * @property {boolean} planned
 * @property {string} owner
 * @property {boolean} retired
 */

/** @type {import("@preact/signals").Signal<Reason[]>} */
export const reasons = signal(/** @type {Reason[]} */ ([]));
/** @type {import("@preact/signals").Signal<Problem | null>} */
export const reasonsProblem = signal(/** @type {Problem | null} */ (null));
let asked = false;

export const byCode = computed(() => new Map(reasons.value.map((reason) => [reason.code, reason])));

/** Fetch the tree, unless it is there. */
export async function loadReasons() {
  if (asked) return;
  asked = true;
  try {
    /** @type {{ reasons: Reason[] }} */
    const answer = await ask("GET", "/api/reasons");
    reasons.value = answer.reasons;
    reasonsProblem.value = null;
  } catch (error) {
    asked = false;
    if (!(error instanceof Problem)) throw error;
    reasonsProblem.value = error;
  }
}

/** @param {string} code */
export const reasonName = (code) => byCode.value.get(code)?.name ?? code;

/** Names from the category down. @param {string} code */
export function reasonPath(code) {
  const reason = byCode.value.get(code);
  return reason ? [...reason.parents, code].map(reasonName) : [code];
}

/** What can be chosen below a code; the categories for "". @param {string} above */
export const reasonsBelow = (above) => reasons.value.filter((reason) => !reason.retired && (reason.parents.at(-1) ?? "") === above);
