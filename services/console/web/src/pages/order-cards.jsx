// A job order on the board: large while it is active, one row while it waits or is over.

import { now } from "../model/clock.js";
import { linkTo } from "../model/router.js";
import { site } from "../model/session.js";
import { decimal, duration, moment, percent, unitSymbol } from "../format.js";
import { text } from "../text/index.js";
import { Icon } from "../ui/icons.jsx";
import { Moment } from "../ui/parts.jsx";
import { ActionNews, OrderActions } from "./order-actions.jsx";

/** @typedef {import("../types.d.ts").JobOrder} JobOrder */

/** @param {{ state: JobOrder["state"] }} props */
export const OrderState = ({ state }) => <span class={`order-state o-${state}`}>{text.orders.states[state]}</span>;

/** @param {{ order: JobOrder }} props */
export function ActiveOrder({ order }) {
  return (
    <article class={`order-card o-${order.state}`} data-order={order.id}>
      <a class="order-top" href={linkTo({ query: { order: order.id } })}>
        <span>
          <b class="order-id">{order.id}</b>
          <span class="order-master">{order.workMaster ?? order.description}</span>
        </span>
        <OrderState state={order.state} />
      </a>
      <Progress order={order} />
      <Held order={order} />
      <OrderActions order={order} />
      <ActionNews order={order} />
    </article>
  );
}

/** Good, scrap and what remains, with an honest guess of the end. @param {{ order: JobOrder }} props */
export function Progress({ order }) {
  const good = Number(order.good);
  const scrap = Number(order.scrap);
  const unit = order.ordered ? unitSymbol(order.ordered.unit) : "";
  const ordered = order.ordered ? Number(order.ordered.value) : null;
  const whole = ordered ? Math.max(ordered, good + scrap) : null;
  return (
    <div class="progress">
      <div class="progress-words">
        <span>
          <b class="num">{decimal(order.good)}</b>
          <span class="muted">
            {" "}
            {order.ordered ? text.orders.of(decimal(order.ordered.value)) : ""} {unit}
          </span>
        </span>
        {ordered ? <b class="num">{percent(good / ordered, 0)}</b> : null}
      </div>
      {whole ? (
        <div class="progress-bar" role="img" aria-label={`${text.orders.good} ${decimal(order.good)}, ${text.orders.scrap} ${decimal(order.scrap)}`}>
          <span class="progress-good" style={{ width: `${(100 * good) / whole}%` }} />
          {scrap > 0 && <span class="progress-scrap" style={{ width: `${(100 * scrap) / whole}%` }} />}
        </div>
      ) : null}
      <dl class="progress-facts">
        <div>
          <dt>{text.orders.scrap}</dt>
          <dd class="num">{decimal(order.scrap)}</dd>
        </div>
        <div>
          <dt>{text.orders.started}</dt>
          <dd>
            <Moment at={order.startedAt} />
          </dd>
        </div>
        <div>
          <dt>{text.orders.eta}</dt>
          <dd class="num">{expectedEnd(order, now.value)}</dd>
        </div>
      </dl>
    </div>
  );
}

/** @param {{ order: JobOrder, blocker?: string }} props */
export function OrderRow({ order, blocker }) {
  const waits = order.state === "AllowedToStart" && blocker;
  return (
    <li class={`order-row o-${order.state}`} data-order={order.id}>
      <a class="order-row-main" href={linkTo({ query: { order: order.id } })}>
        <span class="order-row-title">
          <b class="order-id">{order.id}</b>
          <OrderState state={order.state} />
          <span class="muted small" title={text.orders.priority}>
            P{order.priority}
          </span>
        </span>
        <span class="order-master">{order.workMaster ?? order.description}</span>
        <span class="muted small num">
          {order.ordered && `${decimal(order.ordered.value)} ${unitSymbol(order.ordered.unit)}`}
          {order.endedAt ? (
            <>
              {" · "}
              {text.orders.ended} <Moment at={order.endedAt} />
            </>
          ) : (
            order.plannedStart && (
              <>
                {" · "}
                <Moment at={order.plannedStart} />
              </>
            )
          )}
        </span>
        {waits && <span class="muted small">{text.orders.waitsFor(blocker)}</span>}
      </a>
      <OrderActions order={order} primary={waits ? 0 : 1} />
      <Held order={order} />
      <ActionNews order={order} />
    </li>
  );
}

/** @param {{ order: JobOrder }} props */
const Held = ({ order }) =>
  order.hold && (
    <p class="obstacle" data-obstacle="OnHold">
      <Icon name="ban" size={15} />
      <span>
        <b>{text.work.obstacles.OnHold}</b> {order.hold}
      </span>
    </p>
  );

/** @param {JobOrder} order @param {number} at ms */
function expectedEnd(order, at) {
  const good = Number(order.good);
  if (order.state !== "Running" || !order.startedAt || !order.ordered || good <= 0) return "–";
  const remaining = Number(order.ordered.value) - good;
  if (remaining <= 0) return "–";
  const elapsed = at - Date.parse(order.startedAt);
  const end = at + (elapsed / good) * remaining;
  return `≈ ${moment(new Date(end).toISOString(), site.value.timeZone, at)}`;
}

/** @param {JobOrder} order @param {number} at ms */
export const elapsed = (order, at) =>
  order.startedAt ? duration((order.endedAt ? Date.parse(order.endedAt) : at) - Date.parse(order.startedAt)) : "–";
