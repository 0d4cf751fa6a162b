// Lateness everywhere alike: shape, colour and word. Late is a filled triangle, tight a half-filled one, in time a ring with a tick.

import { duration } from "../format.js";
import { latenessOf } from "../model/lateness.js";
import { now } from "../model/clock.js";
import { text } from "../text/index.js";

/** A forecast is no clock: seconds would only flicker. */
const LEAST_MS = 60_000;

/** @typedef {import("../types.d.ts").WorkOrder} WorkOrder */
/** @typedef {import("../model/lateness.js").Lateness} Lateness */

/** @param {{ kind: Lateness["kind"], size?: number }} props */
export function LatenessShape({ kind, size = 14 }) {
  return (
    <svg class={`late-shape late-${kind}`} width={size} height={size} viewBox="0 0 16 16" aria-hidden="true">
      {SHAPES[kind]}
    </svg>
  );
}

/** @param {{ order: WorkOrder, long?: boolean }} props */
export function LatenessChip({ order, long = false }) {
  const lateness = latenessOf(order, now.value);
  const { kind, ms, because } = lateness;
  if (kind === "undue" && !long) return null;
  const by = duration(Math.max(Math.abs(ms ?? 0), LEAST_MS));
  const words = kind === "open" || kind === "undue" ? text.work.lateness[kind] : text.work.lateness[kind](by);
  const more = [text.work.latenessLong[kind], kind === "open" ? because : ""].filter(Boolean).join(". ");
  return (
    <span class={`late-chip late-${kind}`} title={more} data-lateness={kind}>
      <LatenessShape kind={kind} />
      <span class="num">{words}</span>
      {long && kind === "open" && because && <span class="muted">{because}</span>}
    </span>
  );
}

/** @type {Record<Lateness["kind"], import("preact").JSX.Element>} */
const SHAPES = {
  late: (
    <g>
      <path d="M8 1 15.4 14.600H.6Z" fill="currentColor" />
      <path d="M8 5.500v4.600 M8 12v.6" stroke="var(--surface)" stroke-width="1.9" />
    </g>
  ),
  tight: (
    <g>
      <path d="M8 2 14.400 13.800H1.600Z" fill="none" stroke="currentColor" stroke-width="1.700" stroke-linejoin="round" />
      <path d="M8 2 1.600 13.800H8Z" fill="currentColor" />
    </g>
  ),
  intime: (
    <g fill="none" stroke="currentColor" stroke-width="1.700">
      <circle cx="8" cy="8" r="6.200" />
      <path d="M5.200 8.200 7.300 10.300 11 6" stroke-linecap="round" stroke-linejoin="round" />
    </g>
  ),
  open: <circle cx="8" cy="8" r="6.200" fill="none" stroke="currentColor" stroke-width="1.700" stroke-dasharray="2.600 2.270" />,
  undue: <path d="M3 8h10" stroke="currentColor" stroke-width="1.700" />,
};
