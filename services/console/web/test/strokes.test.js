// Strokes to pixels: nothing is lost, and a short stop is never hidden.

import assert from "node:assert/strict";
import test from "node:test";
import { columns, resolutionFor, spliced, stacked, strokeAt } from "../src/model/strokes.js";

const HOUR = 3_600_000;

/** A week of runs of some minutes with stops of some seconds. @returns {any[]} */
function week() {
  const strokes = [];
  let seed = 42;
  const dice = () => (seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648;
  for (let at = 0; at < 168 * HOUR; ) {
    const run = Math.round(60_000 + dice() * 600_000);
    strokes.push([at, at + run, { APT: run }, 1, "running"]);
    const stop = Math.round(2000 + dice() * 60_000);
    strokes.push([at + run, at + run + stop, { ADET: stop }, 1, "held"]);
    at += run + stop;
  }
  return strokes;
}

test("columns are whole pixels in their place, do not overlap, and stand for every interval in sight once", () => {
  const strokes = week();
  for (const [from, to, width] of /** @type {const} */ ([
    [0, 168 * HOUR, 1000],
    [10 * HOUR, 34 * HOUR, 333],
    [50 * HOUR, 51 * HOUR, 1200],
  ])) {
    const found = columns(strokes, from, to, width);
    const inSight = strokes.filter(([start, end]) => end > from && start < to).length;
    assert.equal(found.reduce((sum, { count }) => sum + count, 0), inSight);
    found.forEach((column, index) => {
      const before = found[index - 1];
      assert.ok(column.width >= 1 && Number.isInteger(column.x) && column.x + column.width <= width);
      assert.ok(!before || column.x >= before.x + before.width, `column ${index} overlaps`);
      const start = strokes[column.first][0];
      const x = ((Math.max(start, from) - from) / (to - from)) * width;
      assert.ok(column.count === 0 || Math.abs(column.x - x) <= 1.5, `column ${index} is out of place`);
    });
  }
});

test("every stop of a week is in a column that shows it, however short it is", () => {
  const strokes = week();
  const found = columns(strokes, 0, 168 * HOUR, 800);
  const stops = strokes.filter(([, , times]) => times.ADET).length;
  const shown = found.filter(({ times }) => times.ADET);
  assert.ok(stops > 1000 && shown.length > 600);
  for (const { times } of shown) {
    const part = stacked(times).find(({ kind }) => kind === "ADET");
    assert.ok(part && part.to - part.from >= 0.139, "a stop has a seventh of the height at least");
    assert.equal(part.to, 1, "and stands on top");
  }
});

test("the shares of a column fill it", () => {
  for (const times of [{ APT: 1 }, { APT: 9_999, ADET: 1 }, { APT: 5, AUST: 5, WAITING: 5, MINOR: 5, ADET: 5, UNKNOWN: 5 }]) {
    const parts = stacked(times);
    assert.equal(parts[0]?.from, 0);
    assert.equal(parts.at(-1)?.to, 1);
    parts.forEach((part, index) => assert.ok(Math.abs(part.from - (parts[index - 1]?.to ?? 0)) < 1e-9 && part.to > part.from));
  }
});

test("the stroke under an instant is found, and none in a gap", () => {
  const strokes = /** @type {any[]} */ ([
    [0, 10, { APT: 10 }, 1, null],
    [20, 30, { ADET: 10 }, 1, null],
  ]);
  assert.equal(strokeAt(strokes, 0), strokes[0]);
  assert.equal(strokeAt(strokes, 10), null);
  assert.equal(strokeAt(strokes, 29), strokes[1]);
  assert.equal(strokeAt(strokes, 30), null);
  assert.equal(strokeAt([], 5), null);
});

test("the resolution asked for is about two pixels, in powers of two, and none at all when zoomed in", () => {
  assert.equal(resolutionFor(10_000, 1000), 0);
  for (const span of [HOUR, 24 * HOUR, 168 * HOUR]) {
    const pixel = span / 1000;
    const resolution = resolutionFor(span, 1000);
    assert.ok(resolution > pixel * 1.4 && resolution <= pixel * 3);
    assert.equal(Math.log2(resolution) % 1, 0);
  }
});

test("a newer end replaces what began in it, and what reached into it grows", () => {
  const strokes = /** @type {any[]} */ ([
    [0, 90, { APT: 90 }, 1, "running"],
    [90, 110, { ADET: 20 }, 1, "held"],
    [110, 130, { APT: 20 }, 1, "running"],
  ]);
  const newer = /** @type {any[]} */ ([
    [90, 140, { ADET: 50 }, 1, "held"],
    [140, 200, { APT: 60 }, 1, "running"],
  ]);
  assert.deepEqual(spliced(strokes, newer, 100), [strokes[0], newer[0], newer[1]]);
  assert.deepEqual(spliced(strokes, [], 100), [strokes[0], strokes[1]]);
  assert.deepEqual(spliced([], newer, 0), newer);
});
