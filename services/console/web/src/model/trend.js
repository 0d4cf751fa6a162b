// Key figures over time as `oee` answers them: points with their status, and what replaced what.

/**
 * @typedef {object} Figure
 * @property {string | null} value decimal string
 * @property {string | null} exact fraction
 * @property {string | null} reason why there is none
 */

/**
 * @typedef {object} Row a shift or a day
 * @property {string} place
 * @property {string} key
 * @property {string} start
 * @property {string} end
 * @property {"open" | "provisional" | "final"} status
 * @property {Record<string, number>} elements ms
 * @property {{ pq: number, gq: number, sq: number, rq: number }} produced
 * @property {Record<string, Figure>} figures
 */

/**
 * @typedef {object} Revision what was said about one shift of one unit, and what it replaced
 * @property {string} place
 * @property {string} shift
 * @property {string} date
 * @property {string} start
 * @property {string} end
 * @property {number} revision
 * @property {string} status
 * @property {string | null} supersedes event id
 * @property {string | null} why
 * @property {string | null} oee
 * @property {{ oee: string | null, pbt_ms: number, apt_ms: number, adet_ms: number, aust_ms: number, adot_ms: number, produced: number, good: number } | null} difference
 */

/** @param {Figure | undefined} figure @returns {number | null} never 0 for what is not defined */
export const numberOf = (figure) => (figure?.value === null || figure?.value === undefined ? null : Number(figure.value));

/** What the OEE index was before a revision, or null. @param {Revision} revision */
export function before(revision) {
  if (revision.oee === null || !revision.difference || revision.difference.oee === null) return null;
  return Number(revision.oee) - Number(revision.difference.oee);
}

/**
 * The latest revision of each window that was restated, the newest window first.
 *
 * @param {readonly Revision[]} revisions newest first
 * @returns {{ latest: Revision, all: Revision[] }[]}
 */
export function restated(revisions) {
  /** @type {Map<string, { latest: Revision, all: Revision[] }>} */
  const windows = new Map();
  for (const revision of revisions) {
    if (revision.revision < 2) continue;
    const key = `${revision.place} ${revision.start}`;
    const known = windows.get(key);
    if (!known) windows.set(key, { latest: revision, all: [revision] });
    else if (known.all.every(({ revision: number }) => number !== revision.revision)) known.all.push(revision);
  }
  return [...windows.values()].sort((a, b) => b.latest.start.localeCompare(a.latest.start));
}

/** Whether a row holds a restated window. @param {Row} row @param {readonly { latest: Revision }[]} windows */
export const isRestated = (row, windows) =>
  windows.some(({ latest }) => latest.start >= row.start && latest.start < row.end);
