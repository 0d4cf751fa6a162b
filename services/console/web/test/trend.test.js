// Trend points and what they replaced; samples as a person reads them.

import assert from "node:assert/strict";
import test from "node:test";
import { condensed } from "../src/model/samples.js";
import { before, isRestated, numberOf, restated } from "../src/model/trend.js";

const revision = (/** @type {number} */ number, /** @type {string} */ oee, /** @type {string | null} */ by, start = "2026-03-02T06:00:00.000Z") =>
  /** @type {any} */ ({ place: "P/U", start, revision: number, oee, difference: by === null ? null : { oee: by } });

test("what is not defined is no number, above all not zero", () => {
  assert.equal(numberOf({ value: null, exact: null, reason: "nothing produced" }), null);
  assert.equal(numberOf(undefined), null);
  assert.equal(numberOf({ value: "0.000000000", exact: "0", reason: null }), 0);
});

test("a revision says what it replaced; where either is undefined there is no difference", () => {
  assert.ok(Math.abs(/** @type {number} */ (before(revision(2, "0.8", "-0.05"))) - 0.85) < 1e-9);
  assert.equal(before(revision(2, "0.8", null)), null);
});

test("each restated window is there once, its latest revision first, without first results", () => {
  const later = "2026-03-02T14:00:00.000Z";
  const found = restated([revision(3, "0.7", "-0.1"), revision(2, "0.8", "-0.05"), revision(2, "0.6", "0.1", later), revision(1, "0.5", null, later)]);
  assert.deepEqual(found.map(({ latest, all }) => [latest.start, latest.revision, all.length]), [
    [later, 2, 1],
    ["2026-03-02T06:00:00.000Z", 3, 2],
  ]);
  const row = /** @type {any} */ ({ start: "2026-03-02T06:00:00.000Z", end: "2026-03-02T14:00:00.000Z" });
  assert.equal(isRestated(row, found), true);
  assert.equal(isRestated({ ...row, start: "2026-03-01T06:00:00.000Z", end: "2026-03-02T06:00:00.000Z" }, found), false);
});

test("of a counter the first and the last count are shown, of a signal every change", () => {
  const sample = (/** @type {number} */ at, /** @type {string} */ metric, /** @type {any} */ value) => /** @type {any} */ ({ metric, value, timestamp_ms: at });
  const rows = condensed([
    sample(1, "Admin/ProdProcessedCount", 10),
    sample(2, "Status/StateCurrent", 6),
    sample(3, "Admin/ProdProcessedCount", 11),
    sample(4, "Admin/ProdProcessedCount", 12),
    sample(5, "Status/StateCurrent", 6),
    sample(6, "Status/StateCurrent", 11),
    sample(7, "Admin/ProdProcessedCount", 13),
  ]);
  assert.deepEqual(rows.map((row) => [row.sample.timestamp_ms, row.sample.value, row.more]), [
    [1, 10, 0],
    [2, 6, 0],
    [6, 11, 0],
    [7, 13, 2],
  ]);
});
