// The operations of a work request: what comes after what, their job orders, where their units are, and how it was answered.

import { predecessorOf } from "../model/masters.js";
import { linkTo } from "../model/router.js";
import { decimal, duration, sensible, unitSymbol } from "../format.js";
import { text } from "../text/index.js";
import { Moment } from "../ui/parts.jsx";
import { OrderState } from "./order-cards.jsx";

/** @typedef {import("../types.d.ts").OrderStory} OrderStory */
/** @typedef {import("../types.d.ts").HistoryEntry} HistoryEntry */
/** @typedef {import("../types.d.ts").RouteOperation} RouteOperation */

/** @param {{ story: OrderStory }} props */
export function OrderOperations({ story: { order, orders, wip, route, request } }) {
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
  const answer = request?.responses[0];
  const waits = waitsOf(answer);
  return (
    <>
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
              {waits && <th class="right">{words.waited}</th>}
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
                {waits && (
                  <td class="right num" data-label={words.waited}>
                    {waits.has(row.id) ? duration(Number(waits.get(row.id)) * 1000) : "–"}
                  </td>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {answer && <WorkAnswer answer={answer} unit={order.unit} />}
    </>
  );
}

/** How the whole work request was answered. @param {{ answer: HistoryEntry, unit: string }} props */
function WorkAnswer({ answer: { at, payload }, unit }) {
  const words = text.work.order;
  return (
    <p class="work-answer num" data-testid="work-response">
      <b>{words.workResponse(Number(payload.revision))}</b>
      <span class="muted">
        <Moment at={at} />
      </span>
      <span>
        {text.orders.counted(decimal(String(payload.good)), decimal(String(payload.scrap)))} {unitSymbol(unit)}
      </span>
      {typeof payload.lead_time_s === "string" && (
        <span>
          {words.leadTime} {duration(Number(payload.lead_time_s) * 1000)}
        </span>
      )}
    </p>
  );
}

/** How long each operation waited for its turn, by operation, seconds; null before the work request is answered. @param {HistoryEntry | undefined} answer */
function waitsOf(answer) {
  const operations = answer?.payload.operations;
  if (!Array.isArray(operations)) return null;
  const rows = /** @type {{ operation: string | null, queue_s: string | null }[]} */ (/** @type {unknown} */ (operations));
  return new Map(rows.filter(({ queue_s: waited }) => waited).map((row) => [row.operation ?? "", row.queue_s]));
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
  return operation.predecessors.map(predecessorOf).join(", ");
}
