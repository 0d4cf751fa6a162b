// The job-order board: a lane a work center - what runs, what waits, what is finished - and one order's story beside it.

import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { allPlaces, events, metricAt, placeAt } from "../model/namespace.js";
import { Resource } from "../model/resource.js";
import { go, linkTo, route } from "../model/router.js";
import { may, session } from "../model/session.js";
import { text } from "../text/index.js";
import { Icon, StateShape } from "../ui/icons.jsx";
import { Empty, Failed, Skeleton } from "../ui/parts.jsx";
import { ConfirmAction } from "./order-actions.jsx";
import { ActiveOrder, OrderRow } from "./order-cards.jsx";
import { CreateOrder } from "./order-create.jsx";
import { OrderPanel } from "./order-panel.jsx";
import { OrderViews } from "./order-views.jsx";

/** @typedef {import("../types.d.ts").JobOrder} JobOrder */
/** @typedef {import("../types.d.ts").Place} Place */

/** @typedef {{ items: JobOrder[], cursor: string | null }} OrderPage */

/** What runs and waits. @type {Resource<OrderPage>} */
const board = new Resource();
/** What ended lately. @type {Resource<OrderPage>} */
const over = new Resource();
const REFRESH_MS = 20_000;
const OPEN = "Running,Interrupted,AllowedToStart,NotAllowedToStart";
const SHOWN_AT_MOST = 200;
const OVER_AT_MOST = 60;

/** Grows with each refresh; the open order's panel follows it. */
export const refreshed = signal(0);

/** Fetch the board anew. */
export async function refreshOrders() {
  refreshed.value += 1;
  await Promise.all([board.reload(), over.reload()]);
}

/** @param {string} place */
function loadOrders(place) {
  const query = { place, state: OPEN, limit: String(SHOWN_AT_MOST) };
  const ended = { place, state: "Ended,Aborted", order: "newest", limit: String(OVER_AT_MOST) };
  void board.load(`/api/job-orders?${new URLSearchParams(query)}`);
  void over.load(`/api/job-orders?${new URLSearchParams(ended)}`);
}

/** @param {{ place: string }} props */
export function OrdersPage({ place: chosen }) {
  const level = placeAt(chosen)?.level;
  const place = level === "WorkUnit" ? chosen.slice(0, chosen.lastIndexOf("/")) : chosen;
  const [creating, setCreating] = useState(/** @type {string | null} */ (null));
  useEffect(() => {
    loadOrders(place);
    const timer = setInterval(() => void refreshOrders(), REFRESH_MS);
    return () => clearInterval(timer);
  }, [place]);
  const newest = events.value.find((event) => event.type.startsWith("JobOrder"))?.id;
  useEffect(() => {
    if (newest) void refreshOrders();
  }, [newest]);

  const centers = allPlaces()
    .filter(({ path, level: at }) => at === "WorkCenter" && (path === place || path.startsWith(`${place}/`)))
    .sort((a, b) => a.order - b.order);
  const { data, problem } = board.state.value;
  const ended = over.state.value.data?.items ?? [];
  const of = (/** @type {string} */ path) => (/** @type {JobOrder} */ order) => order.workCenter === path;
  const orderId = route.value.query.order;
  return (
    <div class={`page page-tight board ${orderId ? "with-panel" : ""}`}>
      <div class="section-head">
        <h1 class="page-h1">{text.orders.title}</h1>
        <OrderViews />
        {may("Store") && centers.length > 0 && (
          <button type="button" class="button" onClick={() => setCreating(centers[0]?.path ?? "")} data-testid="new-order">
            <Icon name="plus" size={18} />
            {text.orders.create}
          </button>
        )}
      </div>
      {session.value && !may("Begin") && (
        <p class="notice">
          <Icon name="user" size={18} />
          {text.orders.viewOnly}
        </p>
      )}
      {centers.length === 0 ? (
        <Empty icon="orders" title={text.orders.none} hint={text.orders.noneHint} />
      ) : data ? (
        <>
          {data.cursor && <p class="notice">{text.orders.cut(data.items.length)}</p>}
          <div class={`lanes ${centers.length === 1 ? "lanes-one" : ""}`}>
            {centers.map((center) => (
              <Lane key={center.path} center={center} orders={data.items.filter(of(center.path))} finished={ended.filter(of(center.path))} />
            ))}
          </div>
        </>
      ) : problem ? (
        <Failed problem={problem} title={text.orders.problem} retry={() => void board.reload()} />
      ) : (
        <Skeleton lines={5} tall />
      )}
      {orderId && <OrderPanel id={orderId} version={data?.items.find((order) => order.id === orderId)?.version} onClose={() => go({ query: {} })} />}
      <ConfirmAction />
      {creating !== null && <CreateOrder centers={centers} place={creating} onClose={() => setCreating(null)} />}
    </div>
  );
}

/** @param {{ center: Place, orders: readonly JobOrder[], finished: readonly JobOrder[] }} props */
function Lane({ center, orders, finished }) {
  const place = placeAt(center.path) ?? center;
  const [finishedShown, setFinishedShown] = useState(false);
  const active = orders.filter(({ state }) => state === "Running" || state === "Interrupted");
  const queue = orders.filter(({ state }) => state === "AllowedToStart" || state === "NotAllowedToStart");
  const blocker = active.find(({ state }) => state === "Running");
  return (
    <section class="lane" aria-label={center.name} data-lane={center.path}>
      <header class="lane-head">
        <StateShape state={place.shown} size={18} />
        <div>
          <h3>
            <a href={linkTo({ view: "place", place: center.path })}>{center.name}</a>
          </h3>
          <span class="muted small">{center.path.split("/").slice(2, -1).join(" › ")}</span>
        </div>
      </header>
      <div class="lane-part">
        {active.length === 0 && (
          <div class="lane-empty">
            <b>{text.orders.noActive}</b>
            <span>{queue.some(({ state }) => state === "AllowedToStart") ? text.orders.noActiveReady : text.orders.noActiveNone}</span>
          </div>
        )}
        {active.map((order) => (
          <ActiveOrder key={order.id} order={withLiveCounts(order)} />
        ))}
      </div>
      <div class="lane-part">
        <h4 class="lane-title">{text.orders.queue(queue.length)}</h4>
        {queue.length === 0 ? (
          <p class="muted small lane-note">
            {text.orders.emptyQueue} {text.orders.emptyQueueHint}
          </p>
        ) : (
          <ul class="queue">
            {queue.map((order) => (
              <OrderRow key={order.id} order={order} blocker={blocker?.id} />
            ))}
          </ul>
        )}
        {finished.length > 0 && (
          <>
            <button type="button" class="lane-title lane-fold" aria-expanded={finishedShown} onClick={() => setFinishedShown(!finishedShown)}>
              <Icon name="chevron" size={16} />
              {text.orders.finished(finished.length)}
            </button>
            {finishedShown && (
              <ul class="queue">
                {finished.map((order) => (
                  <OrderRow key={order.id} order={order} />
                ))}
              </ul>
            )}
          </>
        )}
      </div>
    </section>
  );
}

/** The counts of the active order come live from the namespace; the rest from the query. @param {JobOrder} order */
export function withLiveCounts(order) {
  if (metricAt(order.workCenter, "JobOrder/Active/ID")?.value !== order.id) return order;
  const good = metricAt(order.workCenter, "JobOrder/Active/Good")?.value;
  const scrap = metricAt(order.workCenter, "JobOrder/Active/Scrap")?.value;
  return {
    ...order,
    good: typeof good === "number" ? String(good) : order.good,
    scrap: typeof scrap === "number" ? String(scrap) : order.scrap,
  };
}
