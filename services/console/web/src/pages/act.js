// Sends a person's command, reads anew what it changed, and tells that it is done. A refusal stays where it was asked.

import { command, dismiss, isSettling } from "../model/commands.js";
import { text } from "../text/index.js";
import { tell } from "../ui/toasts.jsx";
import { refreshOrders } from "./orders.jsx";

/** @typedef {import("../types.d.ts").Json} Json */

/**
 * @param {string} subject a job order's id, or a place
 * @param {string} name of the command
 * @param {{ version?: number | null, args?: Record<string, Json>, reason?: string }} more
 * @param {string} [done] what to tell; by default the action's name
 * @returns {Promise<boolean>} whether it was done
 */
export async function act(subject, name, more, done) {
  if (isSettling(subject)) return false;
  const answer = await command(subject, name, more);
  await refreshOrders();
  if (answer.status !== "done" || answer.name !== name) return false;
  const actions = /** @type {Record<string, string>} */ ({ ...text.orders.actions, ...text.work.actions });
  tell(done ?? text.work.done(actions[name] ?? name, subject));
  dismiss(subject);
  return true;
}
