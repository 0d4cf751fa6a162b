// The waterfall: calendar time at the left, good production at the right, what is lost on the way; every bar leads to its intervals.

import { unexplained } from "../model/losses.js";
import { duration, number, percent } from "../format.js";
import { text } from "../text/index.js";
import { StatePatterns } from "../ui/patterns.jsx";
import { useWidth } from "../ui/width.js";

/** @typedef {import("../model/losses.js").Step} Step */
/** @typedef {import("../model/losses.js").Waterfall} Waterfall */

const HEIGHT = 270;
const TOP = 26;
/** Columns need this much room for their names, px. */
const SLOT = 84;

/** How each part is painted: the patterns of states. @type {Record<string, string>} */
const FILLS = {
  calendar: "total",
  not_scheduled: "planned_stop",
  not_recorded: "unknown",
  planned_down: "planned_stop",
  not_judged: "unknown",
  busy: "total",
  "equipment failure": "unplanned_stop",
  "setup and adjustment": "setup",
  "no order": "idle",
  "no data": "unknown",
  "idling and minor stops": "blocked",
  "reduced speed": "speed",
  "start-up losses": "scrap",
  "process defects": "scrap",
  good: "running",
};

/** @param {{ answer: Waterfall, found: Step[], chosen: string, choose: (key: string) => void }} props */
export function WaterfallChart({ answer, found, chosen, choose }) {
  const [box, width] = useWidth();
  const busy = answer.busy_ms;
  const calendar = Math.max(answer.calendar_ms, 1);
  // Time outside the shifts would leave the losses no room: the axis is broken where it takes more than half.
  const outside = calendar - busy;
  const scale = busy > 0 && outside > busy ? busy * 2 : calendar;
  /** @param {number} ms as seen on the broken axis */
  const seen = (ms) => (scale === calendar || ms <= busy ? ms : busy + ((ms - busy) / outside) * busy);
  const low = Math.min(0, ...found.map(({ bottom }) => bottom));
  const high = Math.max(...found.map(({ top }) => seen(top)));
  const narrow = width > 0 && width < found.length * SLOT;
  return (
    <section class="panel chart" aria-label={text.oee.lossPage.waterfall} data-unexplained={Math.round(unexplained(found))}>
      <header class="chart-head">
        <h2 class="section-title">{text.oee.lossPage.waterfall}</h2>
        <p class="muted small">
          {text.oee.lossPage.sums(duration(calendar), answer.units)}
          {scale !== calendar && ` ${text.oee.lossPage.broken}`}
        </p>
      </header>
      <div ref={box} class="chart-box">
        {width > 0 && (narrow ? <Rows found={found} busy={busy} scale={scale} seen={seen} low={low} high={high} chosen={chosen} choose={choose} /> : <Columns width={width} found={found} busy={busy} seen={seen} low={low} high={high} chosen={chosen} choose={choose} />)}
      </div>
    </section>
  );
}

/**
 * @param {{ width: number, found: Step[], busy: number, seen: (ms: number) => number, low: number, high: number, chosen: string, choose: (key: string) => void }} props
 */
function Columns({ width, found, busy, seen, low, high, chosen, choose }) {
  const slot = width / found.length;
  const wide = Math.min(slot * 0.72, 92);
  /** @param {number} ms */
  const y = (ms) => TOP + (1 - (seen(ms) - low) / (high - low)) * HEIGHT;
  return (
    <>
      <svg class="waterfall" width={width} height={HEIGHT + TOP + 4} role="img" aria-label={text.oee.lossPage.waterfall}>
        <StatePatterns />
        <line x1="0" x2={width} y1={y(0)} y2={y(0)} class="axis" />
        {found.map((step, index) => {
          const x = index * slot + (slot - wide) / 2;
          const top = y(step.top);
          const height = Math.max(y(step.bottom) - top, 1.5);
          const level = step.kind === "total" ? step.top : step.ms >= 0 ? step.bottom : step.top;
          const next = found[index + 1];
          return (
            <g key={step.key}>
              {next && <line x1={x + wide} x2={(index + 1) * slot + (slot - wide) / 2} y1={y(level)} y2={y(level)} class="bridge" />}
              <rect x={x} y={top} width={wide} height={height} rx="2" class={`fall f-${FILLS[step.key] ?? "blocked"}`} fill={fillOf(step.key)} />
              <text x={x + wide / 2} y={top - 6} class="fall-value num">
                {share(step, busy, found)}
              </text>
            </g>
          );
        })}
      </svg>
      <div class="fall-names" style={{ gridTemplateColumns: `repeat(${found.length}, minmax(0, 1fr))` }}>
        {found.map((step) => (
          <button key={step.key} type="button" class="fall-name" aria-pressed={chosen === step.key} data-step={step.key} onClick={() => choose(step.key)}>
            <b>{text.oee.losses[step.key] ?? step.key}</b>
            <span class="num">{signedDuration(step.ms)}</span>
            <Counts step={step} />
          </button>
        ))}
      </div>
    </>
  );
}

/** The same lying down, for narrow screens. @param {{ found: Step[], busy: number, scale: number, seen: (ms: number) => number, low: number, high: number, chosen: string, choose: (key: string) => void }} props */
function Rows({ found, busy, seen, low, high, chosen, choose }) {
  /** @param {number} ms */
  const x = (ms) => ((seen(ms) - low) / (high - low)) * 100;
  return (
    <ol class="fall-rows">
      {found.map((step) => (
        <li key={step.key}>
          <button type="button" class="fall-row" aria-pressed={chosen === step.key} data-step={step.key} onClick={() => choose(step.key)}>
            <span class="fall-row-words">
              <b>{text.oee.losses[step.key] ?? step.key}</b>
              <span class="num">
                {signedDuration(step.ms)} <b>{share(step, busy, found)}</b>
              </span>
            </span>
            <svg width="100%" height="14" aria-hidden="true">
              <StatePatterns />
              <rect x={`${x(step.bottom)}%`} width={`${Math.max(x(step.top) - x(step.bottom), 0.4)}%`} y="0" height="14" rx="2" class={`fall f-${FILLS[step.key] ?? "blocked"}`} fill={fillOf(step.key)} />
            </svg>
          </button>
        </li>
      ))}
    </ol>
  );
}

/** @param {{ step: Step }} props */
function Counts({ step }) {
  if (step.stops > 0) return <span class="muted small">{text.oee.lossPage.stops(step.stops)}</span>;
  if (step.units > 0) return <span class="muted small">{text.oee.lossPage.pieces(number(step.units, 0))}</span>;
  return null;
}

/** @param {string} key */
const fillOf = (key) => {
  const fill = FILLS[key] ?? "blocked";
  return ["total", "speed", "scrap"].includes(fill) ? undefined : `url(#p-${fill})`;
};

/** Of calendar time up to the planned busy time, of that from there on. @param {Step} step @param {number} busy @param {readonly Step[]} found */
function share(step, busy, found) {
  const calendar = found[0]?.ms ?? 0;
  const outside = step.key === "busy" || found.indexOf(step) < found.findIndex(({ key }) => key === "busy");
  const all = outside ? calendar : busy;
  return all > 0 ? percent(step.ms / all, 1) : "";
}

/** @param {number} ms */
const signedDuration = (ms) => (ms < 0 ? `−${duration(-ms)}` : duration(ms));
