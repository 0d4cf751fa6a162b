// Parts of the order page: material and tolerance, labor and machine, responses.

import { now } from "../model/clock.js";
import { toleranceOf } from "../model/masters.js";
import { laborRows, stateBands } from "../model/timeline.js";
import { decimal, duration, percent, sensible, unitSymbol } from "../format.js";
import { text } from "../text/index.js";
import { Bar, Moment } from "../ui/parts.jsx";

/** @typedef {import("../types.d.ts").OrderStory} OrderStory */
/** @typedef {import("../types.d.ts").HistoryEntry} HistoryEntry */

/** @param {{ story: OrderStory }} props */
export function OrderMaterial({ story: { order, route } }) {
  const words = text.work.order;
  const operation = route?.operations.find(({ id }) => id === order.operation);
  const over = percent(Number(order.overTolerance), 0);
  const under = order.underTolerance === null ? words.any : `−${percent(Number(order.underTolerance), 0)}`;
  return (
    <>
      <dl class="facts">
        <div>
          <dt>{words.quantityTolerance}</dt>
          <dd class="num">
            +{over} / {under}
          </dd>
        </div>
      </dl>
      {!operation || operation.materials.length === 0 ? (
        <p class="muted">{words.noMaterials}</p>
      ) : (
        <table class="small-table">
          <tbody>
            {operation.materials.map((each) => (
              <tr key={`${each.material} ${each.use}`}>
                <th scope="row">
                  <b>{each.material}</b> <span class="muted small">{text.work.uses[each.use] ?? each.use}</span>
                </th>
                <td class="right num">
                  {order.ordered && `${sensible(Number(each.quantity) * Number(order.ordered.value))} ${unitSymbol(each.unit)}`}
                  <span class="muted small">
                    {" "}
                    {decimal(each.quantity)} {unitSymbol(each.unit)} {words.perUnit}
                  </span>
                </td>
                <td class="right num muted">{toleranceOf(each)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}

const MACHINE = /** @type {const} */ ([
  ["setup", "actualUnitSetupTimeS", "AUST"],
  ["production", "actualProductionTimeS", "APT"],
  ["delay", "actualUnitDelayTimeS", "ADET"],
]);

/** @param {{ story: OrderStory }} props */
export function OrderTimes({ story: { order, labor, history } }) {
  const words = text.work.order;
  const machine = MACHINE.map(([name, key, css]) => ({ name, css, seconds: Number(order[key] ?? 0) }));
  const busy = Number(order.actualUnitBusyTimeS ?? 0);
  const rows = laborRows(labor, now.value);
  const bands = stateBands(history, now.value);
  const inState = (/** @type {string} */ state) =>
    duration(bands.filter(({ what }) => what === state).reduce((sum, band) => sum + band.to - band.from, 0));
  const seconds = (/** @type {string | null} */ value) => (value === null ? "–" : duration(Number(value) * 1000));
  return (
    <>
      <h3 class="sub-title">{text.work.order.labor}</h3>
      {rows.length === 0 ? (
        <p class="muted">{words.noLabor}</p>
      ) : (
        <ul class="labor-list">
          {rows.map(({ person, bands }) => (
            <li key={person}>
              <b>{person}</b>
              {bands.some(({ open }) => open) && <span class="chip chip-good">{words.ongoing}</span>}
              <span class="num">{duration(bands.reduce((sum, band) => sum + band.to - band.from, 0))}</span>
            </li>
          ))}
        </ul>
      )}
      <h3 class="sub-title">{text.work.order.machine.busy}</h3>
      {busy > 0 ? (
        <div class="times">
          <div class="times-bar" aria-hidden="true">
            {machine.map(({ name, css, seconds: each }) => each > 0 && <span key={name} class={`time-${css}`} style={{ flexGrow: each }} />)}
          </div>
          <ul>
            {machine.map(({ name, css, seconds: each }) => (
              <li key={name} class={`time-${css}`}>
                <i aria-hidden="true" />
                {words.machine[name]} <b class="num">{duration(each * 1000)}</b>
              </li>
            ))}
          </ul>
        </div>
      ) : (
        <p class="muted">{words.noMachine}</p>
      )}
      <dl class="facts">
        <div>
          <dt>{words.runningFor}</dt>
          <dd class="num">{inState("Running")}</dd>
        </div>
        <div>
          <dt>{words.interruptedFor}</dt>
          <dd class="num">{inState("Interrupted")}</dd>
        </div>
        {order.forecast?.ratePerS && (
          <div>
            <dt>{words.rate}</dt>
            <dd class="num">
              {sensible(Number(order.forecast.ratePerS) * 3600)} {unitSymbol(order.unit)}/h
            </dd>
          </div>
        )}
      </dl>
      {order.idealCycleS && (
        <p class="muted small">{words.standard(seconds(order.setupS ?? "0"), `${sensible(Number(order.idealCycleS))} s`)}</p>
      )}
    </>
  );
}

/** @param {{ history: readonly HistoryEntry[], unit: string }} props */
export function OrderResponses({ history, unit }) {
  const words = text.work.order;
  const responses = history.filter(({ type }) => type === "JobResponse").toReversed();
  if (responses.length === 0) return <p class="muted">{words.noResponses}</p>;
  const most = Math.max(...responses.map(({ payload }) => Number(payload.good)), 1);
  return (
    <ul class="responses">
      {responses.map(({ at, payload }) => (
        <li key={String(payload.revision)} data-revision={String(payload.revision)}>
          <div>
            <b>{words.revision(Number(payload.revision))}</b> {Number(payload.revision) > 1 && <span class="chip">{words.restated}</span>}{" "}
            <span class="muted">
              <Moment at={at} />
            </span>
          </div>
          <span class="num">
            {text.orders.counted(decimal(String(payload.good)), decimal(String(payload.scrap)))} {unitSymbol(unit)}
          </span>
          <Bar ratio={Number(payload.good) / most} label={decimal(String(payload.good))} />
          <span class="muted small num">
            {words.runningFor} {duration(Number(payload.running_s) * 1000)} · {words.interruptedFor} {duration(Number(payload.interrupted_s) * 1000)}
          </span>
        </li>
      ))}
    </ul>
  );
}
