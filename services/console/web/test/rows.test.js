// Which rows the tree shows.

import assert from "node:assert/strict";
import test from "node:test";
import { foundRows, openRows } from "../src/shell/rows.js";

const paths = [
  "Acme",
  "Acme/Dallas",
  "Acme/Dallas/Packaging",
  "Acme/Dallas/Packaging/Line1",
  "Acme/Dallas/Packaging/Line1/CasePacker",
  "Acme/Dallas/Packaging/Line2",
  "Acme/Dallas/Packaging/Line2/Filler",
  "_unplaced",
  "_unplaced/Legacy",
];

/** @type {any[]} */
const places = paths.map((path, order) => ({ path, name: path.split("/").at(-1), order }));

/** @type {Map<string, any[]>} */
const children = new Map();
for (const place of places) {
  const above = place.path.includes("/") ? place.path.slice(0, place.path.lastIndexOf("/")) : "";
  children.set(above, [...(children.get(above) ?? []), place]);
}

const names = (/** @type {any[]} */ rows) => rows.map((row) => row.place.name);

test("the site comes first and the unplaced last, closed until they are opened", () => {
  assert.deepEqual(names(openRows(children, ["Acme/Dallas", "_unplaced"], new Set())), ["Dallas", "_unplaced"]);
});

test("open branches show what is below, with their depth", () => {
  const open = new Set(["Acme/Dallas", "Acme/Dallas/Packaging"]);
  const rows = openRows(children, ["Acme/Dallas"], open);
  assert.deepEqual(names(rows), ["Dallas", "Packaging", "Line1", "Line2"]);
  assert.deepEqual(rows.map((row) => row.depth), [0, 1, 2, 2]);
});

test("a search finds by parts of names, in any place above", () => {
  assert.deepEqual(names(foundRows(places, "line2 fill", "Acme/Dallas")), ["Filler"]);
  assert.deepEqual(names(foundRows(places, "case packer", "Acme/Dallas")), ["CasePacker"]);
  assert.deepEqual(names(foundRows(places, "line 2", "Acme/Dallas")), ["Line2"]);
  assert.deepEqual(foundRows(places, "nothing", "Acme/Dallas"), []);
});

test("a found row says where it is", () => {
  assert.equal(foundRows(places, "filler", "Acme/Dallas")[0]?.trail, "Packaging › Line2");
});
