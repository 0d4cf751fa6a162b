// What comes next at a work center, in order, with the key that begins it, or why it cannot begin now.

import { intentOn, isBusy, isOpen } from "../model/commands.js";
import { obstacleOf } from "../model/lateness.js";
import { isHeard } from "../model/heard.js";
import { linkTo } from "../model/router.js";
import { may } from "../model/session.js";
import { liveness } from "../model/stream.js";
import { decimal, unitSymbol } from "../format.js";
import { text } from "../text/index.js";
import { LatenessChip } from "../ui/lateness.jsx";
import { Obstacle } from "./dispatch-orders.jsx";
import { BigKey } from "./operate-order.jsx";
import { ActionNews, decide } from "./order-actions.jsx";
import { OrderState } from "./order-cards.jsx";

/** @typedef {import("../types.d.ts").WorkOrder} WorkOrder */
/** @typedef {import("../types.d.ts").BoardCenter} BoardCenter */

const SHOWN = 6;

/** @param {{ board: BoardCenter }} props */
export function NextOrders({ board }) {
  const running = board.active.find(({ state }) => state === "Running");
  const blocker = board.concurrent ? undefined : running?.id;
  return (
    <section class="station-next" aria-label={text.work.operate.next}>
      <h2 class="section-title">
        {text.work.operate.next} <span class="muted">{text.work.dispatch.queue(board.queueLength)}</span>
      </h2>
      {board.queue.length === 0 && <p class="muted">{text.work.operate.nothingNext}</p>}
      <ol>
        {board.queue.slice(0, SHOWN).map((order) => (
          <NextOrder key={order.id} order={order} blocker={blocker} />
        ))}
      </ol>
      {board.queueLength > SHOWN && (
        <a class="button large" href={linkTo({ view: "dispatch", place: board.place })}>
          {text.work.dispatch.all}
        </a>
      )}
    </section>
  );
}

/** @param {{ order: WorkOrder, blocker: string | undefined }} props */
function NextOrder({ order, blocker }) {
  const intent = intentOn(order.id);
  const busy = isOpen(intent);
  const released = order.state === "AllowedToStart";
  const ready = released && !blocker && !obstacleOf(order);
  return (
    <li class={`next-order o-${order.state}`} data-order={order.id}>
      <a class="next-main" href={linkTo({ view: "order", place: order.workCenter, query: { order: order.id } })}>
        <span class="waiting-title">
          <b class="order-id">{order.id}</b>
          <OrderState state={order.state} />
        </span>
        <span class="order-master">{[order.description || order.workMaster, order.operation].filter(Boolean).join(" · ")}</span>
        <span class="waiting-facts">
          <LatenessChip order={order} />
          <span class="num muted">{order.ordered && `${decimal(order.ordered.value)} ${unitSymbol(order.unit)}`}</span>
        </span>
      </a>
      {ready && may("Begin") && (
        <BigKey
          icon="play"
          kind="primary"
          words={busy ? text.orders.busy.Begin : text.orders.actions.Begin}
          busy={busy}
          disabled={isBusy(order.id) || liveness.value !== "live" || !isHeard(order.workCenter)}
          onTap={() => decide(order, "Begin")}
          id="Begin"
        />
      )}
      <Obstacle order={order} told />
      <ActionNews order={order} />
    </li>
  );
}
