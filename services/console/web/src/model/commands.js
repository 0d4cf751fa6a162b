// A person's intents and what became of them. One id is made when the person decides; every repetition - a double
// tap, a retry after silence - carries it. An intent on a subject blocks another one there until it is settled.

import { signal } from "@preact/signals";
import { Problem, ask } from "./api.js";
import { newId } from "./ids.js";

/** @typedef {import("../types.d.ts").Answer} Answer */
/** @typedef {import("../types.d.ts").Json} Json */

/**
 * @typedef {object} Intent
 * @property {string} id
 * @property {string} name
 * @property {string} subject
 * @property {"pending" | "silent" | "done" | "refused"} status `silent`: no answer yet, still asking
 * @property {string} message
 * @property {number | null} version the subject's version after the command, to recognise its effect
 */

const RETRY_MS = 2000;
/** A second tap this soon after an answer was meant for the button that stood there before. */
const SETTLE_MS = 700;
const GIVE_UP_AFTER = 10;

/** Newest intent of each subject. @type {import("@preact/signals").Signal<ReadonlyMap<string, Intent>>} */
export const intents = signal(/** @type {ReadonlyMap<string, Intent>} */ (new Map()));

/** When the last intent on a subject was settled, where that was just now. @type {import("@preact/signals").Signal<ReadonlyMap<string, number>>} */
const settledAt = signal(/** @type {ReadonlyMap<string, number>} */ (new Map()));

/** Whether a tap on the subject may still be the second half of the one before; subscribes the reader. @param {string} subject */
export const isSettling = (subject) => settledAt.value.has(subject);

/** @param {string} subject */
function settle(subject) {
  const at = performance.now();
  settledAt.value = new Map(settledAt.peek()).set(subject, at);
  setTimeout(() => {
    const next = new Map(settledAt.peek());
    if (next.get(subject) === at && next.delete(subject)) settledAt.value = next;
  }, SETTLE_MS);
}

/** @param {string} subject */
export const intentOn = (subject) => intents.value.get(subject);

/** Whether nothing may be asked of the subject right now: an intent is open, or was settled just now. @param {string} subject */
export const isBusy = (subject) => isOpen(intentOn(subject)) || isSettling(subject);

/** @param {Intent | undefined} intent */
export const isOpen = (intent) => intent?.status === "pending" || intent?.status === "silent";

/**
 * Send a command, unless one on the same subject is still open.
 *
 * @param {string} subject
 * @param {string} name
 * @param {{ target?: string, version?: number | null, args?: Record<string, Json>, reason?: string }} [more] `target`: the service, if not `work_order`
 * @returns {Promise<Intent>}
 */
export async function command(subject, name, more = {}) {
  const open = intents.peek().get(subject);
  if (open && isOpen(open)) return open;
  /** @type {Intent} */
  let intent = { id: newId(), name, subject, status: "pending", message: "", version: null };
  put(intent);
  const body = {
    command_id: intent.id,
    target: more.target ?? "work_order",
    name,
    subject,
    args: more.args ?? {},
    expected_version: more.version ?? null,
    ...(more.reason ? { reason: more.reason } : {}),
  };
  for (let attempt = 1; ; attempt += 1) {
    const settled = await once(intent, body);
    if (settled) {
      settle(subject);
      return put(settled);
    }
    if (attempt >= GIVE_UP_AFTER) {
      return put({ ...intent, status: "refused", message: "no_answer" });
    }
    intent = put({ ...intent, status: "silent" });
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

/** @param {string} subject */
export function dismiss(subject) {
  const next = new Map(intents.peek());
  next.delete(subject);
  intents.value = next;
}

/**
 * @param {Intent} intent
 * @param {unknown} body
 * @returns {Promise<Intent | null>} null when there was no answer
 */
async function once(intent, body) {
  try {
    /** @type {Answer} */
    const answer = await ask("POST", "/api/commands", body);
    if (answer.status === "PENDING") return null;
    const done = answer.status === "DONE";
    return {
      ...intent,
      status: done ? "done" : "refused",
      message: done ? "" : sentence(answer.message ?? answer.code ?? ""),
      version: answer.version ?? null,
    };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (error.status === 0 || error.status >= 500) return null;
    return { ...intent, status: "refused", message: error.message };
  }
}

/** @param {string} words */
const sentence = (words) => words.charAt(0).toUpperCase() + words.slice(1);

/** @param {Intent} intent */
function put(intent) {
  intents.value = new Map(intents.peek()).set(intent.subject, intent);
  return intent;
}
