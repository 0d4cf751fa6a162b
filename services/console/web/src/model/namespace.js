// The live picture in the browser: one signal a place and one a metric, so that a change redraws only what shows it.

import { batch, computed, signal } from "@preact/signals";

/** @typedef {import("../types.d.ts").Place} Place */
/** @typedef {import("../types.d.ts").Metric} Metric */
/** @typedef {import("../types.d.ts").EdgeNode} EdgeNode */
/** @typedef {import("../types.d.ts").SiteEvent} SiteEvent */
/** @typedef {import("../types.d.ts").FeedData} FeedData */
/**
 * @template T
 * @typedef {import("@preact/signals").Signal<T>} Signal
 */

export const EVENTS_KEPT = 500;
const TREND_POINTS = 120;

/** @type {Map<string, Signal<Place>>} */
const places = new Map();
/** @type {Map<string, Map<string, Signal<Metric>>>} place -> metric name -> metric */
const metrics = new Map();
/** Recent values of numeric metrics. @type {Map<string, number[]>} */
const trends = new Map();

/** Grows when a place appears. */
export const placesVersion = signal(0);
/** Grows when a metric appears or vanishes. */
export const metricsVersion = signal(0);
/** False until the first full picture has arrived. */
export const havePicture = signal(false);

/** @type {Signal<EdgeNode[]>} */
export const nodes = signal(/** @type {EdgeNode[]} */ ([]));
/** Newest first. @type {Signal<SiteEvent[]>} */
export const events = signal(/** @type {SiteEvent[]} */ ([]));

/** Children of each place by path, in the order of the site file. */
export const children = computed(() => {
  placesVersion.value;
  /** @type {Map<string, Place[]>} */
  const found = new Map();
  for (const place of places.values()) {
    const value = place.peek();
    const above = value.path.includes("/") ? value.path.slice(0, value.path.lastIndexOf("/")) : "";
    const siblings = found.get(above);
    if (siblings) siblings.push(value);
    else found.set(above, [value]);
  }
  for (const siblings of found.values()) siblings.sort((a, b) => a.order - b.order);
  return found;
});

/** @param {string} path @returns {Place | undefined} subscribes the reader to the place */
export function placeAt(path) {
  placesVersion.value;
  return places.get(path)?.value;
}

/** @returns {Place[]} every place, without subscribing to any */
export function allPlaces() {
  placesVersion.value;
  return [...places.values()].map((place) => place.peek());
}

/** @param {string} path @param {string} name @returns {Metric | undefined} subscribes the reader to the metric */
export function metricAt(path, name) {
  metricsVersion.value;
  return metrics.get(path)?.get(name)?.value;
}

/** @param {string} path @returns {string[]} sorted names of the metrics known of the place */
export function metricNames(path) {
  metricsVersion.value;
  return [...(metrics.get(path)?.keys() ?? [])].sort();
}

/** @param {string} path @param {string} name @returns {readonly number[]} */
export const trendOf = (path, name) => trends.get(`${path} ${name}`) ?? [];

/** Take in a full picture: what it does not name is not there. @param {FeedData} data */
export function takeSnapshot(data) {
  batch(() => {
    const named = new Set(data.places?.map((place) => place.path));
    for (const path of places.keys()) if (!named.has(path)) places.delete(path);
    const kept = new Set(data.metrics?.map((metric) => `${metric.place} ${metric.metric}`));
    for (const [path, ofPlace] of metrics) {
      for (const name of ofPlace.keys()) if (!kept.has(`${path} ${name}`)) ofPlace.delete(name);
    }
    metricsVersion.value += 1;
    placesVersion.value += 1;
    if (data.nodes) nodes.value = [];
    if (data.events) events.value = [];
    takeDelta(data);
    havePicture.value = true;
  });
}

/** Take in what changed. @param {FeedData} data */
export function takeDelta(data) {
  batch(() => {
    for (const place of data.places ?? []) putPlace(place);
    for (const metric of data.metrics ?? []) {
      if ("gone" in metric) dropMetric(metric.place, metric.metric);
      else putMetric(metric);
    }
    if (data.nodes?.length) putNodes(data.nodes);
    if (data.events?.length) events.value = [...data.events.toReversed(), ...events.value].slice(0, EVENTS_KEPT);
  });
}

/** @param {Place} place */
function putPlace(place) {
  const known = places.get(place.path);
  if (known) {
    known.value = place;
    return;
  }
  places.set(place.path, signal(place));
  placesVersion.value += 1;
}

/** @param {Metric} metric */
function putMetric(metric) {
  let ofPlace = metrics.get(metric.place);
  if (!ofPlace) metrics.set(metric.place, (ofPlace = new Map()));
  if (typeof metric.value === "number") remember(`${metric.place} ${metric.metric}`, metric.value);
  const known = ofPlace.get(metric.metric);
  if (known) {
    known.value = metric;
    return;
  }
  ofPlace.set(metric.metric, signal(metric));
  metricsVersion.value += 1;
}

/** @param {string} path @param {string} name */
function dropMetric(path, name) {
  if (metrics.get(path)?.delete(name)) metricsVersion.value += 1;
}

/** @param {(EdgeNode | { id: string, gone: true })[]} changed */
function putNodes(changed) {
  const byId = new Map(nodes.value.map((node) => [node.id, node]));
  for (const node of changed) {
    if ("gone" in node) byId.delete(node.id);
    else byId.set(node.id, node);
  }
  nodes.value = [...byId.values()].sort((a, b) => a.id.localeCompare(b.id));
}

/** @param {string} key @param {number} value */
function remember(key, value) {
  const points = trends.get(key) ?? [];
  points.push(value);
  if (points.length > TREND_POINTS) points.shift();
  trends.set(key, points);
}
