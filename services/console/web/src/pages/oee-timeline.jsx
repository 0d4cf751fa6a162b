// The timeline of states of every unit of a place, from weeks down to seconds; an interval opens with what stands behind it.

import { useEffect, useRef, useState } from "preact/hooks";
import { now } from "../model/clock.js";
import { allPlaces } from "../model/namespace.js";
import { DAY, HOUR, MINUTE, liveRange, moved, readRange, writeRange, zoomed } from "../model/range.js";
import { loadReasons } from "../model/reasons.js";
import { go, route } from "../model/router.js";
import { strokeAt } from "../model/strokes.js";
import { needTimeline, pieceOf, timelineLoading, timelineProblem, timelineVersion } from "../model/timeline-data.js";
import { text } from "../text/index.js";
import { Icon } from "../ui/icons.jsx";
import { Empty, Failed } from "../ui/parts.jsx";
import { Swatch } from "../ui/patterns.jsx";
import { IntervalPanel } from "./oee-interval.jsx";
import { useGestures } from "./timeline-gestures.js";
import { TimeAxis, TimelineRow } from "./timeline-rows.jsx";
import { TipWords } from "./timeline-tip.jsx";

/** @typedef {import("../model/range.js").Range} Range */
/** @typedef {import("../types.d.ts").StateName} StateName */

const LENGTHS = [10 * MINUTE, HOUR, 8 * HOUR, DAY, 7 * DAY];
const FALLBACK_MS = 8 * HOUR;
const STEP = 0.5;
/** Height of a row in px: with few units there is room. */
const ROW = 40;
const TALL_ROW = 58;
const FEW = 8;
const OVERSCAN = 3;
/** Nothing is asked for while a hand is still zooming. */
const SETTLED_MS = 90;
const LEGEND = /** @type {StateName[]} */ (["running", "unplanned_stop", "blocked", "setup", "idle", "planned_stop", "unknown"]);

/** @param {{ place: string }} props */
export function OeeTimeline({ place }) {
  const { query } = route.value;
  const [range, setRange] = useState(() => readRange(query, now.value, FALLBACK_MS));
  const written = useRef("");
  const shownRange = range.live ? liveRange(range.to - range.from, now.value) : range;
  useEffect(() => void loadReasons(), []);

  // Another address - a link, the back button - sets the range; what this page wrote itself does not.
  const addressed = `${query.from ?? ""} ${query.to ?? ""} ${query.span ?? ""}`;
  useEffect(() => {
    if (addressed !== written.current) setRange(readRange(query, now.peek(), FALLBACK_MS));
    written.current = addressed;
  }, [addressed]);
  const { from, to, span } = writeRange(range);
  useEffect(() => {
    const timer = setTimeout(() => {
      const key = `${from} ${to} ${span}`;
      if (key === written.current) return;
      written.current = key;
      go({ query: { ...route.peek().query, show: "timeline", from, to, span } }, { replace: true });
    }, 250);
    return () => clearTimeout(timer);
  }, [from, to, span]);

  const units = allPlaces()
    .filter(({ level, path }) => level === "WorkUnit" && !path.startsWith("_") && (path === place || path.startsWith(`${place}/`)))
    .sort((a, b) => a.order - b.order);
  if (units.length === 0) return <Empty icon="clock" title={text.oee.timeline.none} hint={text.oee.timeline.noneHint} />;
  /** @param {string | null} unit @param {number} [at] */
  const select = (unit, at) =>
    go(
      { query: { ...route.peek().query, show: "timeline", from, to, span, unit: unit ?? "", at: unit && at ? new Date(at).toISOString() : "" } },
      { replace: query.unit !== undefined },
    );
  const selected = query.unit && query.at ? { unit: query.unit, at: Date.parse(query.at) } : null;
  return (
    <div class={`timeline-page ${selected ? "with-panel" : ""}`}>
      <Toolbar range={shownRange} setRange={setRange} />
      <Chart place={place} units={units.map(({ path }) => path)} range={shownRange} setRange={setRange} select={select} selected={selected} />
      <Legend />
      {timelineProblem.value && (
        <Failed problem={timelineProblem.value} title={text.oee.timeline.problem} retry={() => void (timelineVersion.value += 1)} />
      )}
      {selected && (
        <IntervalPanel
          unit={selected.unit}
          at={query.at ?? ""}
          onClose={() => select(null)}
          go={(at) => select(selected.unit, at)}
          show={(start, end) => {
            const margin = Math.max((end - start) * 0.25, 5000);
            setRange({ from: Math.round(start - margin), to: Math.round(end + margin), live: false });
          }}
        />
      )}
    </div>
  );
}

/** @param {{ range: Range, setRange: (range: Range) => void }} props */
function Toolbar({ range, setRange }) {
  const length = range.to - range.from;
  const middle = (range.from + range.to) / 2;
  return (
    <div class="timeline-tools">
      <div class="segmented" role="group" aria-label={text.oee.range.title}>
        {LENGTHS.map((offered) => (
          <button
            key={offered}
            type="button"
            aria-pressed={Math.abs(length - offered) < offered * 0.02}
            onClick={() => setRange(range.live ? liveRange(offered, now.value) : zoomed(range, offered / length, middle, now.value))}
          >
            {text.oee.range.short(offered / MINUTE)}
          </button>
        ))}
      </div>
      <div class="tool-group">
        <Tool icon="minus" label={text.oee.timeline.out} press={() => setRange(zoomed(range, 2, range.live ? now.value : middle, now.value))} />
        <Tool icon="plus" label={text.oee.timeline.in} press={() => setRange(zoomed(range, 0.5, range.live ? now.value : middle, now.value))} />
        <Tool icon="left" label={text.oee.timeline.earlier} press={() => setRange(moved(range, -length * STEP, now.value))} />
        <Tool icon="chevron" label={text.oee.timeline.later} press={() => setRange(moved(range, length * STEP, now.value))} />
        <button type="button" class={`button ${range.live ? "tonal" : ""}`} aria-pressed={range.live} onClick={() => setRange(liveRange(length, now.value))}>
          {text.oee.timeline.live}
        </button>
      </div>
      <span class={`timeline-loading ${timelineLoading.value ? "is-on" : ""}`} role="status" aria-label={timelineLoading.value ? text.problem.loading : undefined} />
    </div>
  );
}

