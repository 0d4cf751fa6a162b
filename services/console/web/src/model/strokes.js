// The strokes of a timeline and how they become pixels: what is narrower than a pixel is drawn together, and a stop of
// a second among hours of running still shows. No drawing here.

/** @typedef {import("../types.d.ts").StateName} StateName */

/**
 * What a unit was in: begin and end in ms, time by kind, how many intervals, the reason of a single one.
 * @typedef {[number, number, Record<string, number>, number, string | null]} Stroke
 */

/**
 * @typedef {object} Column
 * @property {number} x left edge in px, from the left of the picture
 * @property {number} width px
 * @property {Record<string, number>} times ms by kind
 * @property {number} count intervals
 * @property {string | null} words of a single interval
 * @property {number} first index of its first stroke
 */

/** Kinds as `oee` names them, and how they look. @type {Readonly<Record<string, StateName>>} */
export const LOOKS = {
  APT: "running",
  MINOR: "unplanned_stop",
  MINOR_WAITING: "blocked",
  AUST: "setup",
  ADET: "unplanned_stop",
  WAITING: "blocked",
  ADOT: "idle",
  PDOT: "planned_stop",
  NOT_SCHEDULED: "planned_stop",
  UNKNOWN: "unknown",
};

/** From the ground up: what must not be missed stands on top. */
export const KINDS = ["NOT_SCHEDULED", "PDOT", "ADOT", "APT", "UNKNOWN", "AUST", "MINOR_WAITING", "WAITING", "MINOR", "ADET"];

/**
 * Strokes as columns of at least a pixel.
 *
 * @param {readonly Stroke[]} strokes in order of time, without overlap
 * @param {number} from ms at the left edge
 * @param {number} to ms at the right edge
 * @param {number} width px
 * @returns {Column[]} in order, without overlap
 */
export function columns(strokes, from, to, width) {
  const scale = width / (to - from);
  /** @type {Column[]} */
  const found = [];
  /** @type {Column | null} */
  let open = null;
  for (let index = firstAfter(strokes, from); index < strokes.length; index += 1) {
    const stroke = /** @type {Stroke} */ (strokes[index]);
    if (stroke[0] >= to) break;
    const left = Math.max(0, (stroke[0] - from) * scale);
    const right = Math.min(width, (stroke[1] - from) * scale);
    if (right - left >= 1) {
      open = null;
      const before = found.at(-1);
      const x = before ? Math.max(left, before.x + before.width) : left;
      found.push({ x, width: Math.max(right - x, 0.5), times: stroke[2], count: stroke[3], words: stroke[4], first: index });
      continue;
    }
    const pixel = Math.floor(left);
    if (open && pixel === Math.floor(open.x)) {
      add(open.times, stroke[2]);
      open.count += stroke[3];
      open.words = null;
      open.width = 1;
    } else {
      const before = found.at(-1);
      const x = before ? Math.max(pixel, before.x + before.width) : pixel;
      open = { x, width: 1, times: { ...stroke[2] }, count: stroke[3], words: stroke[4], first: index };
      found.push(open);
    }
  }
  return found;
}

/**
 * How a column is stacked: shares of its height from the ground up. Whatever is in it gets a fair part, so that a short stop shows.
 *
 * @param {Record<string, number>} times ms by kind
 * @returns {{ kind: string, from: number, to: number }[]} shares 0..1
 */
export function stacked(times) {
  const present = KINDS.filter((kind) => (times[kind] ?? 0) > 0);
  const total = present.reduce((sum, kind) => sum + (times[kind] ?? 0), 0);
  if (present.length === 1) return [{ kind: /** @type {string} */ (present[0]), from: 0, to: 1 }];
  const least = Math.min(0.25, 1 / present.length);
  const raw = present.map((kind) => ({ kind, share: Math.max((times[kind] ?? 0) / total, least) }));
  const surplus = raw.reduce((sum, { share }) => sum + share, 0) - 1;
  const above = raw.reduce((sum, { share }) => sum + Math.max(0, share - least), 0);
  let reached = 0;
  return raw.map(({ kind, share }, index) => {
    const height = above > 0 ? share - (surplus * Math.max(0, share - least)) / above : share;
    const from = reached;
    reached = index === raw.length - 1 ? 1 : from + height;
    return { kind, from, to: reached };
  });
}

/** The stroke at an instant, or null. @param {readonly Stroke[]} strokes @param {number} at @returns {Stroke | null} */
export function strokeAt(strokes, at) {
  const stroke = strokes[firstAfter(strokes, at)];
  return stroke && stroke[0] <= at ? stroke : null;
}

/** Index of the first stroke that ends after an instant. @param {readonly Stroke[]} strokes @param {number} at */
function firstAfter(strokes, at) {
  let low = 0;
  let high = strokes.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (/** @type {Stroke} */ (strokes[middle])[1] <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** @param {Record<string, number>} sum @param {Record<string, number>} more */
function add(sum, more) {
  for (const [kind, ms] of Object.entries(more)) sum[kind] = (sum[kind] ?? 0) + ms;
}

/**
 * The resolution to ask for: about a pixel, in powers of two, so that a little zooming asks for nothing new.
 *
 * @param {number} spanMs
 * @param {number} width px
 */
export function resolutionFor(spanMs, width) {
  const pixelMs = spanMs / Math.max(width, 1);
  return pixelMs < 250 ? 0 : 2 ** Math.floor(Math.log2(pixelMs * 1.5));
}
