// The Pareto of reasons, by time or by number of stops, down to a level of the tree; every bar leads to its intervals.

import { pareto } from "../model/losses.js";
import { reasonPath } from "../model/reasons.js";
import { go, route } from "../model/router.js";
import { duration, percent } from "../format.js";
import { text } from "../text/index.js";
import { Empty } from "../ui/parts.jsx";

/** @typedef {import("../model/losses.js").Loss} Loss */
/** @typedef {import("../model/losses.js").Bar} Bar */

const SHOWN = 12;
/** Tints of the kinds of loss: the colours of states. @type {Record<string, string>} */
const TINTS = {
  "equipment failure": "unplanned_stop",
  "setup and adjustment": "setup",
  "no order": "idle",
  "no data": "unknown",
  "idling and minor stops": "blocked",
};

/** @param {{ losses: readonly Loss[], chosen: string | undefined, choose: (bar: Bar | null) => void }} props */
export function ParetoChart({ losses, chosen, choose }) {
  const { query } = route.value;
  const by = query.by === "count" ? "count" : "time";
  const level = Math.min(Math.max(Number(query.level) || 4, 1), 4);
  const deepest = Math.max(1, ...losses.map(({ reason_path: path }) => path.length));
  const bars = pareto(losses, { by, level });
  const shown = bars.slice(0, SHOWN);
  /** @param {Record<string, string>} change */
  const set = (change) => go({ query: { ...query, show: "losses", ...change } }, { replace: true });
  return (
    <section class="panel chart" aria-label={text.oee.pareto.title} data-testid="pareto">
      <header class="chart-head">
        <h2 class="section-title">{text.oee.pareto.title}</h2>
        <div class="segmented" role="group" aria-label={text.oee.pareto.by}>
          {/** @type {const} */ (["time", "count"]).map((name) => (
            <button key={name} type="button" aria-pressed={by === name} onClick={() => set({ by: name })}>
              {text.oee.pareto[name]}
            </button>
          ))}
        </div>
        {deepest > 1 && (
          <div class="segmented" role="group" aria-label={text.oee.pareto.level}>
            {Array.from({ length: deepest }, (_, index) => index + 1).map((step) => (
              <button key={step} type="button" aria-pressed={Math.min(level, deepest) === step} onClick={() => set({ level: String(step) })}>
                {text.oee.pareto.levels[step - 1]}
              </button>
            ))}
          </div>
        )}
      </header>
      {bars.length === 0 ? (
        <Empty icon="check" title={text.oee.pareto.none} hint={text.oee.pareto.noneHint} />
      ) : (
        <ol class="pareto">
          <li class="pareto-axis muted small num" aria-hidden="true">
            <span />
            <span>
              {[0, 0.25, 0.5, 0.75, 1].map((at) => (
                <i key={at} style={{ left: `${at * 100}%` }}>
                  {percent(at, 0)}
                </i>
              ))}
            </span>
          </li>
          {shown.map((bar, index) => {
            const open = chosen !== undefined && chosen !== "" && (chosen === bar.reason || (chosen === "-" && query.loss === bar.loss && bar.reason === ""));
            return (
              <li key={bar.key}>
                <button type="button" class="pareto-bar" aria-pressed={open} data-reason={bar.key} onClick={() => choose(open ? null : bar)}>
                  <span class="pareto-name">
                    <b>{bar.named ? reasonPath(bar.reason).at(-1) : (text.oee.causes[bar.reason] ?? (bar.reason || (text.oee.losses[bar.loss] ?? bar.loss)))}</b>
                    <span class="muted small">{bar.named && reasonPath(bar.reason).length > 1 ? reasonPath(bar.reason).slice(0, -1).join(" › ") : (text.oee.losses[bar.loss] ?? bar.loss)}</span>
                  </span>
                  <span class={`pareto-track s-${TINTS[bar.loss] ?? "none"}`}>
                    <span class="pareto-fill" style={{ width: `${100 * bar.share}%` }} />
                    <Curve from={shown[index - 1]?.running ?? null} to={bar.running} next={shown[index + 1]?.running ?? null} />
                  </span>
                  <b class="num pareto-size">{by === "time" ? duration(bar.ms) : text.oee.lossPage.stops(bar.stops)}</b>
                  <span class="num muted pareto-share">
                    {percent(bar.share, 0)} <span class="small">Σ {percent(bar.running, 0)}</span>
                  </span>
                </button>
              </li>
            );
          })}
        </ol>
      )}
      {bars.length > 0 && <p class="muted small chart-foot">{text.oee.pareto.running}</p>}
      {bars.length > SHOWN && <p class="muted small chart-foot">{text.oee.pareto.more(bars.length - SHOWN)}</p>}
    </section>
  );
}

/** A piece of the curve that adds the shares up: half way from the row above, half way to the row below. @param {{ from: number | null, to: number, next: number | null }} props */
function Curve({ from, to, next }) {
  const above = from === null ? "" : `M${50 * (from + to)} 0 L`;
  const below = next === null ? to : (to + next) / 2;
  return (
    <svg class="pareto-curve" viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">
      <path d={`${above || "M"}${100 * to} 50 ${next === null ? "" : `L${100 * below} 100`}`} vector-effect="non-scaling-stroke" />
    </svg>
  );
}
