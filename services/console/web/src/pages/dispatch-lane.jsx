// One work center on the dispatch board: what runs, which no hand moves, and the queue, whose orders are moved by drag or by keys.
// A move is shown as asked for until the service has said that it is so; a refusal puts the list back and stands above it.

import { useEffect, useRef, useState } from "preact/hooks";
import { boardAt, loadBoards } from "../model/boards.js";
import { intentOn, isBusy, isOpen } from "../model/commands.js";
import { isHeard } from "../model/heard.js";
import { placeAt } from "../model/namespace.js";
import { linkTo } from "../model/router.js";
import { SEQUENCED_AT_MOST, moved, sequenceOf } from "../model/sequence.js";
import { may } from "../model/session.js";
import { liveness } from "../model/stream.js";
import { text } from "../text/index.js";
import { Icon, StateShape } from "../ui/icons.jsx";
import { IntentNews } from "../ui/fields.jsx";
import { Failed, Skeleton } from "../ui/parts.jsx";
import { act } from "./act.js";
import { RunningOrder, WaitingOrder } from "./dispatch-orders.jsx";
import { useDrag } from "./drag.js";
import { askForRule, askToWithdraw } from "./place-forms.jsx";

/** @typedef {import("../types.d.ts").Place} Place */
/** @typedef {import("../types.d.ts").BoardCenter} BoardCenter */
/** @typedef {import("../types.d.ts").WorkOrder} WorkOrder */

/** @param {{ center: Place, alone: boolean }} props */
export function DispatchLane({ center, alone }) {
  const { center: board, problem } = boardAt(center.path);
  const stale = problem !== null || !isHeard(center.path);
  return (
    <section class={`lane dispatch-lane ${board?.unavailable ? "lane-unavailable" : ""}`} aria-label={center.name} data-lane={center.path}>
      <LaneHead center={center} board={board} alone={alone} />
      {board && problem && (
        <p class="notice notice-bad" role="alert" data-testid="stale-board">
          <Icon name="warning" size={18} />
          {text.problem.notAnswered}
        </p>
      )}
      {board ? (
        <LaneBody board={board} stale={stale} />
      ) : problem ? (
        <Failed problem={problem} title={text.work.dispatch.problem} retry={() => void loadBoards([center.path])} />
      ) : (
        <Skeleton lines={5} tall />
      )}
    </section>
  );
}

/** @param {{ center: Place, board: BoardCenter | null, alone: boolean }} props */
function LaneHead({ center, board, alone }) {
  const place = placeAt(center.path) ?? center;
  const [open, setOpen] = useState(false);
  const off = liveness.value !== "live";
  return (
    <header class="lane-head">
      <StateShape state={place.shown} size={18} />
      <div>
        <h3>{alone ? center.name : <a href={linkTo({ place: center.path })}>{center.name}</a>}</h3>
        <span class="muted small">{center.path.split("/").slice(2, -1).join(" › ")}</span>
      </div>
      {board && <span class="chip lane-count">{text.work.dispatch.queue(board.queueLength)}</span>}
      <button type="button" class="icon-button" aria-label={text.work.dispatch.laneMenu} aria-expanded={open} onClick={() => setOpen(!open)}>
        <Icon name="more" size={18} />
      </button>
      {open && board && (
        <div class="lane-menu" onClick={() => setOpen(false)}>
          <a class="button" href={linkTo({ view: "operate", place: center.path })}>
            {text.work.dispatch.operate}
          </a>
          {may("Resequence") && board.queue.some(({ rank }) => rank !== null) && (
            <button type="button" class="button" disabled={off} onClick={() => askForRule(board)}>
              {text.work.dispatch.byRule}
            </button>
          )}
          {may("SetAvailability") &&
            (board.unavailable ? (
              <button type="button" class="button" disabled={off} onClick={() => restore(board)}>
                {text.work.dispatch.restore}
              </button>
            ) : (
              <button type="button" class="button danger" disabled={off} onClick={() => askToWithdraw(board)}>
                {text.work.dispatch.withdraw}
              </button>
            ))}
        </div>
      )}
      {board?.unavailable && (
        <p class="lane-why" data-testid="unavailable">
          <Icon name="ban" size={16} />
          <span>
            <b>{text.work.dispatch.unavailable}</b> {board.unavailable}
          </span>
        </p>
      )}
    </header>
  );
}

