// A stretch of time to look at: zooming, moving, what the address bar says of it. Arithmetic only.

/**
 * @typedef {object} Range
 * @property {number} from ms since the epoch
 * @property {number} to ms since the epoch, exclusive
 * @property {boolean} live it ends now, and goes on with time
 */

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export const SHORTEST_MS = 5 * SECOND;
export const LONGEST_MS = 31 * DAY;
/** A live range shows a little of what is to come, so that the present is not at the very edge. */
const AHEAD = 0.03;

/**
 * The range that an address names: `from` and `to`, or `span` in seconds up to now.
 *
 * @param {Record<string, string>} query
 * @param {number} now ms
 * @param {number} fallbackMs length when the address names none
 * @returns {Range}
 */
export function readRange(query, now, fallbackMs) {
  const from = Date.parse(query.from ?? "");
  const to = Date.parse(query.to ?? "");
  if (from < to) return bounded({ from, to, live: false }, now);
  const spanS = Number(query.span);
  return liveRange(spanS > 0 ? spanS * SECOND : fallbackMs, now);
}

/** @param {Range} range @returns {{ from: string, to: string, span: string }} parameters of the address; empty ones are left out */
export function writeRange(range) {
  if (range.live) return { from: "", to: "", span: String(Math.round((range.to - range.from) / SECOND)) };
  return { from: new Date(range.from).toISOString(), to: new Date(range.to).toISOString(), span: "" };
}

/** @param {number} lengthMs @param {number} now @returns {Range} */
export function liveRange(lengthMs, now) {
  const length = Math.min(Math.max(lengthMs, SHORTEST_MS), LONGEST_MS);
  const to = now + length * AHEAD;
  return { from: to - length, to, live: true };
}

/**
 * Zoom about an instant, which stays where it is on the screen; a live range goes on ending now.
 *
 * @param {Range} range
 * @param {number} factor below 1 shows less time
 * @param {number} at ms
 * @param {number} now ms
 * @returns {Range}
 */
export function zoomed(range, factor, at, now) {
  const length = Math.min(Math.max((range.to - range.from) * factor, SHORTEST_MS), LONGEST_MS);
  if (range.live && at >= now - (range.to - range.from) * AHEAD) return liveRange(length, now);
  const share = (at - range.from) / (range.to - range.from);
  const from = at - length * share;
  return bounded({ from, to: from + length, live: false }, now);
}

/** @param {Range} range @param {number} byMs above 0 towards the future @param {number} now @returns {Range} */
export function moved(range, byMs, now) {
  const next = bounded({ from: range.from + byMs, to: range.to + byMs, live: false }, now);
  return range.live && byMs >= 0 ? liveRange(range.to - range.from, now) : next;
}

/** Keep the present in sight: nothing is known of what lies after it. @param {Range} range @param {number} now @returns {Range} */
function bounded(range, now) {
  const length = Math.min(Math.max(range.to - range.from, SHORTEST_MS), LONGEST_MS);
  const middle = (range.from + range.to) / 2;
  const from = Math.min(middle - length / 2, now - length * (1 - AHEAD));
  return { from: Math.round(from), to: Math.round(from + length), live: false };
}

const STEPS = [
  ...[1, 2, 5, 10, 15, 30].map((s) => s * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((m) => m * MINUTE),
  ...[1, 2, 3, 6, 12].map((h) => h * HOUR),
  DAY,
  2 * DAY,
  7 * DAY,
];

/**
 * Round instants for an axis, at most `most` of them, in a zone.
 *
 * @param {Range} range
 * @param {number} most
 * @param {(at: number) => number} offsetMs what clocks at the site are ahead of UTC
 * @returns {{ step: number, at: number[] }}
 */
export function ticks(range, most, offsetMs) {
  const step = STEPS.find((candidate) => (range.to - range.from) / candidate <= most) ?? 7 * DAY;
  /** @type {number[]} */
  const at = [];
  const offset = offsetMs(range.from);
  for (let local = Math.ceil((range.from + offset) / step) * step; at.length <= most + 1; local += step) {
    const instant = local - offsetMs(local - offset);
    if (instant >= range.to) break;
    if (instant >= range.from) at.push(instant);
  }
  return { step, at };
}
