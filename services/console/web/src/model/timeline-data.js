// What is known of the units' past, piece by piece: asked for while it is in sight, kept while it may be looked at again.

import { signal } from "@preact/signals";
import { Problem, ask } from "./api.js";
import { resolutionFor } from "./strokes.js";

/** @typedef {import("./strokes.js").Stroke} Stroke */
/** @typedef {import("./range.js").Range} Range */

/**
 * @typedef {object} Piece
 * @property {number} from ms
 * @property {number} to ms
 * @property {number} resolution ms
 * @property {Stroke[]} strokes
 * @property {number} fetchedAt by this browser's clock
 */

const TOGETHER = 10;
const AT_ONCE = 3;
const FRESH_MS = 5_000;
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

/** Drop what is known, as after a word of a person. */
export function forgetTimeline() {
  for (const piece of pieces.values()) piece.fetchedAt = 0;
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
  const wanted = units.filter((unit) => !asked.has(unit) && !covers(pieces.get(unit), range, resolution, now));
  if (wanted.length === 0 || running >= AT_ONCE) return;
  const from = Math.floor(range.from - span / 2);
  const to = Math.ceil(range.to + span / 2);
  for (let index = 0; index < wanted.length && running < AT_ONCE; index += TOGETHER) {
    void fetchUnits(place, wanted.slice(index, index + TOGETHER), from, to, resolution);
  }
}

/** @param {Piece | undefined} piece @param {Range} range @param {number} resolution @param {number} now */
function covers(piece, range, resolution, now) {
  if (!piece || piece.from > range.from || piece.to < range.to) return false;
  if (piece.resolution > resolution * 1.01 || piece.resolution * 8 < resolution) return false;
  return range.to < now - 60_000 || Date.now() - piece.fetchedAt < FRESH_MS;
}

/** @param {string} place @param {string[]} units @param {number} from @param {number} to @param {number} resolution */
async function fetchUnits(place, units, from, to, resolution) {
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
    const fetchedAt = begun === generation ? Date.now() : 0;
    for (const [unit, strokes] of found) {
      pieces.delete(unit);
      pieces.set(unit, { from, to, resolution, strokes, fetchedAt });
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
