// Ids of intents.

import assert from "node:assert/strict";
import test from "node:test";
import { newId } from "../src/model/ids.js";

test("an id is a UUID of version 7 with the time in front", () => {
  const before = Date.now();
  const id = newId();
  assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  const time = Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16);
  assert.ok(time >= before && time <= Date.now());
});

test("a thousand ids are a thousand ids", () => {
  assert.equal(new Set(Array.from({ length: 1000 }, newId)).size, 1000);
});
