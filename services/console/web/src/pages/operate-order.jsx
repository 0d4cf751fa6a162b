// The order that runs, as large as the tablet allows, and what an operator does about it.

import { intentOn, isBusy, isOpen } from "../model/commands.js";
import { may, session } from "../model/session.js";
import { liveness } from "../model/stream.js";
import { isHeard } from "../model/heard.js";
import { linkTo } from "../model/router.js";
import { decimal, percent, unitSymbol } from "../format.js";
import { text } from "../text/index.js";
import { Icon } from "../ui/icons.jsx";
import { LatenessChip } from "../ui/lateness.jsx";
import { act } from "./act.js";
import { Obstacle } from "./dispatch-orders.jsx";
import { ActionNews, decide } from "./order-actions.jsx";
import { OrderState } from "./order-cards.jsx";
import { askFor } from "./order-forms.jsx";
import { withLiveCounts } from "./orders.jsx";
import { askQuantity } from "./quantity-pad.jsx";

/** @typedef {import("../types.d.ts").WorkOrder} WorkOrder */
/** @typedef {import("../types.d.ts").BoardCenter} BoardCenter */
/** @typedef {import("./order-actions.jsx").ActionName} ActionName */

/** @param {{ order: WorkOrder, board: BoardCenter }} props */
export function CurrentOrder({ order: listed, board }) {
  const order = /** @type {WorkOrder} */ (withLiveCounts(listed));
  const good = Number(order.good);
  const scrap = Number(order.scrap);
  const ordered = order.ordered ? Number(order.ordered.value) : null;
  const unit = unitSymbol(order.unit);
  const whole = ordered ? Math.max(ordered, good + scrap) : null;
  const left = ordered === null ? null : ordered - good;
  return (
    <article class={`station-order o-${order.state}`} data-order={order.id}>
      <header class="station-order-head">
        <div>
          <b class="station-id">{order.id}</b>
          <span class="station-product">{[order.description || order.workMaster, order.operation].filter(Boolean).join(" · ")}</span>
        </div>
        <OrderState state={order.state} />
      </header>
      <div class="station-figure">
        <span>
          <b class="num">{decimal(order.good)}</b>
          <span class="muted">
            {order.ordered ? text.orders.of(decimal(order.ordered.value)) : ""} {unit}
          </span>
        </span>
        {ordered ? <b class="num station-percent">{percent(good / ordered, 0)}</b> : null}
      </div>
      {whole ? (
        <div class="progress-bar station-bar" role="img" aria-label={`${text.orders.good} ${decimal(order.good)}, ${text.orders.scrap} ${decimal(order.scrap)}`}>
          <span class="progress-good" style={{ width: `${(100 * good) / whole}%` }} />
          {scrap > 0 && <span class="progress-scrap" style={{ width: `${(100 * scrap) / whole}%` }} />}
        </div>
      ) : null}
      <p class="station-words">
        <LatenessChip order={order} />
        {left !== null && (
          <span class="num">{left > 0 ? text.work.operate.left(`${decimal(String(left))} ${unit}`.trim()) : text.work.operate.full}</span>
        )}
        <span class="num">
          {text.orders.scrap} {decimal(order.scrap)}
        </span>
        {Number(order.rework) > 0 && (
          <span class="num">
            {text.work.operate.rework} {decimal(order.rework)}
          </span>
        )}
        <a class="text-link" href={linkTo({ view: "order", place: board.place, query: { order: order.id } })}>
          {text.work.order.open}
        </a>
      </p>
      <Obstacle order={order} told />
      <Keys order={order} />
      <ActionNews order={order} />
      <Persons order={order} />
    </article>
  );
}

/** @type {Record<string, readonly { name: ActionName, icon: string, kind: string }[]>} */
const KEYS = {
  Running: [
    { name: "Pause", icon: "pause", kind: "" },
    { name: "Complete", icon: "check", kind: "primary" },
  ],
  Interrupted: [{ name: "Resume", icon: "play", kind: "primary" }],
};

