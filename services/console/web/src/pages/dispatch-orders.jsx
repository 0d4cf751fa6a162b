// Job orders on the dispatch board: the one that runs, and those that wait, with what one looks for before moving one.

import { useEffect, useRef, useState } from "preact/hooks";
import { dismiss, isBusy } from "../model/commands.js";
import { latenessOf, obstacleOf } from "../model/lateness.js";
import { isHeard } from "../model/heard.js";
import { linkTo } from "../model/router.js";
import { may } from "../model/session.js";
import { liveness } from "../model/stream.js";
import { now } from "../model/clock.js";
import { decimal, percent, unitSymbol } from "../format.js";
import { text } from "../text/index.js";
import { Icon } from "../ui/icons.jsx";
import { LatenessChip } from "../ui/lateness.jsx";
import { Moment } from "../ui/parts.jsx";
import { act } from "./act.js";
import { ActionNews } from "./order-actions.jsx";
import { OrderState } from "./order-cards.jsx";
import { askFor } from "./order-forms.jsx";
import { withLiveCounts } from "./orders.jsx";

/** @typedef {import("../types.d.ts").WorkOrder} WorkOrder */

/** @param {{ order: WorkOrder }} props */
export function RunningOrder({ order: listed }) {
  const order = /** @type {WorkOrder} */ (withLiveCounts(listed));
  const good = Number(order.good);
  const scrap = Number(order.scrap);
  const ordered = order.ordered ? Number(order.ordered.value) : null;
  const whole = ordered ? Math.max(ordered, good + scrap) : null;
  return (
    <article class={`running-order o-${order.state}`} data-order={order.id} title={order.state === "Running" ? text.work.dispatch.runs : text.work.dispatch.interrupted}>
      <a class="running-top" href={linkTo({ view: "order", place: order.workCenter, query: { order: order.id } })}>
        <b class="order-id">{order.id}</b>
        <OrderState state={order.state} />
      </a>
      <span class="order-master">{productOf(order)}</span>
      <div class="running-words">
        <span class="num">
          <b>{decimal(order.good)}</b>{" "}
          <span class="muted">
            {order.ordered ? text.orders.of(decimal(order.ordered.value)) : ""} {unitSymbol(order.unit)}
          </span>
        </span>
        {ordered ? <span class="num">{percent(good / ordered, 0)}</span> : null}
        <LatenessChip order={order} />
      </div>
      {whole ? (
        <div class="progress-bar" role="img" aria-label={`${text.orders.good} ${decimal(order.good)}, ${text.orders.scrap} ${decimal(order.scrap)}`}>
          <span class="progress-good" style={{ width: `${(100 * good) / whole}%` }} />
          {scrap > 0 && <span class="progress-scrap" style={{ width: `${(100 * scrap) / whole}%` }} />}
        </div>
      ) : null}
      <Obstacle order={order} told />
    </article>
  );
}

/**
 * @typedef {object} WaitingProps
 * @property {WorkOrder} order
 * @property {number} index
 * @property {number} count
 * @property {boolean} movable
 * @property {boolean} pending whether its move is asked for and not answered
 * @property {number} shift which way it steps aside
 * @property {number | null} lifted how far it is dragged, px
 * @property {(event: PointerEvent, id: string) => void} grab
 * @property {(to: number) => void} move
 */

