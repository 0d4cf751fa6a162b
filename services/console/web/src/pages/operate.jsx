// The operator's page of one work center: what runs, large; what may be done about it, on big keys; what comes next; who works here.
// Made for a tablet and gloves: every target is 48 px or more, nothing hides behind hovering.

import { boardAt, loadBoards } from "../model/boards.js";
import { isHeard } from "../model/heard.js";
import { allPlaces, metricAt, placeAt } from "../model/namespace.js";
import { linkTo } from "../model/router.js";
import { may, session } from "../model/session.js";
import { text } from "../text/index.js";
import { Icon, StateShape } from "../ui/icons.jsx";
import { Empty, Failed, Skeleton } from "../ui/parts.jsx";
import { StateBadge, stateDetail } from "../ui/state.jsx";
import { CurrentOrder } from "./operate-order.jsx";
import { NextOrders } from "./operate-next.jsx";
import { ConfirmAction } from "./order-actions.jsx";
import { OrderForm } from "./order-forms.jsx";
import { OrderViews } from "./order-views.jsx";
import { QuantityPad } from "./quantity-pad.jsx";
import { useBoards } from "./watch-boards.js";

/** @typedef {import("../types.d.ts").Place} Place */
/** @typedef {import("../types.d.ts").BoardCenter} BoardCenter */

const NEXT = 8;

/** @param {{ place: string }} props */
export function OperatePage({ place: chosen }) {
  const found = placeAt(chosen);
  const path = found?.level === "WorkUnit" ? chosen.slice(0, chosen.lastIndexOf("/")) : chosen;
  const center = placeAt(path);
  return (
    <div class="page page-tight operate">
      <div class="section-head">
        {center?.level === "WorkCenter" ? <CenterHead center={center} /> : <h1 class="page-h1">{text.work.operate.choose}</h1>}
        <OrderViews />
      </div>
      {center?.level === "WorkCenter" ? <Station key={path} center={center} /> : <Choose place={path} />}
      <ConfirmAction />
      <OrderForm />
      <QuantityPad />
    </div>
  );
}

/** @param {{ center: Place }} props */
function CenterHead({ center }) {
  return (
    <>
      <h1 class="page-h1 operate-h1">{center.name}</h1>
      {center.shown && <StateBadge state={center.shown} detail={stateDetail(center)} />}
      <a class="button large" href={linkTo({ place: center.path.slice(0, center.path.lastIndexOf("/")) })}>
        {text.work.operate.change}
      </a>
    </>
  );
}

/** @param {{ place: string }} props */
function Choose({ place }) {
  const centers = allPlaces()
    .filter(({ path, level }) => level === "WorkCenter" && path.startsWith(`${place}/`))
    .sort((a, b) => a.order - b.order);
  if (centers.length === 0) return <Empty icon="orders" title={text.orders.none} hint={text.orders.noneHint} />;
  return (
    <>
      <p class="muted">{text.work.operate.chooseHint}</p>
      <ul class="station-list">
        {centers.map((center) => (
          <Choice key={center.path} center={center} />
        ))}
      </ul>
    </>
  );
}

/** @param {{ center: Place }} props */
function Choice({ center }) {
  const place = placeAt(center.path) ?? center;
  const order = metricAt(center.path, "JobOrder/Active/ID")?.value;
  return (
    <li>
      <a class="station" href={linkTo({ place: center.path })}>
        <StateShape state={place.shown} size={24} />
        <span>
          <b>{center.name}</b>
          <span class="muted">{center.path.split("/").slice(2, -1).join(" › ")}</span>
        </span>
        <span class="num">{typeof order === "string" && order ? order : <span class="muted">{text.place.noOrder}</span>}</span>
      </a>
    </li>
  );
}

/** @param {{ center: Place }} props */
function Station({ center }) {
  useBoards([center.path], NEXT);
  const { center: board, problem } = boardAt(center.path);
  if (!board) {
    return problem ? (
      <Failed problem={problem} title={text.work.dispatch.problem} retry={() => void loadBoards([center.path])} />
    ) : (
      <Skeleton lines={6} tall />
    );
  }
  const heard = isHeard(center.path);
  return (
    <>
      {(problem || !heard) && (
        <p class="notice notice-bad" role="alert" data-testid="stale-board">
          <Icon name="warning" size={20} />
          {heard ? text.problem.notAnswered : text.work.unheard}
        </p>
      )}
      {session.value && !may("Begin") && (
        <p class="notice">
          <Icon name="user" size={20} />
          {text.work.operate.viewOnly}
        </p>
      )}
      {board.unavailable && (
        <p class="notice notice-bad" data-testid="unavailable">
          <Icon name="ban" size={20} />
          <span>
            <b>{text.work.dispatch.unavailable}</b> {board.unavailable}
          </span>
        </p>
      )}
      <div class={`station-grid ${problem || !heard ? "is-old" : ""}`}>
        <div class="station-now">
          {board.active.length === 0 ? (
            <div class="lane-empty station-empty">
              <b>{text.work.operate.none}</b>
              <span>{board.queue.some(({ state }) => state === "AllowedToStart") ? text.work.operate.noneHint : text.work.operate.noneReleased}</span>
            </div>
          ) : (
            board.active.map((order) => <CurrentOrder key={order.id} order={order} board={board} />)
          )}
        </div>
        <NextOrders board={board} />
      </div>
    </>
  );
}
