// What was made of a job order, drawn together over time and by reason. No drawing here.

/** @typedef {import("../types.d.ts").CountRow} CountRow */

/** What had no reason given. */
export const NO_REASON = "";

/**
 * @typedef {object} Stretch
 * @property {string} start ISO 8601
 * @property {string} end ISO 8601
 * @property {number} good
 * @property {number} scrap
 * @property {number} rework
 * @property {number} reports
 */

/** @param {readonly CountRow[]} rows @returns {Stretch[]} oldest first */
export function stretches(rows) {
  /** @type {Map<string, Stretch>} */
  const found = new Map();
  for (const row of rows) {
    let stretch = found.get(row.start);
    if (!stretch) found.set(row.start, (stretch = { start: row.start, end: row.end, good: 0, scrap: 0, rework: 0, reports: 0 }));
    stretch.good += Number(row.good);
    stretch.scrap += Number(row.scrap);
    stretch.rework += Number(row.rework);
    stretch.reports += row.reports;
  }
  return [...found.values()].sort((a, b) => a.start.localeCompare(b.start));
}

/**
 * Stretches with those between them in which nothing was reported, so that they can be drawn along time.
 *
 * @param {readonly Stretch[]} made oldest first, all of one length
 * @returns {Stretch[]}
 */
export function alongTime(made) {
  /** @type {Stretch[]} */
  const found = [];
  for (const stretch of made) {
    const length = Date.parse(stretch.end) - Date.parse(stretch.start);
    for (let last = found.at(-1); last && length > 0 && Date.parse(last.end) < Date.parse(stretch.start); last = found.at(-1)) {
      const end = new Date(Date.parse(last.end) + length).toISOString();
      found.push({ start: last.end, end, good: 0, scrap: 0, rework: 0, reports: 0 });
    }
    found.push(stretch);
  }
  return found;
}

/**
 * Scrap, or what was set aside for rework, by reason.
 *
 * @param {readonly CountRow[]} rows
 * @param {"scrap" | "rework"} what
 * @returns {{ reason: string, amount: number }[]} most first; `NO_REASON` for what had none
 */
export function byReason(rows, what) {
  /** @type {Map<string, number>} */
  const found = new Map();
  for (const row of rows) {
    const reason = (what === "scrap" ? row.scrapReason : row.reworkReason) ?? NO_REASON;
    found.set(reason, (found.get(reason) ?? 0) + Number(row[what]));
  }
  return [...found]
    .map(([reason, amount]) => ({ reason, amount }))
    .filter(({ amount }) => amount !== 0)
    .sort((a, b) => b.amount - a.amount);
}
