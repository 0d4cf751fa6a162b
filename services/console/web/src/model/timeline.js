// A job order's history as bands over time: its states, its holds, who worked on it. No drawing here.

/** @typedef {import("../types.d.ts").HistoryEntry} HistoryEntry */
/** @typedef {import("../types.d.ts").LaborEntry} LaborEntry */

/**
 * @typedef {object} Band
 * @property {string} what a state, a reason or a person
 * @property {number} from ms
 * @property {number} to ms
 * @property {boolean} open whether it goes on
 * @property {string} [detail]
 */

/**
 * The states an order went through.
 *
 * @param {readonly HistoryEntry[]} history oldest first
 * @param {number} now ms
 * @returns {Band[]}
 */
export function stateBands(history, now) {
  /** @type {Band[]} */
  const bands = [];
  for (const entry of history) {
    const state = entry.type === "JobOrderStored" || entry.type === "JobOrderStateChanged" ? entry.to : null;
    const gone = entry.type === "JobOrderCancelled" || entry.type === "JobOrderCleared";
    if (!state && !gone) continue;
    const at = Date.parse(entry.at);
    const last = bands.at(-1);
    if (last?.open && last.what === state) continue;
    if (last?.open) Object.assign(last, { to: Math.max(at, last.from), open: false });
    if (state) bands.push({ what: state, from: at, to: at, open: true, detail: reasonOf(entry) });
  }
  return closed(bands, now);
}

/**
 * When an order was on hold, and why.
 *
 * @param {readonly HistoryEntry[]} history oldest first
 * @param {number} now ms
 * @returns {Band[]}
 */
export function holdBands(history, now) {
  /** @type {Band[]} */
  const bands = [];
  for (const entry of history) {
    const last = bands.at(-1);
    const at = Date.parse(entry.at);
    if (entry.type === "JobOrderHeld") bands.push({ what: reasonOf(entry), from: at, to: at, open: true });
    else if (last?.open && (entry.type === "JobOrderReleased" || entry.type === "JobOrderCancelled" || isOver(entry))) {
      Object.assign(last, { to: at, open: false });
    }
  }
  return closed(bands, now);
}

/**
 * Who worked on it, a row a person.
 *
 * @param {readonly LaborEntry[]} labor
 * @param {number} now ms
 * @returns {{ person: string, bands: Band[] }[]} in order of their first clock-on
 */
export function laborRows(labor, now) {
  /** @type {Map<string, Band[]>} */
  const rows = new Map();
  for (const entry of labor) {
    const from = Date.parse(entry.start);
    const band = { what: entry.person, from, to: entry.end ? Date.parse(entry.end) : Math.max(now, from), open: entry.end === null };
    const row = rows.get(entry.person);
    if (row) row.push(band);
    else rows.set(entry.person, [band]);
  }
  return [...rows].map(([person, bands]) => ({ person, bands }));
}

/**
 * Where the axis has its marks: round steps of at most so many.
 *
 * @param {number} from ms
 * @param {number} to ms
 * @param {number} most
 * @returns {number[]} ms
 */
export function ticks(from, to, most) {
  const step = STEPS_MS.find((each) => (to - from) / each <= most) ?? Math.ceil((to - from) / most / DAY_MS) * DAY_MS;
  const found = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) found.push(at);
  return found;
}

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const STEPS_MS = [1, 2, 5, 10, 15, 30, 60, 120, 240, 480, 720, 1440, 2880, 10_080].map((minutes) => minutes * MINUTE_MS);

/** @param {HistoryEntry} entry */
const isOver = (entry) => entry.to === "Ended" || entry.to === "Aborted";

/** @param {HistoryEntry} entry */
const reasonOf = (entry) => (typeof entry.payload.reason === "string" ? entry.payload.reason : "");

/** @param {Band[]} bands @param {number} now */
function closed(bands, now) {
  for (const band of bands) if (band.open) band.to = Math.max(now, band.from);
  return bands;
}
