// Two cards of a line or a machine: the order that runs, and the speed with its last minutes.

import { metricAt, trendOf } from "../model/namespace.js";
import { linkTo } from "../model/router.js";
import { percent, sensible, shownValue, unitSymbol } from "../format.js";
import { text } from "../text/index.js";
import { Icon } from "../ui/icons.jsx";
import { Age, Trend } from "../ui/parts.jsx";
import { OrderState } from "./order-cards.jsx";

/** @typedef {import("../types.d.ts").OrderState} State */

/** @param {{ line: string }} props */
export function OrderCard({ line }) {
  const id = textAt(line, "ID");
  const master = textAt(line, "WorkMaster");
  const state = /** @type {State | ""} */ (textAt(line, "State"));
  const good = numberAt(line, "Good");
  const scrap = numberAt(line, "Scrap") ?? 0;
  const ordered = numberAt(line, "QuantityOrdered");
  const unit = unitSymbol(textAt(line, "Unit") || (metricAt(line, "JobOrder/Active/Good")?.unit ?? ""));
  const queue = metricAt(line, "JobOrder/QueueLength")?.value;
  return (
    <a class="card" href={linkTo({ view: "orders", place: line, query: id ? { order: id } : {} })}>
      <div class="card-head">
        <Icon name="orders" class="card-icon" />
        <div>
          <b class="card-name">{id || text.orders.noActive}</b>
          <span class="card-sub">{id ? master : queue ? text.orders.noActiveNone : text.orders.emptyQueue}</span>
        </div>
        {id && state && <OrderState state={state} />}
      </div>
      {id && good !== null && (
        <div class={`progress o-${state}`}>
          <div class="progress-words">
            <span>
              <b class="num">{sensible(good)}</b>{" "}
              <span class="muted">
                {ordered ? text.orders.of(sensible(ordered)) : ""} {unit}
              </span>
            </span>
            {ordered ? <b class="num">{percent(good / ordered, 0)}</b> : null}
          </div>
          {ordered ? (
            <div class="progress-bar" role="img" aria-label={percent(good / ordered, 0)}>
              <span class="progress-good" style={{ width: `${(100 * good) / Math.max(ordered, good + scrap)}%` }} />
              {scrap > 0 && <span class="progress-scrap" style={{ width: `${(100 * scrap) / Math.max(ordered, good + scrap)}%` }} />}
            </div>
          ) : null}
        </div>
      )}
      <footer class="tile-foot">
        <span class="num">{id ? `${sensible(scrap)} ${text.oee.scrap}` : ""}</span>
        {typeof queue === "number" && <span>{text.orders.queue(queue)}</span>}
      </footer>
    </a>
  );
}

/** @param {{ path: string }} props */
export function SpeedCard({ path }) {
  const metric = metricAt(path, "Status/CurMachSpeed");
  if (!metric) return null;
  const { value, unit } = shownValue(metric);
  const design = metricAt(path, "Status/MachDesignSpeed");
  return (
    <div class="card speed-card">
      <div class="card-head">
        <Icon name="events" class="card-icon" />
        <div>
          <b class="card-name">{text.place.speed}</b>
          <span class="card-sub">{metric.quality === 192 ? text.place.sinceOpened : text.quality.stale}</span>
        </div>
        <Age at={metric.timestamp} class="card-age" />
      </div>
      <div class={`speed-value ${metric.quality === 192 ? "" : "is-stale"}`}>
        <b class="num">{value}</b> <span class="unit">{unit}</span>
        {design && typeof design.value === "number" && (
          <span class="muted small">
            {text.place.design} {shownValue(design).value}
          </span>
        )}
      </div>
      <Trend points={trendOf(path, "Status/CurMachSpeed")} width={320} height={48} />
    </div>
  );
}

/** @param {string} line @param {string} name */
function textAt(line, name) {
  const value = metricAt(line, `JobOrder/Active/${name}`)?.value;
  return typeof value === "string" ? value : "";
}

/** @param {string} line @param {string} name */
function numberAt(line, name) {
  const value = metricAt(line, `JobOrder/Active/${name}`)?.value;
  return typeof value === "number" ? value : null;
}
