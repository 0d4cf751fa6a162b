// Waterfall and Pareto out of the answers of `oee`: sums and shares. No drawing here.

/**
 * @typedef {object} Waterfall what `oee` answers
 * @property {string} start
 * @property {string} end
 * @property {number} units
 * @property {number} calendar_ms
 * @property {number} not_scheduled_ms
 * @property {number} not_recorded_ms
 * @property {number} planned_down_ms
 * @property {number} not_judged_ms
 * @property {number} busy_ms
 * @property {{ loss: string | null, time_ms: string, units: number, stops: number }[]} losses
 * @property {{ pq: number, gq: number, sq: number, rq: number }} produced
 */

/**
 * @typedef {object} Step
 * @property {string} key
 * @property {"total" | "taken"} kind a level that is reached, or what is taken away to get to the next
 * @property {number} ms below 0 where more was made than the ideal cycle allows
 * @property {number} top where its bar begins, ms from the ground
 * @property {number} bottom where it ends
 * @property {number} units
 * @property {number} stops
 */

/** In the order of the six big losses: availability, performance, quality. */
export const LOSSES = [
  "equipment failure",
  "setup and adjustment",
  "no order",
  "no data",
  "idling and minor stops",
  "reduced speed",
  "start-up losses",
  "process defects",
];
const OUTSIDE = /** @type {const} */ (["not_scheduled", "not_recorded", "planned_down", "not_judged"]);

/** @param {Waterfall} answer @returns {Step[]} from calendar time to good production; steps of nothing are left out */
export function steps(answer) {
  /** @type {Step[]} */
  const found = [];
  let level = answer.calendar_ms;
  /** @param {string} key @param {number} ms @param {number} [units] @param {number} [stops] */
  const take = (key, ms, units = 0, stops = 0) => {
    if (ms === 0 && units === 0) return;
    found.push({ key, kind: "taken", ms, top: Math.max(level, level - ms), bottom: Math.min(level, level - ms), units, stops });
    level -= ms;
  };
  found.push({ key: "calendar", kind: "total", ms: level, top: level, bottom: 0, units: 0, stops: 0 });
  for (const key of OUTSIDE) take(key, answer[`${key}_ms`]);
  found.push({ key: "busy", kind: "total", ms: answer.busy_ms, top: answer.busy_ms, bottom: 0, units: answer.produced.pq, stops: 0 });
  level = answer.busy_ms;
  const byLoss = new Map(answer.losses.map((loss) => [loss.loss, loss]));
  for (const name of [...LOSSES, ...[...byLoss.keys()].filter((key) => key !== null && !LOSSES.includes(key))]) {
    const loss = byLoss.get(name);
    if (loss) take(String(name), Number(loss.time_ms), loss.units, loss.stops);
  }
  const good = byLoss.get(null);
  const goodMs = Number(good?.time_ms ?? 0);
  found.push({ key: "good", kind: "total", ms: goodMs, top: Math.max(goodMs, 0), bottom: 0, units: good?.units ?? 0, stops: 0 });
  return found;
}

/** What the steps leave unexplained, ms: 0, but for rounding. @param {readonly Step[]} found */
export function unexplained(found) {
  const taken = found.filter(({ kind }) => kind === "taken").reduce((sum, { ms }) => sum + ms, 0);
  const calendar = found.find(({ key }) => key === "calendar")?.ms ?? 0;
  return calendar - taken - (found.find(({ key }) => key === "good")?.ms ?? 0);
}

/**
 * @typedef {object} Loss an entry of the ledger as `oee` answers it
 * @property {string | null} loss
 * @property {string} reason
 * @property {string[]} reason_path
 * @property {string} time_ms
 * @property {number} units
 * @property {number} stops
 */

/**
 * @typedef {object} Bar
 * @property {string} key reason code, or the machine's cause, or the loss where there is neither
 * @property {string} reason code or cause; empty where there is none
 * @property {string} loss
 * @property {boolean} named whether the key is a code of the tree of reasons
 * @property {number} ms
 * @property {number} stops
 * @property {number} share of all bars, by what is ranked
 * @property {number} running share of this bar and those before it
 */

/**
 * Bars of a Pareto chart, the greatest first.
 *
 * @param {readonly Loss[]} losses
 * @param {{ by: "time" | "count", level: number }} how `level` 1..4: down to which level of the tree reasons are told apart
 * @returns {Bar[]}
 */
export function pareto(losses, { by, level }) {
  /** @type {Map<string, Bar>} */
  const bars = new Map();
  for (const entry of losses) {
    if (entry.loss === null) continue;
    const named = entry.reason_path.length > 1 || (entry.reason !== "" && /^[A-Z0-9]/.test(entry.reason));
    const reason = named ? (entry.reason_path[Math.min(level, entry.reason_path.length) - 1] ?? entry.reason) : entry.reason;
    const key = reason || entry.loss;
    const bar = bars.get(key) ?? { key, reason, loss: entry.loss, named, ms: 0, stops: 0, share: 0, running: 0 };
    bar.ms += Number(entry.time_ms);
    bar.stops += entry.stops;
    bars.set(key, bar);
  }
  /** @param {Bar} bar */
  const size = (bar) => (by === "time" ? bar.ms : bar.stops);
  const ordered = [...bars.values()].filter((bar) => size(bar) > 0).sort((a, b) => size(b) - size(a));
  const total = ordered.reduce((sum, bar) => sum + size(bar), 0);
  let running = 0;
  for (const bar of ordered) {
    bar.share = size(bar) / total;
    running += bar.share;
    bar.running = Math.min(running, 1);
  }
  return ordered;
}
