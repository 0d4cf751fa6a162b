// Intervals of the state log as `oee` answers them, and how they look.

import { LOOKS } from "./strokes.js";

/** @typedef {import("../types.d.ts").StateName} StateName */

/**
 * @typedef {object} Interval
 * @property {string} place work unit
 * @property {string} start ISO 8601
 * @property {string} end
 * @property {string} element time element of ISO 22400-2
 * @property {string} reason in the machine's words
 * @property {string | null} reason_code
 * @property {number | null} stop_reason
 * @property {boolean} minor_stop
 * @property {string | null} job_order
 * @property {string | null} material
 * @property {string | null} shift
 * @property {number} revision 0 while the shift is open
 * @property {string} source
 * @property {string | null} loss `production` where no time was lost
 * @property {boolean} is_open whether the shift goes on
 */

/**
 * @typedef {object} Word what a person said
 * @property {string} start
 * @property {string} end
 * @property {string | null} reason_code
 * @property {string} actor
 * @property {string} why
 * @property {string} said_at
 * @property {string} command_id
 * @property {string} event_id
 * @property {boolean} is_taken whether the unit was judged with it
 */

/**
 * @typedef {Interval & {
 *   told: { event_id: string, start: string, end: string, revision: number, reason_code: string | null } | null,
 *   window: { shift: string, date: string, start: string, end: string, revision: number, status: string, event_id: string | null } | null,
 *   words: Word[],
 *   metrics: string[],
 * }} IntervalDetail
 */

const WAITS = new Set(["blocked", "starved", "suspended"]);

/** @param {Pick<Interval, "element" | "reason" | "minor_stop">} interval @returns {StateName} */
export function lookOf({ element, reason, minor_stop: minor }) {
  if ((minor || element === "ADET") && WAITS.has(reason.split(" (")[0] ?? "")) return "blocked";
  if (minor) return "unplanned_stop";
  return LOOKS[element] ?? "unknown";
}

/** Whether time was lost in it that can have a reason. @param {Pick<Interval, "element" | "minor_stop">} interval */
export const isStop = ({ element, minor_stop: minor }) => minor || ["AUST", "ADET", "ADOT"].includes(element);
