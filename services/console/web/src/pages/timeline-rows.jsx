// Drawing a timeline: the axis with shifts, and one canvas a unit.

import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { placeAt } from "../model/namespace.js";
import { DAY, MINUTE, ticks } from "../model/range.js";
import { Resource } from "../model/resource.js";
import { linkTo } from "../model/router.js";
import { site } from "../model/session.js";
import { LOOKS, columns, stacked } from "../model/strokes.js";
import { pieceOf } from "../model/timeline-data.js";
import { axisLabel, dayLabel, zoneOffset } from "../format.js";
import { text } from "../text/index.js";
import { StateShape } from "../ui/icons.jsx";
import { inks, paints } from "../ui/patterns.jsx";

/** @typedef {import("../model/range.js").Range} Range */
/** @typedef {{ name: string, date: string, start: string, end: string, planned_down: { name: string, start: string, end: string }[] }} Shift */

const ORDERS_FRESH_MS = 5 * MINUTE;
const PX_PER_TICK = 76;
/** Space above and below a row's picture, px. */
const MARGIN = 5;

/** @type {Resource<{ data: Shift[] }>} */
const shifts = new Resource();
/** @type {Resource<{ data: { key: string, start: string, end: string }[] }>} */
const orders = new Resource();
/** Orders belong to one line. */
const WITH_ORDERS = new Set(["WorkCenter", "WorkUnit"]);
/** Orders of more than this would be a smear. */
const ORDERS_SPAN_MS = 3 * DAY;

/** @param {{ place: string, range: Range, width: number }} props */
export function TimeAxis({ place, range, width }) {
  const zone = site.value.timeZone;
  const day = 7 * DAY;
  const since = Math.floor(range.from / day) * day;
  const until = Math.min(Math.ceil(range.to / day) * day, since + 35 * DAY);
  useEffect(
    () => void shifts.load(`/api/oee/shifts?place=${encodeURIComponent(place)}&since=${new Date(since).toISOString()}&until=${new Date(until).toISOString()}`, place),
    [place, since, until],
  );
  const withOrders = WITH_ORDERS.has(placeAt(place)?.level ?? "") && range.to - range.from <= ORDERS_SPAN_MS;
  const hour = Math.floor(range.to / ORDERS_FRESH_MS);
  const ordersSince = Math.floor((range.from - DAY) / DAY) * DAY;
  useEffect(() => {
    if (!withOrders) return;
    const when = `since=${new Date(ordersSince).toISOString()}&until=${new Date((hour + 1) * ORDERS_FRESH_MS).toISOString()}`;
    void orders.load(`/api/oee/kpis?place=${encodeURIComponent(place)}&${when}&by=job_order&figures=oee&limit=200&most=400`, place);
  }, [place, withOrders, ordersSince, hour]);
  const { step, at } = ticks(range, Math.max(2, Math.floor(width / PX_PER_TICK)), (instant) => zoneOffset(instant, zone));
  /** @param {number} instant */
  const x = (instant) => ((instant - range.from) / (range.to - range.from)) * width;
  const known = shifts.state.value.data?.data ?? [];
  const days = dayStarts(range, zone);
  return (
    <div class={`timeline-axis ${withOrders ? "with-orders" : ""}`}>
      <span class="timeline-corner num">{dayLabel(range.from, zone)}</span>
      <div class="timeline-scale" aria-hidden="true">
        {range.to - range.from <= 14 * DAY && (
          <div class="timeline-shifts">
            {known.map((shift) => {
              const left = Math.max(0, x(Date.parse(shift.start)));
              const right = Math.min(width, x(Date.parse(shift.end)));
              if (right - left < 2) return null;
              return (
                <span key={shift.start} style={{ left: `${left}px`, width: `${right - left}px` }}>
                  {right - left > 46 ? shift.name : ""}
                </span>
              );
            })}
          </div>
        )}
        {withOrders && (
          <div class="timeline-orders">
            {(orders.state.value.data?.data ?? []).map((order) => {
              const left = Math.max(0, x(Date.parse(order.start)));
              const right = Math.min(width, x(Date.parse(order.end)));
              if (right - left < 2) return null;
              return (
                <span key={order.key} style={{ left: `${left}px`, width: `${right - left}px` }}>
                  {right - left > 64 ? order.key : ""}
                </span>
              );
            })}
          </div>
        )}
        {at.map((instant) => (
          <span key={instant} class="tick num" style={{ left: `${x(instant)}px` }}>
            {axisLabel(instant, step, zone)}
          </span>
        ))}
        {days.map((instant) => step < DAY && x(instant) > 0 && <span key={`d${instant}`} class="tick-day" style={{ left: `${x(instant)}px` }} />)}
      </div>
    </div>
  );
}

