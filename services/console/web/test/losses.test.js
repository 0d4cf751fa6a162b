// Waterfall and Pareto: sums.

import assert from "node:assert/strict";
import test from "node:test";
import { pareto, steps, unexplained } from "../src/model/losses.js";

const loss = (/** @type {string | null} */ name, /** @type {number} */ ms, units = 0, stops = 0) => ({ loss: name, time_ms: String(ms), units, stops });
const ANSWER = /** @type {any} */ ({
  start: "",
  end: "",
  units: 2,
  calendar_ms: 10_000,
  not_scheduled_ms: 2000,
  not_recorded_ms: 0,
  planned_down_ms: 500,
  not_judged_ms: 500,
  busy_ms: 7000,
  losses: [loss(null, 5000, 40), loss("equipment failure", 1200, 0, 3), loss("reduced speed", 500.25), loss("process defects", 299.75, 2)],
  produced: { pq: 42, gq: 40, sq: 2, rq: 0 },
});

test("every step begins where the one before ended, and nothing is left over", () => {
  const found = steps(ANSWER);
  assert.deepEqual(
    found.map(({ key }) => key),
    ["calendar", "not_scheduled", "planned_down", "not_judged", "busy", "equipment failure", "reduced speed", "process defects", "good"],
  );
  let level = ANSWER.calendar_ms;
  for (const step of found) {
    assert.equal(step.top, level, step.key);
    if (step.kind === "taken") level = step.bottom;
  }
  assert.equal(level, 5000);
  assert.equal(unexplained(found), 0);
});

test("more made than the ideal cycle allows goes up again, and the sum still holds", () => {
  const found = steps({ ...ANSWER, losses: [loss(null, 7600, 40), loss("equipment failure", 1200, 0, 3), loss("reduced speed", -1800)] });
  const speed = found.find(({ key }) => key === "reduced speed");
  assert.ok(speed && speed.top > speed.bottom && speed.bottom === 5800);
  assert.equal(unexplained(found), 0);
});

test("an empty time has no losses and divides by nothing", () => {
  const found = steps({ ...ANSWER, calendar_ms: 0, not_scheduled_ms: 0, planned_down_ms: 0, not_judged_ms: 0, busy_ms: 0, losses: [] });
  assert.deepEqual(found.map(({ key }) => key), ["calendar", "busy", "good"]);
  assert.equal(unexplained(found), 0);
});

const LEDGER = /** @type {any[]} */ ([
  { loss: null, reason: "", reason_path: [], time_ms: "9000", units: 9, stops: 0 },
  { loss: "equipment failure", reason: "EQ-A-1", reason_path: ["EQ", "EQ-A", "EQ-A-1"], time_ms: "300", units: 0, stops: 1 },
  { loss: "equipment failure", reason: "EQ-A-2", reason_path: ["EQ", "EQ-A", "EQ-A-2"], time_ms: "200", units: 0, stops: 5 },
  { loss: "equipment failure", reason: "EQ-B", reason_path: ["EQ", "EQ-B"], time_ms: "100", units: 0, stops: 1 },
  { loss: "idling and minor stops", reason: "blocked", reason_path: ["blocked"], time_ms: "400", units: 0, stops: 2 },
  { loss: "reduced speed", reason: "", reason_path: [], time_ms: "-50", units: 0, stops: 0 },
]);

test("reasons are told apart down to the level asked for", () => {
  const keys = (/** @type {number} */ level) => pareto(LEDGER, { by: "time", level }).map(({ key, ms }) => [key, ms]);
  assert.deepEqual(keys(4), [["blocked", 400], ["EQ-A-1", 300], ["EQ-A-2", 200], ["EQ-B", 100]]);
  assert.deepEqual(keys(2), [["EQ-A", 500], ["blocked", 400], ["EQ-B", 100]]);
  assert.deepEqual(keys(1), [["EQ", 600], ["blocked", 400]]);
});

test("shares add up to one, by time and by count", () => {
  for (const by of /** @type {const} */ (["time", "count"])) {
    const bars = pareto(LEDGER, { by, level: 3 });
    assert.ok(Math.abs(bars.reduce((sum, { share }) => sum + share, 0) - 1) < 1e-9);
    assert.ok(Math.abs((bars.at(-1)?.running ?? 0) - 1) < 1e-9);
    bars.slice(1).forEach((bar, index) => assert.ok(bar.share <= /** @type {any} */ (bars[index]).share));
  }
  assert.deepEqual(pareto(LEDGER, { by: "count", level: 4 })[0]?.key, "EQ-A-2");
  assert.deepEqual(pareto([], { by: "time", level: 1 }), []);
});
