// What is known of the units' past, piece by piece: asked for while it is in sight, kept while it may be looked at again.

import { signal } from "@preact/signals";
import { Problem, ask } from "./api.js";
import { resolutionFor, spliced } from "./strokes.js";

/** @typedef {import("./strokes.js").Stroke} Stroke */
/** @typedef {import("./range.js").Range} Range */

/**
 * @typedef {object} Piece
 * @property {number} from ms
 * @property {number} to ms
 * @property {number} resolution ms
 * @property {Stroke[]} strokes
 * @property {number} wholeAt when all of it was fetched, by this browser's clock
 * @property {number} tailAt when its end was
 */

/** What is asked for: units that want the same. @typedef {{ units: string[], from: number, to: number, isTail: boolean }} Errand */

const TOGETHER = 4;
const AT_ONCE = 3;
/** The end of a live range is asked for again after this long, and when it has grown by half a pixel. */
const TAIL_FRESH_MS = 5_000;
const TAIL_STALE_MS = 60_000;
/** The past is restated now and then: what is looked at is fetched again. */
const WHOLE_FRESH_MS = 180_000;
/** What may still change at the end of a live range, ms. */
const UNSETTLED_MS = 600_000;
const KEPT = 400;

/** Grows with every answer. */
export const timelineVersion = signal(0);
/** @type {import("@preact/signals").Signal<Problem | null>} */
export const timelineProblem = signal(/** @type {Problem | null} */ (null));
export const timelineLoading = signal(false);

/** @type {Map<string, Piece>} */
const pieces = new Map();
/** @type {Set<string>} units that are being asked for */
const asked = new Set();
let running = 0;
let generation = 0;

/** @param {string} unit */
export const pieceOf = (unit) => pieces.get(unit);

/** Fetch everything anew, as after a word of a person. */
export function forgetTimeline() {
  for (const piece of pieces.values()) piece.wholeAt = 0;
  generation += 1;
}

/**
 * Ask for what is missing of the units in sight.
 *
 * @param {string} place
 * @param {readonly string[]} units in sight
 * @param {Range} range
 * @param {number} width px
 * @param {number} now business time, ms
 */
export function needTimeline(place, units, range, width, now) {
  const span = range.to - range.from;
  const resolution = resolutionFor(span, width);
  const tailFresh = Math.min(Math.max(span / width / 2, TAIL_FRESH_MS), TAIL_STALE_MS);
  const idle = units.filter((unit) => !asked.has(unit));
  const missing = idle.filter((unit) => !covers(pieces.get(unit), range, resolution));
  const from = Math.floor(range.from - span / 2);
  const to = Math.ceil(range.to + span / 2);
  send(place, { units: missing, from, to, isTail: false }, resolution);
  if (range.to < now - UNSETTLED_MS) return;
  const ended = idle.filter((unit) => !missing.includes(unit) && Date.now() - (pieces.get(unit)?.tailAt ?? 0) > tailFresh);
  const known = pieces.get(ended[0] ?? "");
  if (!known) return;
  const alike = ended.filter((unit) => pieces.get(unit)?.resolution === known.resolution && pieces.get(unit)?.to === known.to);
  const bucket = Math.max(known.resolution, 1);
  const since = Math.max(Math.floor((now - Math.max(UNSETTLED_MS, 2 * bucket)) / bucket) * bucket, known.from);
  send(place, { units: alike, from: since, to: known.to, isTail: true }, known.resolution);
}

/** @param {string} place @param {Errand} errand @param {number} resolution */
function send(place, { units, ...rest }, resolution) {
  const together = rest.isTail ? units.length : TOGETHER;
  for (let index = 0; index < units.length && running < AT_ONCE; index += together) {
    void fetchUnits(place, { units: units.slice(index, index + together), ...rest }, resolution);
  }
}

/** @param {Piece | undefined} piece @param {Range} range @param {number} resolution */
function covers(piece, range, resolution) {
  if (!piece || piece.from > range.from || piece.to < range.to) return false;
  if (piece.resolution > resolution * 1.01 || piece.resolution * 8 < resolution) return false;
  return Date.now() - piece.wholeAt < WHOLE_FRESH_MS;
}

/** @param {string} place @param {Errand} errand @param {number} resolution */
async function fetchUnits(place, { units, from, to, isTail }, resolution) {
  running += 1;
  timelineLoading.value = true;
  for (const unit of units) asked.add(unit);
  const begun = generation;
  const query = new URLSearchParams({
    place,
    since: new Date(from).toISOString(),
    until: new Date(to).toISOString(),
    resolution_ms: String(Math.min(resolution, 86_400_000)),
    limit: "2000",
    most: "5000",
  });
  for (const unit of units) query.append("units", unit);
  try {
    /** @type {{ data: { unit: string, rows: Stroke[] }[] }} */
    const answer = await ask("GET", `/api/oee/timeline?${query}`);
    /** @type {Map<string, Stroke[]>} */
    const found = new Map(units.map((unit) => [unit, []]));
    for (const { unit, rows } of answer.data) found.get(unit)?.push(...rows);
    const at = begun === generation ? Date.now() : 0;
    for (const [unit, strokes] of found) {
      const known = pieces.get(unit);
      if (isTail && (!known || known.resolution !== resolution || known.to !== to)) continue;
      pieces.delete(unit);
      if (isTail && known) pieces.set(unit, { ...known, strokes: spliced(known.strokes, strokes, from), tailAt: at });
      else pieces.set(unit, { from, to, resolution, strokes, wholeAt: at, tailAt: at });
    }
    for (const unit of pieces.keys()) {
      if (pieces.size <= KEPT) break;
      pieces.delete(unit);
    }
    timelineProblem.value = null;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    timelineProblem.value = error;
    await new Promise((resolve) => setTimeout(resolve, 2000));
  } finally {
    for (const unit of units) asked.delete(unit);
    running -= 1;
    timelineLoading.value = running > 0;
    timelineVersion.value += 1;
  }
}
