// Numbers, units and times as they are shown.

import assert from "node:assert/strict";
import test from "node:test";
import { age, duration, exact, fromSiteTime, moment, percent, sensible, shownValue, unitSymbol, zoneName } from "../src/format.js";

const CHICAGO = "America/Chicago";

test("durations have two parts at most", () => {
  assert.deepEqual([0, 59_999, 60_000, 3_720_000, 176_400_000].map(duration), ["0 s", "59 s", "1 min", "1 h 2 min", "2 d 1 h"]);
});

test("an age is never negative, and nothing has none", () => {
  assert.equal(age("2026-03-02T06:00:05.000Z", Date.parse("2026-03-02T06:00:00Z")), "0 s");
  assert.equal(age(null, 0), "–");
});

test("numbers keep four digits that help", () => {
  assert.deepEqual([12, 1234.56, 123.456, 12.3456, 1.23456].map(sensible), ["12", "1,235", "123.5", "12.35", "1.235"]);
});

test("units are symbols where there is one and codes where there is none", () => {
  assert.deepEqual(["CEL", "H87", "C62", "H87/MIN", "XYZ", null].map(unitSymbol), ["°C", "pcs", "", "pcs/min", "XYZ", ""]);
});

test("an undefined ratio is a dash, never zero", () => {
  assert.equal(percent(null), "–");
  assert.equal(percent(0), "0.0%");
});

test("values are shown by what they are", () => {
  const shown = (/** @type {any} */ value, unit = null, metric = "Process/Flow") => shownValue({ value, unit, metric });
  assert.equal(shown(null).missing, true);
  assert.equal(shown(true).value, "Yes");
  assert.equal(shown(6, null, "Status/StateCurrent").value, "Execute (6)");
  assert.deepEqual([shown(0.5, "C62", "OEE/OEE").value, shown(0.5, "C62", "OEE/OEE").unit], ["50", "%"]);
  assert.equal(shown(90_000, "C26", "OEE/APT").value, "1 min");
  assert.equal(shown("").value, "–");
});

test("times are those of the site's zone, with the date when it is another day", () => {
  const now = Date.parse("2026-03-02T18:00:00Z");
  assert.equal(moment("2026-03-02T12:05:00Z", CHICAGO, now), "06:05");
  assert.equal(moment("2026-03-02T05:05:00Z", CHICAGO, now), "Mar 1, 23:05");
  assert.equal(moment("2031-01-01T06:00:00Z", CHICAGO, now), "Jan 1, 2031, 00:00");
  assert.match(exact("2026-03-02T12:05:00Z", CHICAGO), /GMT-06:00.*2026-03-02T12:05:00\.000Z/);
  assert.equal(zoneName(Date.parse("2026-07-01T00:00:00Z"), CHICAGO), "CDT");
});

test("a time typed at the site is the instant its clocks show, around a change of clocks too", () => {
  assert.equal(fromSiteTime("2026-03-02T06:00", CHICAGO), "2026-03-02T12:00:00.000Z");
  assert.equal(fromSiteTime("2026-03-08T01:30", CHICAGO), "2026-03-08T07:30:00.000Z");
  assert.equal(fromSiteTime("2026-03-08T03:30", CHICAGO), "2026-03-08T08:30:00.000Z");
  assert.equal(fromSiteTime("2026-11-01T12:00", CHICAGO), "2026-11-01T18:00:00.000Z");
});
