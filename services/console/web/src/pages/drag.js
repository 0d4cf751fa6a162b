// Dragging a row of a list to another place, with mouse, pen or finger: pointer events, captured by the row's handle.

import { useRef, useState } from "preact/hooks";
import { dropIndex } from "../model/sequence.js";

/** A press that moves less is none. */
const SLACK_PX = 4;
const EDGE_PX = 48;
const SCROLL_PX = 10;

/**
 * @typedef {object} Dragged
 * @property {string} id
 * @property {number} shift how far the row is from where it stood, px
 * @property {number} to index at which it would come to stand
 * @property {number} height of the row, px
 */

/**
 * @param {{ current: HTMLElement | null }} list whose rows carry `data-row` with their id
 * @param {(id: string, to: number) => void} drop
 * @returns {{ dragged: Dragged | null, begin: (event: PointerEvent, id: string) => void }}
 */
export function useDrag(list, drop) {
  const [dragged, setDragged] = useState(/** @type {Dragged | null} */ (null));
  const latest = useRef(drop);
  latest.current = drop;

  /** @param {PointerEvent} event @param {string} id */
  const begin = (event, id) => {
    const handle = event.currentTarget;
    const box = list.current;
    if (event.button !== 0 || !(handle instanceof HTMLElement) || !box) return;
    const rows = [.../** @type {NodeListOf<HTMLElement>} */ (box.querySelectorAll("[data-row]"))];
    const own = rows.find((row) => row.dataset.row === id);
    if (!own) return;
    const frame = own.getBoundingClientRect();
    const scroller = /** @type {HTMLElement} */ (box.closest("[data-scroller]") ?? box);
    const scrolled = scroller.scrollTop;
    const others = rows
      .filter((row) => row !== own)
      .map((row) => {
        const each = row.getBoundingClientRect();
        return each.top + each.height / 2;
      });
    let to = rows.indexOf(own);
    const from = to;
    let moving = false;
    handle.setPointerCapture(event.pointerId);

    /** @param {PointerEvent} now */
    const move = (now) => {
      const view = scroller.getBoundingClientRect();
      if (now.clientY < view.top + EDGE_PX) scroller.scrollTop -= SCROLL_PX;
      else if (now.clientY > view.bottom - EDGE_PX) scroller.scrollTop += SCROLL_PX;
      const shift = now.clientY - event.clientY + scroller.scrollTop - scrolled;
      if (!moving && Math.abs(shift) < SLACK_PX) return;
      moving = true;
      // The edge that goes ahead decides, or a tall row would have to be crossed half before it steps aside.
      to = dropIndex(others, shift < 0 ? frame.top + shift : frame.bottom + shift);
      setDragged({ id, shift, to, height: frame.height });
    };
    /** @param {Event} end */
    const finish = (end) => {
      handle.removeEventListener("pointermove", move);
      for (const name of ["pointerup", "pointercancel"]) handle.removeEventListener(name, finish);
      removeEventListener("keydown", escape);
      setDragged(null);
      if (end.type === "pointerup" && moving && to !== from) latest.current(id, to);
    };
    /** @param {KeyboardEvent} key */
    const escape = (key) => {
      if (key.key === "Escape") finish(new Event("pointercancel"));
    };
    handle.addEventListener("pointermove", move);
    for (const name of ["pointerup", "pointercancel"]) handle.addEventListener(name, finish);
    addEventListener("keydown", escape);
  };
  return { dragged, begin };
}
