// The job list of a work center as it was at a past moment: to read, not to change.

import { useEffect, useState } from "preact/hooks";
import { Resource } from "../model/resource.js";
import { linkTo } from "../model/router.js";
import { decimal, unitSymbol } from "../format.js";
import { text } from "../text/index.js";
import { Icon } from "../ui/icons.jsx";
import { Failed, Moment, Skeleton } from "../ui/parts.jsx";
import { OrderState } from "./order-cards.jsx";

/** @typedef {import("../types.d.ts").Listing} Listing */
/** @typedef {import("../types.d.ts").Place} Place */

const SHOWN_AT_MOST = 50;

/** @param {{ center: Place, at: string }} props */
export function PastLane({ center, at }) {
  const [list] = useState(() => /** @type {Resource<{ items: Listing[], cursor: string | null }>} */ (new Resource()));
  useEffect(() => {
    const query = new URLSearchParams({ place: center.path, at, limit: String(SHOWN_AT_MOST) });
    void list.load(`/api/dispatch-list?${query}`);
  }, [center.path, at]);
  const { data, problem } = list.state.value;
  return (
    <section class="lane dispatch-lane lane-past" aria-label={center.name} data-lane={center.path}>
      <header class="lane-head">
        <Icon name="clock" size={18} />
        <div>
          <h3>{center.name}</h3>
          <span class="muted small">{center.path.split("/").slice(2, -1).join(" › ")}</span>
        </div>
        {data && <span class="chip lane-count">{text.work.dispatch.queue(data.items.filter(waits).length)}{data.cursor ? "+" : ""}</span>}
      </header>
      <div class="lane-scroll">
        {data ? (
          data.items.length === 0 ? (
            <p class="muted small lane-note">{text.work.dispatch.pastNone}</p>
          ) : (
            <ol class="sequence">
              {data.items.map((order) => (
                <PastOrder key={order.id} order={order} place={center.path} />
              ))}
            </ol>
          )
        ) : problem ? (
          <Failed problem={problem} title={text.work.dispatch.problem} retry={() => void list.reload()} />
        ) : (
          <Skeleton lines={4} tall />
        )}
      </div>
    </section>
  );
}

/** @param {Listing} order */
const waits = (order) => order.state === "AllowedToStart" || order.state === "NotAllowedToStart";

/** @param {{ order: Listing, place: string }} props */
function PastOrder({ order, place }) {
  return (
    <li class={`waiting-order past-order o-${order.state}`} data-order={order.id}>
      <a class="waiting-main" href={linkTo({ view: "order", place, query: { order: order.id } })}>
        <span class="waiting-title">
          <b class="order-id">{order.id}</b>
          {order.rank !== null && (
            <span class="pin" title={text.work.dispatch.pinned}>
              <Icon name="pin" size={14} />
            </span>
          )}
          <OrderState state={order.state} />
        </span>
        <span class="order-master">{[order.workMaster, order.operation].filter(Boolean).join(" · ")}</span>
        <span class="muted small num">
          {order.quantity && `${decimal(order.quantity)} ${unitSymbol(order.unit)} · `}P{order.priority}
          {order.due && (
            <>
              {" · "}
              {text.work.due} <Moment at={order.due} />
            </>
          )}
        </span>
      </a>
      {order.hold && (
        <p class="obstacle">
          <Icon name="ban" size={15} />
          <span>
            <b>{text.work.obstacles.OnHold}</b> {order.hold}
          </span>
        </p>
      )}
    </li>
  );
}
