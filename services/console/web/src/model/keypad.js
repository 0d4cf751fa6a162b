// A quantity typed on large keys: digits, one decimal point, erase. No drawing here.

const DIGITS_AT_MOST = 9;
const DECIMALS_AT_MOST = 3;

/**
 * @param {string} typed
 * @param {string} key `0` to `9`, `.` or `erase`
 * @returns {string}
 */
export function press(typed, key) {
  if (key === "erase") return typed.slice(0, -1);
  if (key === ".") return typed.includes(".") ? typed : `${typed || "0"}.`;
  const next = typed === "0" ? key : typed + key;
  const [whole = "", decimals = ""] = next.split(".");
  return whole.length > DIGITS_AT_MOST || decimals.length > DECIMALS_AT_MOST ? typed : next;
}

/** Typed text with an amount added, as the +1, +10, +100 keys do. @param {string} typed @param {number} more */
export function plus(typed, more) {
  const sum = Number(typed || 0) + more;
  return Number.isFinite(sum) && String(Math.trunc(sum)).length <= DIGITS_AT_MOST ? String(sum) : typed;
}
