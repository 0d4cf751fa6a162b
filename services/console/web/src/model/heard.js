// Whether the service that keeps job orders is heard: its own metrics of a work center turn stale when it dies.

import { metricAt } from "./namespace.js";

const GOOD = 192;

/** @param {string} place a work center @returns {boolean} subscribes the reader */
export const isHeard = (place) => (metricAt(place, "JobOrder/QueueLength")?.quality ?? GOOD) === GOOD;
