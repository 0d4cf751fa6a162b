// How the figures went, shift by shift or day by day: what is final, what may still change, and what was restated from what.

import { useEffect } from "preact/hooks";
import { DAY } from "../model/range.js";
import { Resource } from "../model/resource.js";
import { go, linkTo, route } from "../model/router.js";
import { site } from "../model/session.js";
import { isRestated, numberOf, restated } from "../model/trend.js";
import { dayLabel, duration, percent, sensible } from "../format.js";
import { text } from "../text/index.js";
import { Empty, Failed, Skeleton } from "../ui/parts.jsx";
import { RangePicker, rangeOfAddress, rangeQuery, rangeSubject } from "./oee-range.jsx";
import { Restated } from "./oee-restated.jsx";
import { TrendChart } from "./trend-chart.jsx";

/** @typedef {import("../model/trend.js").Row} Row */
/** @typedef {import("../model/trend.js").Revision} Revision */

/** @type {Resource<{ data: Row[] }>} */
const rows = new Resource();
/** @type {Resource<{ data: Revision[] }>} */
const revisions = new Resource();

const FIGURES = /** @type {const} */ (["oee", "availability", "effectiveness", "quality_ratio"]);
const LENGTHS = [7 * DAY, 14 * DAY, 30 * DAY];

/** @param {{ place: string }} props */
export function OeeTrend({ place }) {
  const { query } = route.value;
  const range = rangeOfAddress(7 * DAY);
  const by = query.by === "day" ? "day" : "shift";
  const when = rangeQuery(range);
  const figures = FIGURES.map((name) => `figures=${name}`).join("&");
  const where = `place=${encodeURIComponent(place)}&${when}`;
  const subject = `${place} ${by} ${rangeSubject(range)}`;
  useEffect(() => void rows.load(`/api/oee/kpis?${where}&by=${by}&${figures}&limit=200&most=400`, subject), [where, by]);
  useEffect(() => void revisions.load(`/api/oee/kpi_revisions?${where}&restated=true&limit=100&most=300`, subject), [where]);
  const { data, problem } = rows.state.value;
  const found = (data?.data ?? []).toReversed();
  const windows = restated(revisions.state.value.data?.data ?? []);
  const shown = new Set((query.figures ?? "oee").split(","));
  const chosen = found.find(({ key }) => key === query.key);
  /** @param {Record<string, string>} change */
  const set = (change) => go({ query: { ...query, show: "trend", ...change } }, { replace: true });
  return (
    <div class="trend-page">
      <div class="losses-head">
        <RangePicker range={range} lengths={LENGTHS} />
        <div class="segmented" role="group" aria-label={text.oee.trend.by}>
          {/** @type {const} */ (["shift", "day"]).map((name) => (
            <button key={name} type="button" aria-pressed={by === name} onClick={() => set({ by: name, key: "" })}>
              {text.oee.trend[name]}
            </button>
          ))}
        </div>
      </div>
      {problem ? (
        <Failed problem={problem} title={text.oee.trend.problem} retry={() => void rows.reload()} />
      ) : data === null ? (
        <Skeleton lines={6} tall />
      ) : found.length === 0 ? (
        <Empty icon="oee" title={text.oee.trend.none} hint={text.oee.trend.noneHint} />
      ) : (
        <>
          <section class="panel chart" aria-label={text.oee.trend.title}>
            <header class="chart-head">
              <h2 class="section-title">{text.oee.trend.title}</h2>
              <div class="figure-toggles" role="group" aria-label={text.oee.trend.figures}>
                {FIGURES.map((name) => (
                  <button
                    key={name}
                    type="button"
                    class={`figure-toggle t-${name}`}
                    aria-pressed={shown.has(name)}
                    onClick={() => {
                      const next = new Set(shown);
                      if (!next.delete(name)) next.add(name);
                      set({ figures: FIGURES.filter((one) => next.has(one)).join(",") || "oee" });
                    }}
                  >
                    <i aria-hidden="true" />
                    {text.oee.figures[name]}
                  </button>
                ))}
              </div>
            </header>
            <TrendChart
              rows={found}
              figures={FIGURES.filter((name) => shown.has(name))}
              isRestated={(row) => isRestated(row, windows)}
              choose={(row) => set({ key: row.key === query.key ? "" : row.key })}
              chosen={query.key ?? ""}
              range={range}
            />
            <ul class="legend chart-foot">
              <li>
                <i class="dot dot-final" /> {text.oee.status.final}
              </li>
              <li>
                <i class="dot dot-provisional" /> {text.oee.status.provisional}
              </li>
              <li>
                <i class="dot dot-open" /> {text.oee.status.open}
              </li>
              <li>
                <i class="dot dot-restated" /> {text.oee.trend.restated}
              </li>
            </ul>
          </section>
          {chosen && <Point row={chosen} by={by} />}
          <Table found={found} by={by} windows={windows} chosen={query.key ?? ""} />
          <Restated windows={windows} place={place} />
        </>
      )}
    </div>
  );
}

