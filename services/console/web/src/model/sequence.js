// The sequence of a job list while somebody moves an order in it. No drawing, no asking here.

/** How many job orders a sequence may name (`ResequenceArgs.job_orders`). */
export const SEQUENCED_AT_MOST = 200;

/**
 * @typedef {object} Listed
 * @property {string} id
 * @property {number | null} [rank] its place in the explicit sequence, if it has one
 */

/**
 * The list with one order at another place.
 *
 * @template {{ id: string }} T
 * @param {readonly T[]} list
 * @param {string} id
 * @param {number} to index in the resulting list
 * @returns {T[]}
 */
export function moved(list, id, to) {
  const one = list.find((item) => item.id === id);
  if (!one) return [...list];
  const others = list.filter((item) => item !== one);
  const at = Math.max(0, Math.min(others.length, to));
  return [...others.slice(0, at), one, ...others.slice(at)];
}

/**
 * The explicit sequence that makes a list look as it does after a move: everything down to the moved order, and down to
 * the last one that had an explicit place before. What follows keeps following by rule.
 *
 * @param {readonly Listed[]} list after the move
 * @param {string} id of the moved order
 * @returns {string[]} ids, first first
 */
export function sequenceOf(list, id) {
  let last = list.findIndex((item) => item.id === id);
  list.forEach((item, index) => {
    if (item.rank !== null && item.rank !== undefined) last = Math.max(last, index);
  });
  return list.slice(0, last + 1).map((item) => item.id);
}

/**
 * Where a dragged row would come to stand.
 *
 * @param {readonly number[]} middles of the other rows, from top to bottom, in px
 * @param {number} y of the edge of the dragged row that goes ahead
 * @returns {number} index in the list
 */
export function dropIndex(middles, y) {
  const before = middles.findIndex((middle) => y < middle);
  return before < 0 ? middles.length : before;
}
