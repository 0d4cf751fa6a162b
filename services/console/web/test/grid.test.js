// Which lanes of a long board are in sight.

import assert from "node:assert/strict";
import test from "node:test";
import { cellsInSight } from "../src/model/grid.js";

const LANE = { width: 340, height: 600, gap: 16 };

test("only a few of two hundred lanes are drawn, wherever one scrolls", () => {
  for (const top of [0, 5000, 39_000]) {
    const { columns, first, last } = cellsInSight({ count: 200, width: 1100, top, height: 800 }, LANE);
    assert.equal(columns, 3);
    assert.ok(last - first <= 15, `${first} to ${last} at ${top}`);
    assert.ok(first % columns === 0);
  }
});

test("what is in sight is among what is drawn", () => {
  const { first, last, columns, above } = cellsInSight({ count: 200, width: 1100, top: 10_000, height: 800 }, LANE);
  const step = LANE.height + LANE.gap;
  assert.ok(first / columns <= Math.floor(10_000 / step));
  assert.ok(Math.ceil(last / columns) >= Math.ceil(10_800 / step));
  assert.equal(above, (first / columns) * step);
});

test("a phone has one column and a short board has all of it", () => {
  const sight = cellsInSight({ count: 3, width: 360, top: 0, height: 700 }, LANE);
  assert.deepEqual([sight.columns, sight.first, sight.last], [1, 0, 3]);
  assert.equal(cellsInSight({ count: 0, width: 360, top: 0, height: 700 }, LANE).last, 0);
});
