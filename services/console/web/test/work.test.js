// Lateness, the timeline, counts by reason, forms, the keypad.

import assert from "node:assert/strict";
import test from "node:test";
import { alongTime, byReason, stretches } from "../src/model/counts.js";
import { argsOf, formsFor, mergeable, problemsOf } from "../src/model/forms.js";
import { plus, press } from "../src/model/keypad.js";
import { latenessOf, obstacleOf } from "../src/model/lateness.js";
import { holdBands, laborRows, stateBands, ticks } from "../src/model/timeline.js";

const NOON = Date.parse("2026-03-02T12:00:00Z");
const MINUTE = 60_000;
/** @param {number} minutes */
const at = (minutes) => new Date(NOON + minutes * MINUTE).toISOString();

/** @param {Record<string, unknown>} more @returns {any} */
const order = (more = {}) => ({
  id: "JO-1",
  state: "AllowedToStart",
  removed: null,
  workCenter: "Acme/Dallas/Packaging/Line1",
  workMaster: "COLA",
  workRequest: "WR-1",
  operation: "FILL",
  unit: "H87",
  ordered: { value: "100", unit: "H87" },
  good: "0",
  scrap: "0",
  rework: "0",
  remaining: "100",
  priority: 5,
  hold: null,
  obstacle: null,
  quantitySource: "operator",
  due: at(60),
  plannedEnd: null,
  endedAt: null,
  forecast: { expectedEnd: at(30), because: null },
  ...more,
});

test("an order is late, tight, in time, open or wanted by nobody", () => {
  const kind = (/** @type {Record<string, unknown>} */ more) => latenessOf(order(more), NOON).kind;
  assert.equal(kind({}), "intime");
  assert.equal(kind({ forecast: { expectedEnd: at(50) } }), "tight");
  assert.equal(kind({ forecast: { expectedEnd: at(61) } }), "late");
  assert.equal(kind({ forecast: { expectedEnd: null, because: "it is on hold" } }), "open");
  assert.equal(kind({ forecast: { expectedEnd: null }, due: at(-1) }), "late");
  assert.equal(kind({ due: null }), "undue");
  assert.equal(kind({ due: null, plannedEnd: at(10) }), "late");
});

test("a hold is what keeps an order, before anything else that does", () => {
  const obstacle = { code: "PredecessorNotDone", message: "must wait" };
  assert.equal(obstacleOf(order({ obstacle }))?.code, "PredecessorNotDone");
  assert.deepEqual(obstacleOf(order({ obstacle, hold: "label" })), { code: "OnHold", message: "label" });
  assert.equal(obstacleOf(order()), null);
});

/** @param {string} type @param {number} minutes @param {Record<string, unknown>} [more] @returns {any} */
const entry = (type, minutes, { to = null, ...payload } = {}) => ({ type, at: at(minutes), to, payload });

const HISTORY = [
  entry("JobOrderStored", -60, { to: "NotAllowedToStart" }),
  entry("JobOrderStateChanged", -50, { to: "AllowedToStart" }),
  entry("JobOrderStateChanged", -40, { to: "Running" }),
  entry("JobOrderHeld", -30, { reason: "torn label" }),
  entry("JobOrderStateChanged", -30, { to: "Interrupted" }),
  entry("JobOrderStateChanged", -25, { to: "Interrupted" }),
  entry("JobOrderReleased", -20, { held_for: "torn label" }),
  entry("JobOrderStateChanged", -10, { to: "Running" }),
];

test("states follow each other without a gap and the last goes on", () => {
  const bands = stateBands(HISTORY, NOON);
  assert.deepEqual(
    bands.map(({ what, from, to, open }) => [what, (from - NOON) / MINUTE, (to - NOON) / MINUTE, open]),
    [
      ["NotAllowedToStart", -60, -50, false],
      ["AllowedToStart", -50, -40, false],
      ["Running", -40, -30, false],
      ["Interrupted", -30, -10, false],
      ["Running", -10, 0, true],
    ],
  );
});

test("a hold lasts until it is released, and one that is not released lasts", () => {
  assert.deepEqual(
    holdBands(HISTORY, NOON).map(({ what, from, to, open }) => [what, (from - NOON) / MINUTE, (to - NOON) / MINUTE, open]),
    [["torn label", -30, -20, false]],
  );
  assert.equal(holdBands(HISTORY.slice(0, 4), NOON)[0]?.open, true);
});

test("a cleared order has no open band", () => {
  const over = [...HISTORY, entry("JobOrderStateChanged", -5, { to: "Ended" }), entry("JobOrderCleared", -1)];
  assert.equal(stateBands(over, NOON).some(({ open }) => open), false);
});

test("persons have a row each with all their stretches", () => {
  const labor = [
    { person: "W7", jobOrder: "JO-1", start: at(-30), end: at(-20), laborS: "600" },
    { person: "W8", jobOrder: "JO-1", start: at(-25), end: null, laborS: null },
    { person: "W7", jobOrder: "JO-1", start: at(-10), end: null, laborS: null },
  ];
  assert.deepEqual(
    laborRows(labor, NOON).map(({ person, bands }) => [person, bands.map(({ from, to }) => (to - from) / MINUTE)]),
    [
      ["W7", [10, 10]],
      ["W8", [25]],
    ],
  );
});