/** @param {BoardCenter} board */
function restore(board) {
  const done = text.work.dispatch.restored(board.place.split("/").at(-1) ?? board.place);
  void act(board.place, "SetAvailability", { version: board.version, args: { available: true } }, done);
}

/** @param {{ board: BoardCenter, stale: boolean }} props */
function LaneBody({ board, stale }) {
  const list = useRef(/** @type {HTMLOListElement | null} */ (null));
  const [wish, setWish] = useState(/** @type {{ id: string, ids: string[] } | null} */ (null));
  const intent = intentOn(board.place);
  const waiting = isOpen(intent);
  const movable = may("Resequence") && liveness.value === "live" && !isBusy(board.place) && !stale;
  const queue = wish ? inOrder(board.queue, wish.ids) : board.queue;
  // A row that moves in the document loses the focus; who moves it by keys goes on with it.
  const held = useRef("");
  const order = queue.map(({ id }) => id).join(" ");
  useEffect(() => {
    const grip = held.current && list.current?.querySelector(`[data-row="${CSS.escape(held.current)}"] .grip`);
    if (grip instanceof HTMLElement && document.activeElement === document.body) grip.focus();
  }, [order]);

  /** @param {string} id @param {number} to */
  const moveTo = async (id, to) => {
    const target = Math.min(to, SEQUENCED_AT_MOST - 1);
    if (!movable || board.queue.findIndex((order) => order.id === id) === target) return;
    const after = moved(board.queue, id, target);
    setWish({ id, ids: after.map((order) => order.id) });
    const args = { job_orders: sequenceOf(after, id) };
    await act(board.place, "Resequence", { version: board.version, args }, text.work.dispatch.resequenced(id, target + 1));
    await loadBoards([board.place]);
    setWish(null);
  };
  const { dragged, begin } = useDrag(list, (id, to) => void moveTo(id, to));
  return (
    <div class={`lane-scroll ${stale ? "lane-stale" : ""}`} data-scroller>
      {board.active.length === 0 ? (
        <div class="lane-empty">
          <b>{text.work.dispatch.free}</b>
        </div>
      ) : (
        board.active.map((order) => <RunningOrder key={order.id} order={order} />)
      )}
      <IntentNews subject={board.place} can="dismiss" testId="lane-news" />
      {queue.length === 0 ? (
        <p class="muted small lane-note">
          {text.work.dispatch.empty} {text.work.dispatch.emptyHint}
        </p>
      ) : (
        <ol class={`sequence ${dragged ? "is-dragging" : ""}`} ref={list} style={dragged ? { "--lift": `${dragged.height}px` } : undefined}>
          {queue.map((order, index) => (
            <WaitingOrder
              key={order.id}
              order={order}
              index={index}
              count={queue.length}
              movable={movable}
              pending={waiting && wish?.id === order.id}
              shift={shiftOf(order.id, index, dragged, queue)}
              grab={begin}
              move={(to) => {
                held.current = order.id;
                void moveTo(order.id, to);
              }}
              lifted={dragged?.id === order.id ? dragged.shift : null}
            />
          ))}
        </ol>
      )}
      {board.queueLength > board.queue.length && (
        <p class="muted small lane-note">
          {text.work.dispatch.more(board.queue.length, board.queueLength)}
          {board.queue.length < SEQUENCED_AT_MOST && (
            <>
              {" · "}
              <a class="text-link" href={linkTo({ place: board.place })}>
                {text.work.dispatch.all}
              </a>
            </>
          )}
          {board.queue.length >= SEQUENCED_AT_MOST && <> · {text.work.dispatch.deepest(SEQUENCED_AT_MOST)}</>}
        </p>
      )}
    </div>
  );
}

/** @param {readonly WorkOrder[]} queue @param {readonly string[]} ids */
function inOrder(queue, ids) {
  const at = new Map(ids.map((id, index) => [id, index]));
  return [...queue].sort((a, b) => (at.get(a.id) ?? ids.length) - (at.get(b.id) ?? ids.length));
}

/**
 * Which way a row steps aside for the dragged one: -1 up, 1 down, 0 not at all.
 *
 * @param {string} id
 * @param {number} index
 * @param {import("./drag.js").Dragged | null} dragged
 * @param {readonly WorkOrder[]} queue
 */
function shiftOf(id, index, dragged, queue) {
  if (!dragged || dragged.id === id) return 0;
  const from = queue.findIndex((order) => order.id === dragged.id);
  if (from < index && index <= dragged.to) return -1;
  return dragged.to <= index && index < from ? 1 : 0;
}
