// Samples as a person reads them: every change of a signal, and of a run of counts the first and the last.

/** @typedef {import("../types.d.ts").Json} Json */

/**
 * @typedef {object} Sample as the historian answers it
 * @property {string | null} metric canonical name
 * @property {string} name the edge node's own
 * @property {string} source
 * @property {Json} value
 * @property {string} timestamp
 * @property {number} timestamp_ms
 * @property {boolean} historical
 */

/** @typedef {{ sample: Sample, more: number }} Condensed `more`: samples of the same counter passed over before this one */

const COUNTER = /Count$/;

/** @param {readonly Sample[]} samples in order of time @returns {Condensed[]} */
export function condensed(samples) {
  /** @type {Map<string, { last: Condensed, isFirst: boolean }>} the newest row of each counter */
  const counters = new Map();
  /** @type {Map<string, Json>} */
  const signals = new Map();
  /** @type {Condensed[]} */
  const rows = [];
  for (const sample of samples) {
    const name = sample.metric ?? sample.name;
    if (!COUNTER.test(name)) {
      if (signals.has(name) && signals.get(name) === sample.value) continue;
      signals.set(name, sample.value);
      rows.push({ sample, more: 0 });
      continue;
    }
    const known = counters.get(name);
    if (!known || known.isFirst) {
      const row = { sample, more: 0 };
      counters.set(name, { last: row, isFirst: !known });
      rows.push(row);
    } else {
      known.last.sample = sample;
      known.last.more += 1;
    }
  }
  return rows.sort((a, b) => a.sample.timestamp_ms - b.sample.timestamp_ms);
}
