// Work masters: where a version stands, operations in lines, what differs between two versions.

import assert from "node:assert/strict";
import test from "node:test";
import { COLUMNS, changeOf, compared, operationsOf, standingOf } from "../src/model/masters.js";

const NOON = Date.parse("2026-03-02T12:00:00Z");

/** @param {string} id @param {Record<string, unknown>} [more] @returns {any} */
const operation = (id, more = {}) => ({
  id,
  description: "",
  equipmentClass: null,
  personnelClass: null,
  setupS: null,
  runS: null,
  outputPerUnit: "1",
  materials: [],
  predecessors: [],
  quantitySource: null,
  operatorDeclares: false,
  beginsBy: "command",
  completesBy: null,
  overTolerance: "0.1",
  underTolerance: null,
  ...more,
});

/** @param {string} name @param {any} of */
const lines = (name, of) => COLUMNS.find((column) => column.name === name)?.lines(of);

test("a version is in force by the service's word, and dates tell why another active one is not", () => {
  const standing = (/** @type {Record<string, unknown>} */ more, /** @type {number | null} */ inForce = null) =>
    standingOf(/** @type {any} */ ({ version: 2, state: "Active", effectiveFrom: null, effectiveUntil: null, ...more }), inForce, NOON);
  assert.equal(standing({}, 2), "inForce");
  assert.equal(standing({}, 3), "superseded");
  assert.equal(standing({ effectiveFrom: "2026-03-02T12:00:01Z" }), "coming");
  assert.equal(standing({ effectiveUntil: "2026-03-02T12:00:00Z" }), "expired");
  assert.equal(standing({ state: "Stored" }), "stored");
  assert.equal(standing({ state: "Retired" }, 3), "retired");
});

test("a stored version may be made effective, an active one retired, a retired one nothing", () => {
  assert.deepEqual(["Stored", "Active", "Retired"].map((state) => changeOf(/** @type {any} */ (state))), ["ActivateWorkMaster", "RetireWorkMaster", null]);
});

test("what an operation takes stands apart from what it yields, with tolerances", () => {
  const material = { unit: "H87", quantity: "1", underTolerance: null, overTolerance: null };
  const of = operation("10", {
    outputPerUnit: "2",
    materials: [
      { ...material, material: "Bar", use: "Consumed", quantity: "0.2", unit: "MTR", underTolerance: "0.01", overTolerance: "0.05" },
      { ...material, material: "Oil", use: "Consumable", quantity: "0.001", unit: "LTR" },
      { ...material, material: "Chips", use: "By-product Produced", quantity: "0.01", unit: "KGM" },
    ],
  });
  assert.deepEqual(lines("takes", of), ["0.2 m Bar (+5% / −1%)", "0.001 L Oil"]);
  assert.deepEqual(lines("yields", of), ["2 units of output", "0.01 kg Chips"]);
});

test("predecessors name their rule", () => {
  const of = operation("30", { predecessors: [{ operation: "10", rule: "FinishStart", quantity: null }, { operation: "20", rule: "Overlap", quantity: "30" }] });
  assert.deepEqual(lines("after", of), ["10", "20 (after 30 good)"]);
});

test("beside another version what is new is marked, what is gone stands first, and what is alike is left alone", () => {
  assert.deepEqual(compared(["a", "c"], ["a", "b"]), [
    { line: "b", change: "gone" },
    { line: "a", change: "same" },
    { line: "c", change: "new" },
  ]);
  assert.deepEqual(compared(["a"], null), [{ line: "a", change: "same" }]);
});

test("an operation that is gone stands where it stood in the route", () => {
  const of = (/** @type {string[]} */ ...ids) => /** @type {any} */ ({ operations: ids.map((id) => operation(id)) });
  const rows = operationsOf(of("10", "25", "30"), of("05", "10", "20", "30"));
  assert.deepEqual(
    rows.map((row) => [row.operation.id, row.change]),
    [
      ["05", "gone"],
      ["10", "same"],
      ["20", "gone"],
      ["25", "new"],
      ["30", "same"],
    ],
  );
  assert.deepEqual(operationsOf(of("10"), null)[0]?.change, "same");
});
