// What each page needs from the stream. Asking for less keeps a phone on a weak network fast.

import { site } from "../model/session.js";

/** @typedef {import("../types.d.ts").Watch} Watch */
/** @typedef {import("../types.d.ts").ViewName} ViewName */

export const ORDER_METRICS = [
  "JobOrder/Active/ID",
  "JobOrder/Active/State",
  "JobOrder/Active/WorkMaster",
  "JobOrder/Active/QuantityOrdered",
  "JobOrder/Active/Good",
  "JobOrder/Active/Scrap",
  "JobOrder/Active/Unit",
  "JobOrder/Active/Progress",
  "JobOrder/QueueLength",
];

const CARD_METRICS = ["OEE/OEE", "Status/CurMachSpeed", ...ORDER_METRICS];

const OEE_METRICS = [
  "Availability",
  "Effectiveness",
  "QualityRatio",
  "OEE",
  "Reason",
  "Shift",
  "WindowStart",
  "Completeness",
  "PBT",
  "APT",
  "AUST",
  "ADET",
  "ADOT",
  "PQ",
  "GQ",
  "SQ",
].map((name) => `OEE/${name}`);

/** @param {string} place */
const above = (place) => place.slice(0, place.lastIndexOf("/"));

/**
 * @param {ViewName} view
 * @param {string} place
 * @param {string} level
 * @returns {Watch}
 */
export function watchFor(view, place, level) {
  switch (view) {
    case "place":
      return { place, within: level === "WorkUnit" ? above(place) : place, names: CARD_METRICS };
    case "orders":
    case "dispatch":
    case "operate":
    case "order":
      return { within: level === "WorkUnit" ? above(place) : place, names: ORDER_METRICS, events: true };
    case "masters":
      return { within: site.value.path, events: true };
    case "oee":
      return { within: place, names: OEE_METRICS };
    case "board":
      return { within: level === "WorkUnit" ? above(place) : place, names: [...OEE_METRICS, ...ORDER_METRICS] };
    case "nodes":
      return { nodes: true };
    case "events":
      return { within: place, events: true };
  }
}