/** Local midnights in a range of at most a month. @param {Range} range @param {string} zone */
function dayStarts(range, zone) {
  return ticks({ ...range }, 32, (instant) => zoneOffset(instant, zone)).step <= DAY && range.to - range.from > 30 * MINUTE
    ? midnights(range, zone)
    : [];
}

/** @param {Range} range @param {string} zone */
function midnights(range, zone) {
  /** @type {number[]} */
  const found = [];
  const offset = zoneOffset(range.from, zone);
  for (let local = Math.ceil((range.from + offset) / DAY) * DAY; local - offset < range.to; local += DAY) {
    found.push(local - zoneOffset(local - offset, zone));
  }
  return found;
}

/**
 * @param {{ unit: string, place: string, top: number, height: number, range: Range, width: number, version: number, selectedAt: number | null }} props
 */
export function TimelineRow({ unit, place, top, height, range, width, version, selectedAt }) {
  const canvas = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  const state = placeAt(unit)?.shown ?? null;
  const ink = inks.value;
  useLayoutEffect(() => {
    if (canvas.current && width > 0) draw(canvas.current, unit, range, width, height - 2 * MARGIN, selectedAt);
  }, [unit, range.from, range.to, width, height, version, ink, selectedAt]);
  const trail = unit.slice(place.length + 1).split("/").slice(0, -1).join(" › ");
  return (
    <div class="timeline-row" style={{ top: `${top}px`, height: `${height}px` }} data-unit={unit} data-drawn={pieceOf(unit)?.strokes.length ?? ""}>
      <a class="timeline-name" href={linkTo({ view: "place", place: unit, query: {} })} title={unit} draggable={false}>
        <StateShape state={state} size={16} />
        <span>
          <b>{unit.split("/").at(-1)}</b>
          {trail && <span class="muted">{trail}</span>}
        </span>
      </a>
      <canvas ref={canvas} height={height - 2 * MARGIN} aria-label={text.oee.timeline.row(unit.split("/").at(-1) ?? unit)} />
    </div>
  );
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {string} unit
 * @param {Range} range
 * @param {number} width px
 * @param {number} tall px
 * @param {number | null} selectedAt
 */
function draw(canvas, unit, range, width, tall, selectedAt) {
  const scale = window.devicePixelRatio || 1;
  if (canvas.width !== Math.round(width * scale)) canvas.width = Math.round(width * scale);
  if (canvas.height !== Math.round(tall * scale)) canvas.height = Math.round(tall * scale);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${tall}px`;
  const context = canvas.getContext("2d");
  if (!context) return;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, canvas.width, canvas.height);
  const height = canvas.height;
  const strokes = pieceOf(unit)?.strokes ?? [];
  const { ground, ink, of } = paints(context, scale);
  context.fillStyle = ground;
  context.fillRect(0, height / 2 - scale, canvas.width, scale);
  for (const column of columns(strokes, range.from, range.to, width)) {
    const x = Math.round(column.x * scale);
    const wide = Math.max(Math.round((column.x + column.width) * scale) - x, 1);
    const gap = column.count === 1 && column.width > 6 ? Math.max(1, Math.round(scale * 0.75)) : 0;
    for (const { kind, from, to } of layers(column.times)) {
      context.fillStyle = of(LOOKS[kind] ?? "unknown");
      const bottom = Math.round(height * (1 - from));
      const upper = Math.round(height * (1 - to));
      context.fillRect(x, upper, Math.max(wide - gap, 1), bottom - upper);
    }
  }
  const chosen = selectedAt === null ? null : strokes.find(([start, end]) => start <= selectedAt && selectedAt < end);
  if (chosen) {
    const x = ((chosen[0] - range.from) / (range.to - range.from)) * canvas.width;
    const right = ((chosen[1] - range.from) / (range.to - range.from)) * canvas.width;
    context.lineWidth = 2 * scale;
    context.strokeStyle = ink;
    context.strokeRect(x + scale, scale, Math.max(right - x - 2 * scale, 2 * scale), height - 2 * scale);
  }
}

/** A stop below the threshold stands on the production time that it counts as. @param {Record<string, number>} times */
function layers(times) {
  const kind = Object.keys(times)[0] ?? "";
  if (kind.startsWith("MINOR") && Object.keys(times).length === 1) {
    return [
      { kind: "APT", from: 0, to: 0.5 },
      { kind, from: 0.5, to: 1 },
    ];
  }
  return stacked(times);
}
