// Zooming and moving in time.

import assert from "node:assert/strict";
import test from "node:test";
import { DAY, HOUR, LONGEST_MS, MINUTE, SHORTEST_MS, liveRange, moved, readRange, ticks, writeRange, zoomed } from "../src/model/range.js";

const NOW = Date.UTC(2026, 10, 28, 12);

test("what lies under the pointer stays there while zooming in and out", () => {
  const range = { from: NOW - 9 * DAY, to: NOW - 2 * DAY, live: false };
  const at = NOW - 5 * DAY;
  const share = (/** @type {any} */ { from, to }) => (at - from) / (to - from);
  let next = range;
  for (let turn = 0; turn < 12; turn += 1) {
    next = zoomed(next, 0.6, at, NOW);
    assert.ok(Math.abs(share(next) - share(range)) < 0.001);
  }
  assert.ok(next.to - next.from < HOUR);
  for (let turn = 0; turn < 12; turn += 1) next = zoomed(next, 1 / 0.6, at, NOW);
  assert.ok(Math.abs(next.from - range.from) < MINUTE && Math.abs(next.to - range.to) < MINUTE);
});

test("zooming stops at seconds and at a month", () => {
  let range = liveRange(HOUR, NOW);
  for (let turn = 0; turn < 60; turn += 1) range = zoomed(range, 0.5, NOW - 1000, NOW);
  assert.equal(range.to - range.from, SHORTEST_MS);
  for (let turn = 0; turn < 60; turn += 1) range = zoomed(range, 2, range.from, NOW);
  assert.equal(range.to - range.from, LONGEST_MS);
});

test("nothing of the future is shown but a margin", () => {
  for (const range of [moved({ from: NOW - HOUR, to: NOW, live: false }, 10 * HOUR, NOW), zoomed({ from: NOW - HOUR, to: NOW, live: false }, 50, NOW - HOUR, NOW)]) {
    assert.ok(range.to <= NOW + (range.to - range.from) * 0.031);
  }
});

test("a live range goes on ending now when zoomed, and stops being live when moved back", () => {
  const live = liveRange(8 * HOUR, NOW);
  assert.equal(zoomed(live, 0.5, NOW, NOW).live, true);
  assert.equal(moved(live, HOUR, NOW).live, true);
  assert.equal(moved(live, -HOUR, NOW).live, false);
  assert.equal(zoomed(live, 0.5, NOW - 4 * HOUR, NOW).live, false);
});

test("the address bar brings back what was looked at", () => {
  const range = { from: NOW - DAY, to: NOW - HOUR, live: false };
  assert.deepEqual(readRange(writeRange(range), NOW, HOUR), range);
  const live = readRange(writeRange(liveRange(8 * HOUR, NOW)), NOW + MINUTE, HOUR);
  assert.equal(live.to - live.from, 8 * HOUR);
  assert.equal(live.live, true);
  for (const query of [{ from: "yesterday", to: "" }, { from: "2026-01-02", to: "2026-01-01" }, { span: "-5" }]) {
    assert.equal(readRange(/** @type {any} */ (query), NOW, HOUR).live, true);
  }
});

test("marks of an axis are round at the site, also over a change of clocks, and not too many", () => {
  const change = Date.UTC(2026, 10, 1, 7);
  const offset = (/** @type {number} */ at) => (at < change ? -5 : -6) * HOUR;
  const range = { from: change - DAY, to: change + DAY, live: false };
  const { step, at } = ticks(range, 10, offset);
  assert.equal(step, 6 * HOUR);
  assert.ok(at.length <= 10);
  for (const instant of at) assert.equal((instant + offset(instant)) % HOUR, 0);
  assert.ok(ticks({ from: NOW, to: NOW + 5000, live: false }, 8, () => 0).at.length >= 5);
});
