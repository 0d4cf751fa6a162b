// Moving an order in a job list.

import assert from "node:assert/strict";
import test from "node:test";
import { dropIndex, moved, sequenceOf } from "../src/model/sequence.js";

/** @param {string} ids @param {number} [ranked] how many have an explicit place */
const list = (ids, ranked = 0) => [...ids].map((id, index) => ({ id, rank: index < ranked ? index + 1 : null }));

/** @param {readonly { id: string }[]} items */
const ids = (items) => items.map(({ id }) => id).join("");

test("an order comes to stand where it was dropped, up and down", () => {
  assert.equal(ids(moved(list("abcde"), "d", 1)), "adbce");
  assert.equal(ids(moved(list("abcde"), "b", 3)), "acdbe");
  assert.equal(ids(moved(list("abcde"), "b", 99)), "acdeb");
  assert.equal(ids(moved(list("abcde"), "x", 0)), "abcde");
});

test("only what stands above the moved order is named: what follows keeps its rule", () => {
  assert.deepEqual(sequenceOf(moved(list("abcde"), "d", 1), "d"), ["a", "d"]);
  assert.deepEqual(sequenceOf(moved(list("abcde"), "a", 2), "a"), ["b", "c", "a"]);
});

test("what was placed by hand before keeps its place", () => {
  assert.deepEqual(sequenceOf(moved(list("abcde", 3), "e", 0), "e"), ["e", "a", "b", "c"]);
  assert.deepEqual(sequenceOf(moved(list("abcde", 2), "a", 3), "a"), ["b", "c", "d", "a"]);
});

test("the list that the service makes of the sequence is the list that was wished for", () => {
  for (const [id, to, ranked] of /** @type {const} */ ([["f", 0, 0], ["a", 5, 0], ["c", 1, 4], ["b", 4, 2], ["e", 2, 6]])) {
    const before = list("abcdef", ranked);
    const after = moved(before, id, to);
    const first = sequenceOf(after, id);
    // The rule's own order of the rest: those that had no explicit place stand as they stood.
    const rest = before.filter((item) => !first.includes(item.id));
    assert.equal(first.join("") + ids(rest), ids(after), `${id} to ${to}`);
  }
});

test("a dragged row stands before the first row whose middle is below it", () => {
  assert.equal(dropIndex([10, 30, 50], 5), 0);
  assert.equal(dropIndex([10, 30, 50], 31), 2);
  assert.equal(dropIndex([10, 30, 50], 99), 3);
});
