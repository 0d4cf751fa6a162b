// A job order's life on one axis: its states, its holds, its counts, the persons who worked on it. Own SVG; what a band says is its
// title, and the same facts stand below as a list for those who cannot see it.

import { now } from "../model/clock.js";
import { stretches } from "../model/counts.js";
import { site } from "../model/session.js";
import { holdBands, laborRows, stateBands, ticks } from "../model/timeline.js";
import { duration, moment, sensible } from "../format.js";
import { text } from "../text/index.js";
import { Empty } from "../ui/parts.jsx";
import { useWidth } from "../ui/width.js";

/** @typedef {import("../types.d.ts").OrderStory} OrderStory */
/** @typedef {import("../types.d.ts").CountRow} CountRow */
/** @typedef {import("../model/timeline.js").Band} Band */

const ROW = 30;
const BAR = 20;
const COUNTS = 54;
const TICK_PX = 96;

/** @param {{ story: OrderStory, rows: readonly CountRow[] }} props */
export function OrderTimeline({ story, rows }) {
  const [box, measured] = useWidth();
  const whole = measured || 900;
  const at = Math.floor(now.value / 5000) * 5000;
  const states = stateBands(story.history, at);
  const holds = holdBands(story.history, at);
  const labor = laborRows(story.labor, at);
  const made = stretches(rows);
  const { from, to } = span(states, story);
  const gutter = whole < 560 ? 64 : 104;
  const width = Math.max(120, whole - gutter - 8);
  const x = (/** @type {number} */ ms) => gutter + Math.min(1, Math.max(0, (ms - from) / (to - from))) * width;
  const inSight = (/** @type {Band} */ band) => band.to > from || band.open;
  const lines = [
    { label: text.work.order.state, bands: states, kind: "state" },
    ...(holds.length > 0 ? [{ label: text.work.order.hold, bands: holds, kind: "hold" }] : []),
    ...labor.map(({ person, bands }) => ({ label: person, bands, kind: "labor" })),
  ];
  const countsTop = lines.length * ROW;
  const bottom = countsTop + (made.length > 0 ? COUNTS + 10 : 0);
  return (
    <div ref={box} class="life" data-testid="timeline">
      {states.length === 0 ? (
        <Empty icon="clock" title={text.work.order.nothing} />
      ) : (
        <svg width={whole} height={bottom + 24} role="img" aria-label={text.work.order.timeline}>
          {ticks(from, to, Math.max(2, Math.floor(width / TICK_PX))).map((tick) => (
            <g key={tick} class="life-tick">
              <line x1={x(tick)} x2={x(tick)} y1={0} y2={bottom} />
              <text x={x(tick)} y={bottom + 16} text-anchor="middle">
                {moment(new Date(tick).toISOString(), site.value.timeZone, now.value)}
              </text>
            </g>
          ))}
          {lines.map(({ label, bands, kind }, row) => (
            <g key={`${kind} ${label}`}>
              <text class="lane-label" x={gutter - 10} y={row * ROW + ROW / 2 + 5} text-anchor="end">
                {label}
              </text>
              {bands.filter(inSight).map((band) => (
                <BandMark key={band.from} band={band} kind={kind} x={x} y={row * ROW + (ROW - BAR) / 2} />
              ))}
            </g>
          ))}
          {made.length > 0 && <Counts made={made} x={x} top={countsTop} gutter={gutter} />}
          {story.order.due && Date.parse(story.order.due) <= to && Date.parse(story.order.due) >= from && (
            <g class="due-mark">
              <line x1={x(Date.parse(story.order.due))} x2={x(Date.parse(story.order.due))} y1={0} y2={bottom} />
              <text x={x(Date.parse(story.order.due)) - 4} y={bottom - 2} text-anchor="end">
                {text.work.due}
              </text>
            </g>
          )}
        </svg>
      )}
    </div>
  );
}

/** @param {{ band: Band, kind: string, x: (ms: number) => number, y: number }} props */
function BandMark({ band, kind, x, y }) {
  const left = x(band.from);
  const width = Math.max(2, x(band.to) - left);
  const states = /** @type {Record<string, string>} */ (text.orders.states);
  const word = kind === "state" ? (states[band.what] ?? band.what) : band.what;
  const title = [word, duration(band.to - band.from), kind === "state" ? band.detail : ""].filter(Boolean).join(" · ");
  return (
    <g class={`band band-${kind} ${kind === "state" ? `o-${band.what}` : ""} ${band.open ? "band-open" : ""}`} data-band={kind} data-what={band.what}>
      <title>{title}</title>
      <rect x={left} y={y} width={width} height={BAR} rx={3} />
      {kind !== "labor" && width > word.length * 7.2 + 10 && (
        <text x={left + 7} y={y + 14.5}>
          {word}
        </text>
      )}
      {kind === "labor" && width > 64 && (
        <text x={left + 7} y={y + 14.5}>
          {duration(band.to - band.from)}
        </text>
      )}
    </g>
  );
}

/** @param {{ made: ReturnType<typeof stretches>, x: (ms: number) => number, top: number, gutter: number }} props */
function Counts({ made, x, top, gutter }) {
  const most = Math.max(1, ...made.map(({ good, scrap, rework }) => Math.max(0, good) + Math.max(0, scrap) + Math.max(0, rework)));
  const base = top + COUNTS;
  const height = (/** @type {number} */ amount) => (Math.max(0, amount) / most) * (COUNTS - 8);
  return (
    <g class="counts">
      <text class="lane-label" x={gutter - 10} y={base - COUNTS / 2 + 8} text-anchor="end">
        {text.work.order.counts}
      </text>
      <line class="base" x1={gutter} x2={x(Date.parse(made.at(-1)?.end ?? ""))} y1={base} y2={base} />
      {made.map((stretch) => {
        const left = x(Date.parse(stretch.start));
        const width = Math.max(1.5, x(Date.parse(stretch.end)) - left - 1);
        const good = height(stretch.good);
        const bad = height(stretch.scrap + stretch.rework);
        return (
          <g key={stretch.start}>
            <title>{text.orders.counted(sensible(stretch.good), sensible(stretch.scrap))}</title>
            <rect class="count-good" x={left} y={base - good} width={width} height={good} />
            <rect class="count-bad" x={left} y={base - good - bad} width={width} height={bad} />
          </g>
        );
      })}
    </g>
  );
}

/** @param {readonly Band[]} states @param {OrderStory} story */
function span(states, story) {
  const begun = story.order.startedAt ? Date.parse(story.order.startedAt) : null;
  const first = states[0]?.from ?? Date.now();
  const last = states.at(-1)?.to ?? first;
  // An order may wait for days and run for an hour: what ran is what one looks at.
  const worked = begun === null ? 0 : last - begun;
  const from = begun !== null && begun - first > 3 * worked ? begun - Math.max(worked, 60_000) : first;
  return { from, to: Math.max(last, from + 60_000) };
}