/** @param {{ row: Row, by: string }} props */
function Point({ row, by }) {
  const zone = site.value.timeZone;
  const span = { from: row.start, to: row.end };
  return (
    <section class="panel point" data-testid="point">
      <h2 class="section-title">
        {by === "day" ? dayLabel(row.start, zone) : row.key} <span class="chip">{text.oee.status[row.status]}</span>
      </h2>
      <dl class="point-figures">
        {FIGURES.map((name) => (
          <div key={name}>
            <dt>{text.oee.figures[name]}</dt>
            <dd>
              <b class="num">{percent(numberOf(row.figures[name]))}</b>
              <span class="muted small num">{row.figures[name]?.exact ?? text.oee.undefinedBecause(row.figures[name]?.reason ?? "")}</span>
            </dd>
          </div>
        ))}
      </dl>
      <div class="point-links">
        <a class="button" href={linkTo({ query: { show: "losses", ...span } })}>
          {text.oee.trend.toLosses}
        </a>
        <a class="button" href={linkTo({ query: { show: "timeline", ...span } })}>
          {text.oee.trend.toTimeline}
        </a>
      </div>
    </section>
  );
}

/** @param {{ found: Row[], by: string, windows: { latest: Revision }[], chosen: string }} props */
function Table({ found, by, windows, chosen }) {
  const zone = site.value.timeZone;
  const { query } = route.value;
  return (
    <section class="panel scroll-x">
      <table class="figures-table">
        <thead>
          <tr>
            <th>{by === "day" ? text.oee.trend.day : text.oee.trend.shift}</th>
            {FIGURES.map((name) => (
              <th key={name} class="right">
                {text.oee.figures[name]}
              </th>
            ))}
            <th class="right">{text.oee.trend.busy}</th>
            <th class="right">{text.oee.trend.good}</th>
            <th>{text.oee.trend.status}</th>
          </tr>
        </thead>
        <tbody>
          {found.toReversed().map((row) => (
            <tr key={row.key} class={row.key === chosen ? "is-chosen" : ""} data-key={row.key}>
              <th>
                <a href={linkTo({ query: { ...query, key: row.key === chosen ? "" : row.key } })}>{by === "day" ? dayLabel(row.start, zone) : row.key}</a>
              </th>
              {FIGURES.map((name) => {
                const figure = row.figures[name];
                const value = numberOf(figure);
                return (
                  <td key={name} class="num right" title={figure?.exact ?? figure?.reason ?? undefined}>
                    {value === null ? <span class="muted small">{text.oee.undefinedBecause(figure?.reason ?? "")}</span> : percent(value)}
                  </td>
                );
              })}
              <td class="num right">{duration(row.elements.pbt ?? 0)}</td>
              <td class="num right">{sensible(row.produced.gq)}</td>
              <td>
                <span class={`chip ${row.status === "final" ? "chip-good" : row.status === "provisional" ? "chip-warn" : ""}`}>{text.oee.status[row.status]}</span>{" "}
                {isRestated(row, windows) && <span class="chip chip-restated">{text.oee.trend.restated}</span>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