/** @param {WaitingProps} props */
export function WaitingOrder({ order, index, count, movable, pending, shift, lifted, grab, move }) {
  const [open, setOpen] = useState(false);
  const row = useRef(/** @type {HTMLLIElement | null} */ (null));
  useEffect(() => {
    if (open) row.current?.scrollIntoView({ block: "nearest" });
  }, [open]);
  const words = text.work.dispatch;
  /** @param {KeyboardEvent} event */
  const pressed = (event) => {
    if (event.key === "ArrowUp" && index > 0) move(index - 1);
    else if (event.key === "ArrowDown" && index < count - 1) move(index + 1);
    else if (event.key === "Home") move(0);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const lateness = latenessOf(order, now.value);
  const style = lifted === null ? undefined : { transform: `translateY(${lifted}px)` };
  return (
    <li
      ref={row}
      class={`waiting-order o-${order.state} ${lifted === null ? "" : "is-lifted"} ${pending ? "is-pending" : ""} steps-${shift} ${obstacleOf(order) ? "is-kept" : ""}`}
      data-row={order.id}
      data-order={order.id}
      style={style}
    >
      <button
        type="button"
        class="grip"
        aria-disabled={!movable}
        aria-label={words.handle(order.id, index + 1, count)}
        onPointerDown={(event) => movable && grab(event, order.id)}
        onKeyDown={pressed}
      >
        {pending ? <span class="spinner" aria-hidden="true" /> : <span class="num">{index + 1}</span>}
        <span class="grip-dots" aria-hidden="true" />
      </button>
      <a class="waiting-main" href={linkTo({ view: "order", place: order.workCenter, query: { order: order.id } })} draggable={false}>
        <span class="waiting-title">
          <b class="order-id">{order.id}</b>
          {order.rank !== null && (
            <span class="pin" title={words.pinned}>
              <Icon name="pin" size={14} />
            </span>
          )}
          <OrderState state={order.state} />
        </span>
        <span class="order-master">{productOf(order)}</span>
        <span class="waiting-facts">
          <LatenessChip order={order} />
          <span class="muted small num">
            {order.ordered && `${decimal(order.ordered.value)} ${unitSymbol(order.unit)}`}
            {lateness.due && (
              <>
                {" · "}
                {text.work.due} <Moment at={lateness.due} />
              </>
            )}
            {" · "}P{order.priority}
          </span>
        </span>
      </a>
      <button type="button" class="icon-button row-more" aria-label={words.rowMenu(order.id)} aria-expanded={open} onClick={() => setOpen(!open)}>
        <Icon name={open ? "close" : "more"} size={18} />
      </button>
      <Obstacle order={order} told />
      {open && <RowActions order={order} index={index} count={count} movable={movable} move={move} close={() => setOpen(false)} />}
      <ActionNews order={order} />
    </li>
  );
}

/** @param {{ order: WorkOrder, index: number, count: number, movable: boolean, move: (to: number) => void, close: () => void }} props */
function RowActions({ order, index, count, movable, move, close }) {
  const busy = isBusy(order.id) || liveness.value !== "live" || !isHeard(order.workCenter);
  const words = text.work.dispatch;
  /** @param {"Start" | "RevokeStart"} name */
  const send = (name) => {
    dismiss(order.id);
    void act(order.id, name, { version: order.version });
  };
  return (
    <div class="row-actions" onClick={close}>
      {movable && (
        <>
          <button type="button" class="button" disabled={index === 0} onClick={() => move(index - 1)} data-action="up">
            {words.up}
          </button>
          <button type="button" class="button" disabled={index === count - 1} onClick={() => move(index + 1)} data-action="down">
            {words.down}
          </button>
          <button type="button" class="button" disabled={index === 0} onClick={() => move(0)} data-action="top">
            {words.top}
          </button>
        </>
      )}
      {order.state === "NotAllowedToStart" && may("Start") && (
        <button type="button" class="button" disabled={busy} onClick={() => send("Start")} data-action="Start">
          {text.orders.actions.Start}
        </button>
      )}
      {order.state === "AllowedToStart" && may("RevokeStart") && (
        <button type="button" class="button" disabled={busy} onClick={() => send("RevokeStart")}>
          {text.orders.actions.RevokeStart}
        </button>
      )}
      {may(order.hold ? "Release" : "Hold") && (
        <button type="button" class="button" disabled={busy} onClick={() => askFor(order.hold ? "Release" : "Hold", order)} data-action="Hold">
          {text.work.actions[order.hold ? "Release" : "Hold"]}
        </button>
      )}
      {may("Update") && (
        <button type="button" class="button" disabled={busy} onClick={() => askFor("Update", order)}>
          {text.work.actions.Update}
        </button>
      )}
    </div>
  );
}

/**
 * What keeps an order from running, with the reason; waiting for an operation is calm, the others are not.
 *
 * @param {{ order: WorkOrder, told?: boolean }} props `told`: its work center says already that it is not available
 */
export function Obstacle({ order, told = false }) {
  const kept = obstacleOf(order);
  if (!kept || (told && kept.code === "EquipmentUnavailable")) return null;
  const calm = kept.code === "PredecessorNotDone";
  return (
    <p class={`obstacle ${calm ? "obstacle-calm" : ""}`} data-obstacle={kept.code}>
      <Icon name={calm ? "clock" : "ban"} size={15} />
      <span>
        <b>{text.work.obstacles[kept.code] ?? kept.code}</b> {kept.message}
      </span>
    </p>
  );
}

/** @param {WorkOrder} order */
const productOf = (order) => [order.description || order.workMaster, order.operation].filter(Boolean).join(" · ");
