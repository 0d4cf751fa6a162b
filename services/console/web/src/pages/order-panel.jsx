// One job order beside the board: its facts, everything that can be done with it, and what has happened to it.

import { useEffect } from "preact/hooks";
import { now } from "../model/clock.js";
import { Resource } from "../model/resource.js";
import { linkTo } from "../model/router.js";
import { decimal, unitSymbol } from "../format.js";
import { text } from "../text/index.js";
import { Icon } from "../ui/icons.jsx";
import { Fact, Failed, Moment, Skeleton } from "../ui/parts.jsx";
import { ActionNews, OrderActions } from "./order-actions.jsx";
import { OrderState, Progress, elapsed } from "./order-cards.jsx";
import { OrderHistory } from "./order-history.jsx";
import { refreshed, withLiveCounts } from "./orders.jsx";

/** @typedef {import("../types.d.ts").JobOrder} JobOrder */
/** @typedef {import("../types.d.ts").HistoryEntry} HistoryEntry */

/** @type {Resource<{ order: JobOrder, history: HistoryEntry[] }>} */
const detail = new Resource();

/** @param {{ id: string, version: number | undefined, onClose: () => void }} props */
export function OrderPanel({ id, version, onClose }) {
  const reload = `${version} ${refreshed.value}`;
  useEffect(() => void detail.load(`/api/job-orders/${encodeURIComponent(id)}`), [id, reload]);
  useEffect(() => {
    /** @param {KeyboardEvent} event */
    const pressed = (event) => {
      if (event.key === "Escape" && !document.querySelector("dialog[open]")) onClose();
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);
  const { data, problem } = detail.state.value;
  return (
    <aside class="side-panel" aria-label={id}>
      <header class="side-head">
        <h2>{id}</h2>
        {data?.order.removed ? (
          <span class="chip">{/** @type {Record<string, string>} */ (text.orders.removed)[data.order.removed] ?? data.order.removed}</span>
        ) : (
          data && <OrderState state={data.order.state} />
        )}
        <button type="button" class="icon-button" aria-label={text.orders.close} onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      {data ? (
        <Detail order={withLiveCounts(data.order)} history={data.history} />
      ) : problem ? (
        <Failed problem={problem} title={text.orders.detailProblem} retry={() => void detail.reload()} />
      ) : (
        <Skeleton lines={6} />
      )}
    </aside>
  );
}

/** @param {{ order: JobOrder, history: HistoryEntry[] }} props */
function Detail({ order, history }) {
  const ran = order.startedAt !== null;
  return (
    <>
      <p class="side-lead">{order.workMaster ?? order.description}</p>
      {ran && <Progress order={order} />}
      <OrderActions order={order} all />
      <ActionNews order={order} />
      <a class="text-link" href={linkTo({ view: "order", place: order.workCenter, query: { order: order.id } })}>
        {text.work.order.open}
      </a>
      <dl class="facts">
        <Fact name={text.orders.place}>
          <a href={linkTo({ view: "place", place: order.workCenter })}>{order.workCenter.split("/").slice(2).join(" › ")}</a>
        </Fact>
        {order.workRequest && <Fact name={text.orders.workRequest}>{order.workRequest}</Fact>}
        {order.ordered && (
          <Fact name={text.orders.ordered}>
            {decimal(order.ordered.value)} {unitSymbol(order.ordered.unit)}
          </Fact>
        )}
        <Fact name={text.orders.priority}>{order.priority}</Fact>
        {(order.plannedStart || order.plannedEnd) && (
          <Fact name={text.orders.planned}>
            <Moment at={order.plannedStart} /> – <Moment at={order.plannedEnd} />
          </Fact>
        )}
        {ran && <Fact name={text.orders.elapsed}>{elapsed(order, now.value)}</Fact>}
        {order.endedAt && (
          <Fact name={text.orders.ended}>
            <Moment at={order.endedAt} />
          </Fact>
        )}
        <Fact name={text.orders.version}>{order.version}</Fact>
      </dl>
      <h3 class="section-title">{text.orders.history}</h3>
      <OrderHistory history={history} />
    </>
  );
}
