// Moving in time with wheel, mouse, fingers: what the hand does becomes a range; nothing is drawn here.

import { useEffect, useRef } from "preact/hooks";
import { now } from "../model/clock.js";
import { moved, zoomed } from "../model/range.js";

/** @typedef {import("../model/range.js").Range} Range */

/**
 * @typedef {object} Hand
 * @property {Range} range
 * @property {(range: Range) => void} setRange
 * @property {(at: number, y: number) => void} choose a tap
 * @property {(at: number, x: number, y: number) => void} hover
 * @property {() => void} leave
 */

/** A hand that moves less than this taps. */
const TAP_PX = 5;

/** @param {{ current: HTMLElement | null }} box with a `.timeline-track` inside @param {Hand} hand */
export function useGestures(box, hand) {
  const latest = useRef(hand);
  latest.current = hand;
  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    /** Fingers and buttons that are down. @type {Map<number, { x: number, y: number }>} */
    const down = new Map();
    let travelled = 0;

    const track = () => (element.querySelector(".timeline-track") ?? element).getBoundingClientRect();
    /** @param {number} clientX */
    const timeAt = (clientX) => {
      const { left, width } = track();
      const { from, to } = latest.current.range;
      return from + ((clientX - left) / Math.max(width, 1)) * (to - from);
    };
    /** Sets the range, and keeps it at hand until the next drawing, for events come faster than that. @param {Range} range */
    const set = (range) => {
      latest.current = { ...latest.current, range };
      latest.current.setRange(range);
    };
    /** @param {number} byPx */
    const drag = (byPx) => {
      const { range } = latest.current;
      set(moved(range, (-byPx / Math.max(track().width, 1)) * (range.to - range.from), now.peek()));
    };
    /** @param {WheelEvent} event */
    const wheel = (event) => {
      const scrolls = element.scrollHeight > element.clientHeight + 1;
      const zooms = event.ctrlKey || event.metaKey;
      if (Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey) drag(-(event.deltaX || event.deltaY));
      else if (zooms || !scrolls) {
        const factor = Math.exp(Math.max(-200, Math.min(200, event.deltaY)) * 0.0022);
        set(zoomed(latest.current.range, factor, timeAt(event.clientX), now.peek()));
      } else return;
      event.preventDefault();
    };
    /** @param {PointerEvent} event */
    const pressed = (event) => {
      if (event.button !== 0 || event.clientX < track().left) return;
      down.set(event.pointerId, { x: event.clientX, y: event.clientY });
      if (down.size === 1) travelled = 0;
      else travelled = TAP_PX * 2;
    };
    /** @param {PointerEvent} event */
    const pulled = (event) => {
      const before = down.get(event.pointerId);
      if (!before) {
        if (event.pointerType === "mouse") hover(event);
        return;
      }
      const after = { x: event.clientX, y: event.clientY };
      const others = [...down].filter(([id]) => id !== event.pointerId).map(([, point]) => point);
      down.set(event.pointerId, after);
      travelled += Math.abs(after.x - before.x) + Math.abs(after.y - before.y) * 0.2;
      if (travelled > TAP_PX && !element.hasPointerCapture(event.pointerId)) element.setPointerCapture(event.pointerId);
      const other = others[0];
      if (other) pinch(before, after, other);
      else if (travelled > TAP_PX) drag(after.x - before.x);
    };
    /** @param {{ x: number }} before @param {{ x: number }} after @param {{ x: number }} other */
    const pinch = (before, after, other) => {
      const apart = Math.max(Math.abs(before.x - other.x), 12);
      const now_ = Math.max(Math.abs(after.x - other.x), 12);
      set(zoomed(latest.current.range, apart / now_, timeAt((after.x + other.x) / 2), now.peek()));
      drag((after.x - before.x) / 2);
    };
    /** @param {PointerEvent} event */
    const hover = (event) => {
      const { left, top } = track();
      if (event.clientX < left) latest.current.leave();
      else latest.current.hover(timeAt(event.clientX), event.clientX - left, event.clientY - top);
    };
    /** @param {PointerEvent} event */
    const lifted = (event) => {
      const was = down.delete(event.pointerId);
      if (!was || travelled > TAP_PX || event.type === "pointercancel") return;
      latest.current.choose(timeAt(event.clientX), event.clientY - track().top);
    };
    const left = () => latest.current.leave();
    element.addEventListener("wheel", wheel, { passive: false });
    element.addEventListener("pointerdown", pressed);
    element.addEventListener("pointermove", pulled);
    element.addEventListener("pointerup", lifted);
    element.addEventListener("pointercancel", lifted);
    element.addEventListener("pointerleave", left);
    return () => {
      element.removeEventListener("wheel", wheel);
      element.removeEventListener("pointerdown", pressed);
      element.removeEventListener("pointermove", pulled);
      element.removeEventListener("pointerup", lifted);
      element.removeEventListener("pointercancel", lifted);
      element.removeEventListener("pointerleave", left);
    };
  }, []);
}
