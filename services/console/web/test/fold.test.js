// Runs of counts in the event stream.

import assert from "node:assert/strict";
import test from "node:test";
import { fold } from "../src/pages/fold.js";

let next = 0;
const event = (/** @type {string} */ type, /** @type {string} */ jobOrder, payload = {}) =>
  /** @type {any} */ ({ id: `e${(next += 1)}`, type, subject: jobOrder, jobOrder, payload });

test("counts of one order are one entry with their sums, also with another order's counts between", () => {
  const told = fold([
    event("QuantityReported", "JO-1", { good: "2", scrap: "0" }),
    event("QuantityReported", "JO-2", { good: "5", scrap: "1" }),
    event("QuantityReported", "JO-1", { good: "3", scrap: "1" }),
  ]);
  assert.deepEqual(
    told.map(({ event, count, good, scrap }) => [event.subject, count, good, scrap]),
    [
      ["JO-1", 2, 5, 1],
      ["JO-2", 1, 5, 1],
    ],
  );
});

test("another event of the order ends its run", () => {
  const told = fold([
    event("QuantityReported", "JO-1", { good: "1", scrap: "0" }),
    event("JobOrderStateChanged", "JO-1"),
    event("QuantityReported", "JO-1", { good: "1", scrap: "0" }),
  ]);
  assert.deepEqual(told.map(({ count }) => count), [1, 1, 1]);
});

test("a run keeps its key while it grows at its newest end", () => {
  const older = event("QuantityReported", "JO-1", { good: "1", scrap: "0" });
  const newer = event("QuantityReported", "JO-1", { good: "1", scrap: "0" });
  assert.equal(fold([newer, older])[0]?.key, fold([older])[0]?.key);
});