/** @param {{ icon: string, label: string, press: () => void }} props */
function Tool({ icon, label, press }) {
  return (
    <button type="button" class="button square" aria-label={label} title={label} onClick={press}>
      <Icon name={icon} />
    </button>
  );
}

/**
 * @param {{
 *   place: string, units: string[], range: Range, setRange: (range: Range) => void,
 *   select: (unit: string | null, at?: number) => void, selected: { unit: string, at: number } | null,
 * }} props
 */
function Chart({ place, units, range, setRange, select, selected }) {
  const box = useRef(/** @type {HTMLDivElement | null} */ (null));
  const [view, setView] = useState({ width: 0, top: 0, height: 600 });
  const [cursor, setCursor] = useState(/** @type {{ x: number, at: number, unit: string } | null} */ (null));
  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const measure = () => {
      const track = element.querySelector(".timeline-track");
      const width = Math.max(0, Math.floor(track?.getBoundingClientRect().width ?? 0));
      const next = { width, top: element.scrollTop, height: element.clientHeight };
      setView((known) => (known.width === next.width && known.top === next.top && known.height === next.height ? known : next));
    };
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    element.addEventListener("scroll", measure, { passive: true });
    measure();
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", measure);
    };
  }, []);
  const row = units.length <= FEW ? TALL_ROW : ROW;
  const first = Math.max(0, Math.floor(view.top / row) - OVERSCAN);
  const last = Math.min(units.length, Math.ceil((view.top + view.height) / row) + OVERSCAN);
  const inSight = units.slice(first, last);
  const version = timelineVersion.value;
  useEffect(() => {
    if (view.width === 0) return undefined;
    const timer = setTimeout(() => needTimeline(place, inSight, range, view.width, now.peek()), SETTLED_MS);
    return () => clearTimeout(timer);
  }, [place, inSight.join(), range.from, range.to, view.width, version, now.value]);
  useGestures(box, {
    range,
    setRange,
    /** @param {number} at @param {number} y px from the top of the rows */
    choose: (at, y) => {
      const unit = units[Math.floor(y / row)];
      const stroke = unit && strokeAt(pieceOf(unit)?.strokes ?? [], at);
      if (!unit || !stroke) return;
      if (stroke[3] === 1) select(unit, stroke[0]);
      else setRange(zoomed(range, Math.max((stroke[1] - stroke[0]) * 6, 5000) / (range.to - range.from), at, now.value));
    },
    hover: (at, x, y) => {
      const unit = units[Math.floor(y / row)];
      setCursor(unit ? { at, x, unit } : null);
    },
    leave: () => setCursor(null),
  });
  /** @param {KeyboardEvent} event */
  const pressed = (event) => {
    const length = range.to - range.from;
    const middle = (range.from + range.to) / 2;
    const chosen = selected ? units.indexOf(selected.unit) : -1;
    if (event.key === "ArrowLeft") setRange(moved(range, -length * 0.2, now.value));
    else if (event.key === "ArrowRight") setRange(moved(range, length * 0.2, now.value));
    else if (event.key === "+" || event.key === "=") setRange(zoomed(range, 0.5, range.live ? now.value : middle, now.value));
    else if (event.key === "-") setRange(zoomed(range, 2, range.live ? now.value : middle, now.value));
    else if (event.key === "End") setRange(liveRange(length, now.value));
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const unit = units[Math.min(Math.max(chosen + (event.key === "ArrowDown" ? 1 : -1), 0), units.length - 1)];
      if (unit) select(unit, selected?.at ?? Math.min(middle, now.value - 1000));
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div class="panel timeline" data-from={Math.round(range.from)} data-to={Math.round(range.to)} data-version={version} data-testid="timeline">
      <TimeAxis place={place} range={range} width={view.width} />
      <div
        class="timeline-rows"
        ref={box}
        tabIndex={0}
        role="application"
        aria-label={text.oee.timeline.keys}
        onKeyDown={pressed}
      >
        <div class="timeline-space" style={{ height: `${units.length * row}px` }}>
          <div class="timeline-track-probe">
            <span />
            <span class="timeline-track" />
          </div>
          {inSight.map((unit, index) => (
            <TimelineRow
              key={unit}
              unit={unit}
              place={place}
              top={(first + index) * row}
              height={row}
              range={range}
              width={view.width}
              version={version}
              selectedAt={selected?.unit === unit ? selected.at : null}
            />
          ))}
        </div>
      </div>
      {cursor && <Tip cursor={cursor} />}
    </div>
  );
}

/** What the pointer is over. @param {{ cursor: { x: number, at: number, unit: string } }} props */
function Tip({ cursor }) {
  const stroke = strokeAt(pieceOf(cursor.unit)?.strokes ?? [], cursor.at);
  return <TipWords unit={cursor.unit} stroke={stroke} at={cursor.at} />;
}


function Legend() {
  return (
    <ul class="legend">
      {LEGEND.map((state) => (
        <li key={state}>
          <Swatch state={state} />
          {text.states[state]}
        </li>
      ))}
      <li class="muted">{text.oee.timeline.hint}</li>
    </ul>
  );
}