test("the axis has round marks, and no more than fit", () => {
  assert.deepEqual(ticks(NOON, NOON + 60 * MINUTE, 6).map((tick) => (tick - NOON) / MINUTE), [0, 10, 20, 30, 40, 50, 60]);
  assert.ok(ticks(NOON, NOON + 400 * 24 * 60 * MINUTE, 8).length <= 9);
});

/** @param {number} minutes @param {Record<string, unknown>} more @returns {any} */
const counted = (minutes, more) => ({ start: at(minutes), end: at(minutes + 10), good: "0", scrap: "0", rework: "0", scrapReason: null, reworkReason: null, reports: 1, ...more });

test("counts add up over time and by reason, most first", () => {
  const rows = [
    counted(10, { scrap: "2", scrapReason: "Dent" }),
    counted(0, { good: "40" }),
    counted(0, { scrap: "5", scrapReason: "Label" }),
    counted(10, { scrap: "1" }),
    counted(10, { rework: "3", reworkReason: "Cap" }),
    counted(20, { scrap: "-1" }),
  ];
  assert.deepEqual(stretches(rows).map(({ good, scrap, rework, reports }) => [good, scrap, rework, reports]), [
    [40, 5, 0, 2],
    [0, 3, 3, 3],
    [0, -1, 0, 1],
  ]);
  assert.deepEqual(byReason(rows, "scrap"), [
    { reason: "Label", amount: 5 },
    { reason: "Dent", amount: 2 },
  ]);
  assert.deepEqual(byReason(rows, "rework"), [{ reason: "Cap", amount: 3 }]);
});

test("time in which nothing was reported stays on the axis", () => {
  const made = stretches([counted(40, { good: "1" }), counted(0, { good: "2" }), counted(10, { good: "3" })]);
  assert.deepEqual(alongTime(made).map(({ good }) => good), [2, 3, 0, 0, 1]);
  assert.deepEqual(alongTime(made).map(({ start }) => start), [at(0), at(10), at(20), at(30), at(40)]);
  assert.deepEqual(alongTime([]), []);
});

test("only commands that make sense now are offered", () => {
  assert.deepEqual(formsFor(order()), ["Hold", "Amend", "Update", "Split", "Merge"]);
  assert.deepEqual(formsFor(order({ state: "Running", rework: "4" })), ["Hold", "Amend", "Split", "Merge", "Rework"]);
  assert.deepEqual(formsFor(order({ hold: "label" }))[0], "Release");
  assert.deepEqual(formsFor(order({ state: "Ended", operatorDeclares: true })), ["Reconcile"]);
  assert.deepEqual(formsFor(order({ removed: "Cancelled" })), []);
  assert.deepEqual(formsFor(order({ state: "Running", quantitySource: "counter", scrap: "2" })).includes("Rework"), true);
});

test("an order takes over only from its like that has a rest and does not run", () => {
  const others = [
    order(),
    order({ id: "A" }),
    order({ id: "B", state: "Running" }),
    order({ id: "C", operation: "PACK" }),
    order({ id: "D", remaining: "0" }),
    order({ id: "E", state: "Interrupted" }),
  ];
  assert.deepEqual(mergeable(order(), others).map(({ id }) => id), ["A", "E"]);
});

const VALUES = { reason: "", quantity: "", due: "", priority: "5", start: "", end: "", into: "", place: "", other: "", keep: "", person: "" };
const same = (/** @type {string} */ local) => local;

test("what is missing is said at the field, and what is there is sent as the contract has it", () => {
  assert.ok(problemsOf("Hold", order(), VALUES).reason);
  assert.ok(problemsOf("Amend", order(), { ...VALUES, quantity: "100" }).form);
  assert.deepEqual(problemsOf("Amend", order(), { ...VALUES, quantity: "120" }), {});
  assert.deepEqual(argsOf("Amend", order(), { ...VALUES, quantity: "120,5" }, same), { quantity: { value: "120.5", unit: "H87" } });
  assert.ok(problemsOf("Split", order(), { ...VALUES, into: "JO-1-1", quantity: "-4" }).quantity);
  assert.deepEqual(argsOf("Split", order(), { ...VALUES, into: " JO-1-1 ", quantity: "40", place: "Acme/Dallas/Packaging/Line2" }, same), {
    into: "JO-1-1",
    quantity: { value: "40", unit: "H87" },
    place: "Acme/Dallas/Packaging/Line2",
  });
  assert.deepEqual(argsOf("Merge", order(), { ...VALUES, other: "JO-2" }, same), { remaining_of: "JO-2" });
});

test("large keys type a quantity and no nonsense", () => {
  assert.equal([..."120"].reduce(press, ""), "120");
  assert.equal(press("12", "erase"), "1");
  assert.equal(press(press("1", "."), "."), "1.");
  assert.equal(press("0", "7"), "7");
  assert.equal(press("1.234", "5"), "1.234");
  assert.equal(plus("", 10), "10");
  assert.equal(plus("7", 100), "107");
});