/** @param {{ order: WorkOrder }} props */
function Keys({ order }) {
  const intent = intentOn(order.id);
  const busy = isOpen(intent);
  const off = isBusy(order.id) || liveness.value !== "live" || !isHeard(order.workCenter);
  const words = text.work.operate;
  const reports = order.quantitySource === "operator";
  const command = reports ? "ReportQuantity" : "DeclareQuantity";
  const counts = may(command) && (reports || order.operatorDeclares);
  return (
    <>
      {counts && (
        <div class="big-keys">
          <BigKey icon="plus" words={words.good} disabled={off} onTap={() => askQuantity(order, command, "good")} id="good" />
          <BigKey icon="cross" words={words.scrap} disabled={off} onTap={() => askQuantity(order, command, "scrap")} id="scrap" />
          {reports && <BigKey icon="undo" words={words.rework} disabled={off} onTap={() => askQuantity(order, command, "rework")} id="rework" />}
        </div>
      )}
      {!counts && !reports && <p class="muted">{words.counts}</p>}
      <div class="big-keys">
        {(KEYS[order.state] ?? [])
          .filter(({ name }) => may(name) && order.possible.includes(name))
          .map(({ name, icon, kind }) => (
            <BigKey
              key={name}
              icon={icon}
              kind={kind}
              words={busy && intent?.name === name ? text.orders.busy[name] : text.orders.actions[name]}
              busy={busy && intent?.name === name}
              disabled={off || (name === "Resume" && order.hold !== null)}
              onTap={() => decide(order, name)}
              id={name}
            />
          ))}
        {order.hold === null && may("Hold") && <BigKey icon="ban" kind="danger" words={words.hold} disabled={off} onTap={() => askFor("Hold", order)} id="Hold" />}
        {order.hold !== null && may("Release") && (
          <BigKey icon="unlock" words={`${text.work.actions.Release}…`} disabled={off} onTap={() => askFor("Release", order)} id="Release" />
        )}
      </div>
    </>
  );
}

/** @param {{ icon: string, words: string, onTap: () => void, id: string, kind?: string, busy?: boolean, disabled?: boolean }} props */
export function BigKey({ icon, words, onTap, id, kind = "", busy = false, disabled = false }) {
  return (
    <button type="button" class={`button big-key ${kind}`} disabled={disabled} aria-busy={busy} onClick={onTap} data-action={id}>
      {busy ? <span class="spinner" aria-hidden="true" /> : <Icon name={icon} size={26} />}
      {words}
    </button>
  );
}

/** Who is clocked on, with a key to clock each off, and keys to clock on. @param {{ order: WorkOrder }} props */
function Persons({ order }) {
  const words = text.work.operate;
  const off = isBusy(order.id) || liveness.value !== "live" || !isHeard(order.workCenter);
  const me = session.value?.user;
  /** @param {"ClockOn" | "ClockOff"} name @param {string} person */
  const clock = (name, person) => {
    void act(order.id, name, { args: { person } }, text.orders.labor[name === "ClockOn" ? "on" : "off"](person));
  };
  return (
    <section class="persons" aria-label={words.persons}>
      <h2 class="section-title">
        {words.persons}
        {order.personnelClass && (
          <span class="chip persons-class" data-testid="personnel-class">
            <Icon name="user" size={14} />
            {words.needs} {order.personnelClass}
          </span>
        )}
      </h2>
      {order.clockedOn.length === 0 && <p class="muted">{words.nobody}</p>}
      <ul>
        {order.clockedOn.map((person) => (
          <li key={person}>
            <Icon name="user" size={22} />
            <b>{person}</b>
            {may("ClockOff") && (
              <button type="button" class="button large" disabled={off} onClick={() => clock("ClockOff", person)} data-clock-off={person}>
                {words.off}
              </button>
            )}
          </li>
        ))}
      </ul>
      {may("ClockOn") && me && (
        <div class="actions">
          {!order.clockedOn.includes(me.id) && (
            <button type="button" class="button large" disabled={off} onClick={() => clock("ClockOn", me.id)} data-action="ClockOn">
              <Icon name="plus" size={20} />
              {words.me(me.name)}
            </button>
          )}
          <button type="button" class="button large" disabled={off} onClick={() => askFor("ClockOn", order)}>
            {words.another}
          </button>
        </div>
      )}
    </section>
  );
}
