// Runs of counts in the event stream drawn together: a line that counts every second must not push everything else
// off the page. No drawing here.

/** @typedef {import("../types.d.ts").SiteEvent} SiteEvent */

/**
 * @typedef {object} Told
 * @property {SiteEvent} event the newest of the run
 * @property {string} key stays the same while the run grows
 * @property {number} count how many events it stands for
 * @property {number} good summed
 * @property {number} scrap summed
 */

const COUNTED = "QuantityReported";

/**
 * @param {readonly SiteEvent[]} events newest first
 * @returns {Told[]} newest first; a run of counts of one job order is one entry, wherever in the stream it is
 *   interrupted by other places
 */
export function fold(events) {
  /** @type {Told[]} */
  const told = [];
  /** The open run of each job order. @type {Map<string, Told>} */
  const runs = new Map();
  for (const event of events) {
    const good = Number(event.payload.good ?? 0);
    const scrap = Number(event.payload.scrap ?? 0);
    if (event.type !== COUNTED) {
      if (event.jobOrder) runs.delete(event.jobOrder);
      told.push({ event, key: event.id, count: 1, good: 0, scrap: 0 });
      continue;
    }
    const run = runs.get(event.subject);
    if (run) {
      run.key = event.id;
      run.count += 1;
      run.good += good;
      run.scrap += scrap;
    } else {
      const begun = { event, key: event.id, count: 1, good, scrap };
      runs.set(event.subject, begun);
      told.push(begun);
    }
  }
  return told;
}
