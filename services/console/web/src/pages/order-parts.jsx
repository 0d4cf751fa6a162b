// Parts of the order page that are tables: operations and where their units are, material, labor and machine, responses.

import { linkTo } from "../model/router.js";
import { now } from "../model/clock.js";
import { laborRows, stateBands } from "../model/timeline.js";
import { decimal, duration, percent, sensible, unitSymbol } from "../format.js";
import { text } from "../text/index.js";
import { Bar, Moment } from "../ui/parts.jsx";
import { OrderState } from "./order-cards.jsx";

/** @typedef {import("../types.d.ts").OrderStory} OrderStory */
/** @typedef {import("../types.d.ts").HistoryEntry} HistoryEntry */
/** @typedef {import("../types.d.ts").RouteOperation} RouteOperation */
/** @typedef {import("../types.d.ts").WorkOrder} WorkOrder */

/** @param {{ story: OrderStory }} props */
export function OrderOperations({ story: { order, orders, wip, route } }) {
  const words = text.work.order;
  if (orders.length === 0) return <p class="muted">{words.noOperations}</p>;
  const ids = [...new Set([...(route?.operations.map(({ id }) => id) ?? []), ...orders.map(({ operation }) => operation ?? "")])];
  const rows = ids
    .map((id) => ({
      id,
      known: route?.operations.find((operation) => operation.id === id),
      orders: orders.filter(({ operation }) => (operation ?? "") === id),
      wip: wip.filter(({ operation }) => (operation ?? "") === id),
    }))
    .filter((row) => row.orders.length > 0);
  return (
    <div class="table-box">
      <table class="operations">
        <thead>
          <tr>
            <th>{words.operation}</th>
            <th>{words.after}</th>
            <th>{text.orders.title}</th>
            <th class="right">{words.queued}</th>
            <th class="right">{words.inProcess}</th>
            <th class="right">{words.finished}</th>
            <th class="right">{words.scrapped}</th>
            <th class="right">{words.rework}</th>
            <th class="right">{words.short}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.id} class={(order.operation ?? "") === row.id ? "is-here" : ""} data-operation={row.id}>
              <th scope="row">
                <b>{row.id || "–"}</b>
                {row.known?.description && <span class="muted small">{row.known.description}</span>}
              </th>
              <td>{afterOf(row.known)}</td>
              <td>
                <ul class="order-links">
                  {row.orders.map((each) => (
                    <li key={each.id}>
                      <a class="text-link" href={linkTo({ view: "order", place: each.workCenter, query: { order: each.id } })}>
                        {each.id}
                      </a>
                      <OrderState state={each.state} />
                      <span class="muted small">{each.workCenter.split("/").at(-1)}</span>
                    </li>
                  ))}
                </ul>
              </td>
              {/** @type {const} */ (["queued", "in_process", "done", "scrapped", "set_aside", "short"]).map((name) => (
                <Amount key={name} wip={row.wip} name={name} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const LABELS = { queued: "queued", in_process: "inProcess", done: "finished", scrapped: "scrapped", set_aside: "rework", short: "short" };

/** @param {{ wip: OrderStory["wip"], name: keyof typeof LABELS }} props */
function Amount({ wip, name }) {
  /** @type {Map<string, number>} */
  const sums = new Map();
  for (const each of wip) for (const [unit, amounts] of Object.entries(each.units)) sums.set(unit, (sums.get(unit) ?? 0) + Number(amounts[name]));
  const shown = [...sums].filter(([, amount]) => amount !== 0);
  const label = /** @type {Record<string, unknown>} */ (text.work.order)[LABELS[name]];
  return (
    <td class={`right num ${name === "scrapped" && shown.length > 0 ? "bad" : ""}`} data-label={String(label)}>
      {shown.length === 0 ? <span class="muted">0</span> : shown.map(([unit, amount]) => `${sensible(amount)} ${unitSymbol(unit)}`).join(", ")}
    </td>
  );
}

/** @param {RouteOperation | undefined} operation */
function afterOf(operation) {
  if (!operation || operation.predecessors.length === 0) return <span class="muted">{text.work.order.first}</span>;
  return operation.predecessors
    .map((each) => (each.rule === "Overlap" && each.quantity ? text.work.order.overlap(each.operation, decimal(each.quantity)) : each.operation))
    .join(", ");
}

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

/** @param {{ underTolerance: string | null, overTolerance: string | null }} material */
function toleranceOf({ underTolerance, overTolerance }) {
  const over = overTolerance === null ? "" : `+${percent(Number(overTolerance), 0)}`;
  const under = underTolerance === null ? "" : `−${percent(Number(underTolerance), 0)}`;
  return [over, under].filter(Boolean).join(" / ");
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
