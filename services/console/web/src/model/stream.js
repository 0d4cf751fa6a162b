// The live stream: one connection for what the current page watches, and the knowledge of whether it is alive.
// The server speaks at least every half second; silence means that what is on the screen may not be true any more.

import { computed, signal } from "@preact/signals";
import { learnServerTime } from "./clock.js";
import { takeDelta, takeSnapshot } from "./namespace.js";
import { findSession, session, signedOut } from "./session.js";

/** @typedef {import("../types.d.ts").Watch} Watch */
/** @typedef {import("../types.d.ts").FeedData} FeedData */
/** @typedef {import("../types.d.ts").Upstream} Upstream */

const SILENCE_MS = 1700;
const CHECK_MS = 150;
const RETRY_MS = [250, 500, 1000, 2000, 3000];

/** @typedef {"connecting" | "live" | "lost"} LinkState */

/** @type {import("@preact/signals").Signal<LinkState>} */
const link = signal(/** @type {LinkState} */ ("connecting"));
/** @type {import("@preact/signals").Signal<Upstream | null>} */
const upstream = signal(/** @type {Upstream | null} */ (null));
/** When the last word arrived, ms since the epoch by this browser's clock. */
export const lastHeard = signal(0);

/** `live`, `connecting` (not yet), `lost` (this page hears nothing), `cut` (the console itself hears nothing). */
export const liveness = computed(() => {
  if (link.value !== "live") return link.value;
  return upstream.value && !upstream.value.connected ? "cut" : "live";
});
export const upstreamDetail = computed(() => upstream.value?.detail ?? "");

/** @type {EventSource | null} */
let source = null;
/** @type {EventSource | null} */
let opening = null;
/** @type {Watch} */
let watched = {};
let watchedKey = "";
/** Where the picture on the screen stands, and what it was watching. */
let position = { id: "", key: "" };
let failures = 0;
let retryAt = 0;

/** Watch something else; the old connection stays until the new one has spoken. @param {Watch} watch */
export function watch(watch) {
  const key = JSON.stringify(watch);
  if (key === watchedKey) return;
  watchedKey = key;
  watched = watch;
  if (session.peek()) open();
}

export function startStream() {
  setInterval(check, CHECK_MS);
  session.subscribe((found) => {
    if (found && watchedKey) open();
    else close();
  });
}

function open() {
  opening?.close();
  const key = watchedKey;
  const since = position.key === key ? position.id : "";
  const opened = new EventSource(`/api/stream?${parameters(watched, since)}`);
  opening = opened;
  retryAt = 0;
  opened.addEventListener("snapshot", (event) => hear(opened, key, event, takeSnapshot));
  opened.addEventListener("delta", (event) => hear(opened, key, event, takeDelta));
  opened.addEventListener("beat", (event) => hear(opened, key, event, () => undefined));
  opened.addEventListener("signed_out", () => {
    close();
    signedOut();
  });
  opened.addEventListener("error", () => {
    if (opened === opening || opened === source) fail(opened);
  });
}

/**
 * @param {EventSource} from
 * @param {string} key
 * @param {MessageEvent<string>} event
 * @param {(data: FeedData) => void} take
 */
function hear(from, key, event, take) {
  if (from !== source && from !== opening) return;
  if (from === opening) {
    source?.close();
    source = from;
    opening = null;
  }
  /** @type {FeedData} */
  const data = JSON.parse(event.data);
  position = { id: event.lastEventId, key };
  learnServerTime(data.now);
  upstream.value = data.upstream;
  failures = 0;
  lastHeard.value = Date.now();
  link.value = "live";
  take(data);
}

/** @param {EventSource} from */
function fail(from) {
  from.close();
  if (from === source) source = null;
  if (from === opening) opening = null;
  if (source) return;
  if (link.value === "live") link.value = "lost";
  retryAt = Date.now() + (RETRY_MS[Math.min(failures, RETRY_MS.length - 1)] ?? 3000);
  failures += 1;
  if (failures === 2) link.value = "lost";
  if (failures % 3 === 0) void findSession();
}

function check() {
  if (!session.value) return;
  const silent = Date.now() - lastHeard.value > SILENCE_MS;
  if (link.value === "live" && silent) link.value = "lost";
  if (source && Date.now() - lastHeard.value > 2 * SILENCE_MS) fail(source);
  else if (retryAt && Date.now() >= retryAt) open();
}

function close() {
  source?.close();
  opening?.close();
  source = opening = null;
  retryAt = 0;
  position = { id: "", key: "" };
  link.value = "connecting";
}

/** @param {Watch} watch @param {string} since */
function parameters(watch, since) {
  const query = new URLSearchParams();
  if (since) query.set("since", since);
  if (watch.place) query.set("place", watch.place);
  if (watch.within) query.set("within", watch.within);
  if (watch.names?.length) query.set("names", watch.names.join(","));
  if (watch.events) query.set("events", "1");
  if (watch.nodes) query.set("nodes", "1");
  return query.toString();
}
