// Every metric of one place, grouped by folder: value, unit, trend, quality, age, source. Stale looks stale.

import { useState } from "preact/hooks";
import { metricAt, metricNames, placeAt, trendOf } from "../model/namespace.js";
import { linkTo } from "../model/router.js";
import { shownValue } from "../format.js";
import { text } from "../text/index.js";
import { Icon } from "../ui/icons.jsx";
import { Age, Empty, Trend } from "../ui/parts.jsx";

/** @typedef {import("../types.d.ts").Metric} Metric */
/** @typedef {import("../types.d.ts").Json} Json */

const FILTER_FROM = 12;
/** Numbers that are codes: a line through them means nothing. */
const CODES = new Set(["Status/StateCurrent", "Status/UnitModeCurrent", "Admin/StopReason"]);

/** @param {{ path: string }} props */
export function MetricTable({ path }) {
  const [filter, setFilter] = useState("");
  const names = metricNames(path);
  if (names.length === 0) {
    return (
      <Empty icon="events" title={text.place.noMetrics} hint={text.place.noMetricsHint}>
        <a class="button" href={linkTo({ view: "nodes" })}>
          {text.place.toNodes}
        </a>
      </Empty>
    );
  }
  const wanted = filter.trim().toLowerCase();
  const matching = wanted ? names.filter((name) => name.toLowerCase().includes(wanted)) : names;
  const stale = placeAt(path)?.staleMetrics ?? 0;
  return (
    <section aria-label={text.place.metrics}>
      <div class="section-head">
        <h2 class="section-title">{text.place.metrics}</h2>
        <span class="muted small">{text.place.count(names.length)}</span>
        {stale > 0 && (
          <span class="chip chip-warn">
            <Icon name="clock" size={14} />
            {text.place.stale(stale)}
          </span>
        )}
        {names.length >= FILTER_FROM && (
          <label class="search search-small">
            <Icon name="filter" size={16} />
            <input
              type="search"
              placeholder={text.place.filter}
              aria-label={text.place.filter}
              value={filter}
              onInput={(event) => setFilter(event.currentTarget.value)}
            />
          </label>
        )}
      </div>
      {matching.length === 0 && <Empty icon="filter" title={text.place.noMatch} />}
      {grouped(matching).map(([folder, members]) => (
        <div key={folder} class="panel metric-group">
          <table class="metrics">
            <caption>{text.place.folders[folder] ?? folder}</caption>
            <thead>
              <tr>
                <th scope="col">{text.place.columns.metric}</th>
                <th scope="col" class="right">
                  {text.place.columns.value}
                </th>
                <th scope="col" class="col-unit">
                  <span class="visually-hidden">{text.place.columns.unit}</span>
                </th>
                <th scope="col" class="col-trend">
                  {text.place.columns.trend}
                </th>
                <th scope="col">{text.place.columns.quality}</th>
                <th scope="col" class="right">
                  {text.place.columns.age}
                </th>
                <th scope="col" class="col-source">
                  {text.place.columns.source}
                </th>
              </tr>
            </thead>
            <tbody>
              {members.map((name) => (
                <MetricRow key={name} path={path} name={name} folder={folder} />
              ))}
            </tbody>
          </table>
        </div>
      ))}
    </section>
  );
}

/** @param {{ path: string, name: string, folder: string }} props */
function MetricRow({ path, name, folder }) {
  const metric = metricAt(path, name);
  if (!metric) return null;
  const rows = asRows(metric.value);
  const { value, unit, missing } = shownValue(metric);
  const state = metric.quality === 192 ? "good" : metric.quality === 500 ? "stale" : "bad";
  return (
    <tr class={`q-${state}`} data-metric={name}>
      <th scope="row" title={name}>
        {folder ? name.slice(folder.length + 1) : name}
      </th>
      <td class="right value">
        {rows ? (
          <details>
            <summary>{text.value.rows(rows.rows.length)}</summary>
            <RowsTable rows={rows} />
          </details>
        ) : (
          <>
            <b class={`num ${missing ? "missing" : ""} ${value.length > 24 ? "long" : ""}`}>{value}</b>
          </>
        )}
      </td>
      <td class="col-unit">{unit}</td>
      <td class="col-trend">{typeof metric.value === "number" && !CODES.has(name) && <Trend points={trendOf(path, name)} />}</td>
      <td>
        <Quality state={state} />
      </td>
      <td class="right">
        <Age at={metric.timestamp} />
      </td>
      <td class="col-source" title={metric.source}>
        {metric.source}
      </td>
    </tr>
  );
}

/** @param {{ state: "good" | "stale" | "bad" }} props */
function Quality({ state }) {
  const icons = { good: "check", stale: "clock", bad: "cross" };
  const hint = state === "stale" ? text.quality.staleHint : state === "bad" ? text.quality.badHint : undefined;
  return (
    <span class={`quality quality-${state}`} title={hint}>
      <Icon name={icons[state]} size={15} />
      {text.quality[state]}
    </span>
  );
}

/** @param {{ rows: { columns: string[], rows: Json[][] } }} props */
function RowsTable({ rows }) {
  return (
    <div class="rows-table">
      <table>
        <thead>
          <tr>
            {rows.columns.map((column) => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.rows.map((row, index) => (
            <tr key={index}>
              {row.map((cell, at) => (
                <td key={at}>{cell === null ? "–" : String(cell)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** A DataSet as the projection writes it. @param {Json} value @returns {{ columns: string[], rows: Json[][] } | null} */
function asRows(value) {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return null;
  const { columns, rows } = value;
  if (!Array.isArray(columns) || !Array.isArray(rows)) return null;
  return {
    columns: columns.map((column) => String(column)),
    rows: rows.map((row) => (Array.isArray(row) ? row : [row])),
  };
}

/** @param {string[]} names @returns {[string, string[]][]} */
function grouped(names) {
  /** @type {Map<string, string[]>} */
  const groups = new Map();
  for (const name of names) {
    const folder = name.includes("/") ? name.slice(0, name.indexOf("/")) : "";
    groups.set(folder, [...(groups.get(folder) ?? []), name]);
  }
  const first = ["Status", "Process", "Admin", "JobOrder", "OEE"];
  const rank = (/** @type {string} */ folder) => (first.includes(folder) ? first.indexOf(folder) : first.length);
  return [...groups].sort(([a], [b]) => rank(a) - rank(b) || a.localeCompare(b));
}
