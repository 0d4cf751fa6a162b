// Will it be done in time: what the forecast says against when it is due. No drawing here.

/** @typedef {import("../types.d.ts").WorkOrder} WorkOrder */

/** An order whose slack is smaller is not late and not safe either. */
export const TIGHT_MS = 15 * 60_000;

/**
 * @typedef {object} Lateness
 * @property {"late" | "tight" | "intime" | "open" | "undue"} kind `open`: nobody can tell; `undue`: nobody wants it by a certain time
 * @property {number | null} ms by how much it is late; negative where it is early
 * @property {string | null} due ISO 8601
 * @property {string} because why nobody can tell, in the service's words
 */

/**
 * @param {WorkOrder} order
 * @param {number} now ms
 * @returns {Lateness}
 */
export function latenessOf(order, now) {
  const due = order.due ?? order.plannedEnd ?? null;
  const because = order.forecast?.because ?? "";
  if (due === null) return { kind: "undue", ms: null, due, because };
  const expected = order.forecast?.expectedEnd ?? order.endedAt ?? null;
  if (expected === null) {
    const over = now - Date.parse(due);
    return over > 0 ? { kind: "late", ms: over, due, because } : { kind: "open", ms: null, due, because };
  }
  const ms = Date.parse(expected) - Date.parse(due);
  return { kind: ms > 0 ? "late" : ms > -TIGHT_MS && !order.endedAt ? "tight" : "intime", ms, due, because };
}

/**
 * What keeps an order from running that could be its turn: its hold, its equipment, an operation before it, its material.
 *
 * @param {WorkOrder} order
 * @returns {{ code: string, message: string } | null}
 */
export function obstacleOf(order) {
  if (order.hold) return { code: "OnHold", message: order.hold };
  return order.obstacle ?? null;
}
