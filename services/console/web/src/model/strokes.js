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
 * @property {number} count intervals; 0 for the rest of a column that was cut
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

/** What a state gets of a column's height at least: enough to be seen, little enough not to mislead. */
const LEAST_SHARE = 0.14;
/** From this width on a stroke has pixels of its own, px. */
const WIDE = 2;

/**
 * Strokes as columns of whole pixels: wide ones to the nearest pixel, all narrow ones of a pixel together in it.
 *
 * @param {readonly Stroke[]} strokes in order of time, without overlap
 * @param {number} from ms at the left edge
 * @param {number} to ms at the right edge
 * @param {number} width px, whole
 * @returns {Column[]} in order, without overlap, each interval counted once
 */
export function columns(strokes, from, to, width) {
  const scale = width / (to - from);
  /** @type {Column[]} */
  const wide = [];
  /** @type {Map<number, Column>} by pixel */
  const narrow = new Map();
  for (let index = firstAfter(strokes, from); index < strokes.length; index += 1) {
    const [start, end, times, count, words] = /** @type {Stroke} */ (strokes[index]);
    if (start >= to) break;
    const left = Math.max(0, (start - from) * scale);
    const right = Math.min(width, (end - from) * scale);
    if (right - left >= WIDE) {
      const x = Math.round(left);
      wide.push({ x, width: Math.round(right) - x, times, count, words, first: index });
      continue;
    }
    const x = Math.min(width - 1, Math.floor((left + right) / 2));
    const known = narrow.get(x);
    if (known) {
      add(known.times, times);
      known.count += count;
      known.words = null;
    } else narrow.set(x, { x, width: 1, times: { ...times }, count, words, first: index });
  }
  return narrow.size === 0 ? wide : woven(wide, [...narrow.values()], 1 / scale);
}

/**
 * Wide columns give the pixels up that narrow ones need, and have their share of these.
 *
 * @param {readonly Column[]} wide
 * @param {readonly Column[]} narrow a pixel each
 * @param {number} pixelMs
 * @returns {Column[]}
 */
function woven(wide, narrow, pixelMs) {
  /** @type {Column[]} */
  const found = [];
  let next = 0;
  for (const column of wide) {
    const right = column.x + column.width;
    let reached = column.x;
    let counted = false;
    /** @param {number} until */
    const fill = (until) => {
      if (until > reached) found.push({ ...column, x: reached, width: until - reached, count: counted ? 0 : column.count });
      counted = counted || until > reached;
    };
    while (next < narrow.length && /** @type {Column} */ (narrow[next]).x < right) {
      const pixel = /** @type {Column} */ (narrow[next]);
      next += 1;
      if (pixel.x >= column.x) {
        fill(pixel.x);
        reached = pixel.x + 1;
        const total = Object.values(column.times).reduce((sum, ms) => sum + ms, 0);
        for (const [kind, ms] of Object.entries(column.times)) add(pixel.times, { [kind]: (ms / total) * pixelMs });
        pixel.words = null;
      }
      found.push(pixel);
    }
    fill(right);
    const last = found.at(-1);
    if (!counted && last) last.count += column.count;
  }
  return [...found, ...narrow.slice(next)];
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
  const least = Math.min(LEAST_SHARE, 1 / present.length);
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

/**
 * Strokes with their end told anew: those that begin at or after an instant are replaced.
 *
 * @param {readonly Stroke[]} strokes
 * @param {readonly Stroke[]} newer as answered for the time since
 * @param {number} since ms, a whole number of resolutions: what is drawn together begins on one side of it
 * @returns {Stroke[]}
 */
export function spliced(strokes, newer, since) {
  const first = newer[0];
  const kept = strokes.filter(([start]) => start < since);
  const last = kept.at(-1);
  // An interval that reaches over the instant may have grown since.
  if (last && first && first[0] === last[0] && first[3] === 1 && last[3] === 1) kept[kept.length - 1] = first;
  return [...kept, ...newer.filter(([start]) => start >= since)];
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
 * The resolution to ask for: about two pixels, in powers of two, so that a little zooming asks for nothing new.
 *
 * @param {number} spanMs
 * @param {number} width px
 */
export function resolutionFor(spanMs, width) {
  const pixelMs = spanMs / Math.max(width, 1);
  return pixelMs < 250 ? 0 : 2 ** Math.floor(Math.log2(pixelMs * 3));
}
