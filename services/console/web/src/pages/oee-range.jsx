// Choosing the stretch of time that losses and trends are about.

import { now } from "../model/clock.js";
import { go, route } from "../model/router.js";
import { DAY, HOUR, readRange } from "../model/range.js";
import { site } from "../model/session.js";
import { moment } from "../format.js";
import { text } from "../text/index.js";

/** @typedef {import("../model/range.js").Range} Range */

/** Lengths offered, in ms. */
const LENGTHS = /** @type {const} */ ([8 * HOUR, DAY, 7 * DAY, 30 * DAY]);

/** The range of the address; a live one moves on once a minute only, so that pages do not ask all the time. @param {number} fallbackMs */
export function rangeOfAddress(fallbackMs) {
  const minute = Math.floor(now.value / 60_000) * 60_000 + 60_000;
  const range = readRange(route.value.query, minute, fallbackMs);
  return range.live ? { ...range, from: minute - (range.to - range.from), to: minute } : range;
}

/** What stays the same while a live range goes on with time. @param {Range} range */
export const rangeSubject = (range) => (range.live ? `live ${range.to - range.from}` : `${range.from} ${range.to}`);

/** @param {Range} range */
export const rangeQuery = (range) =>
  new URLSearchParams({ since: new Date(range.from).toISOString(), until: new Date(range.to).toISOString() }).toString();

/** @param {{ range: Range, lengths?: readonly number[] }} props */
export function RangePicker({ range, lengths = LENGTHS }) {
  const zone = site.value.timeZone;
  /** @param {number} length */
  const choose = (length) => {
    const { from: _from, to: _to, ...rest } = route.value.query;
    go({ query: { ...rest, span: String(length / 1000), reason: "", loss: "" } });
  };
  const length = range.to - range.from;
  return (
    <div class="range">
      <div class="segmented" role="group" aria-label={text.oee.range.title}>
        {lengths.map((offered) => (
          <button key={offered} type="button" aria-pressed={range.live && Math.abs(length - offered) < 1000} onClick={() => choose(offered)}>
            {text.oee.range.last(offered / HOUR)}
          </button>
        ))}
      </div>
      <span class="muted small num">
        {moment(new Date(range.from).toISOString(), zone, now.value)} – {moment(new Date(range.to).toISOString(), zone, now.value)}
      </span>
    </div>
  );
}
