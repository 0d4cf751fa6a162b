// Where an interval is seen: the timeline of the place, about as wide as the interval is long, with the interval open.

import { MINUTE } from "../model/range.js";

/**
 * @param {{ place: string, start: string, end: string }} interval
 * @param {string} place the place that is looked at, kept when the interval's unit is at or below it
 * @returns {{ place: string, query: Record<string, string> }}
 */
export function intervalAddress(interval, place) {
  const start = Date.parse(interval.start);
  const length = Math.max(Date.parse(interval.end) - start, MINUTE);
  const shown = interval.place === place || interval.place.startsWith(`${place}/`) ? place : interval.place;
  return {
    place: shown,
    query: {
      show: "timeline",
      from: new Date(start - length * 2).toISOString(),
      to: new Date(start + length * 3).toISOString(),
      unit: interval.place,
      at: new Date(start).toISOString(),
    },
  };
}
