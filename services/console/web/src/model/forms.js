// What a person fills in for a command on a job order, checked before it is sent. No drawing here.

import { text } from "../text/index.js";

/** @typedef {import("../types.d.ts").WholeOrder} WholeOrder */
/** @typedef {import("../types.d.ts").WorkOrder} WorkOrder */
/** @typedef {import("../types.d.ts").Json} Json */

/** @typedef {"Hold" | "Release" | "Amend" | "Update" | "Split" | "Merge" | "Rework" | "Reconcile" | "ClockOn"} FormName */

/**
 * @typedef {object} Values
 * @property {string} reason
 * @property {string} quantity
 * @property {string} due a date and time at the site
 * @property {string} priority
 * @property {string} start a date and time at the site
 * @property {string} end a date and time at the site
 * @property {string} into
 * @property {string} place
 * @property {string} other
 * @property {string} keep
 * @property {string} person
 */

/** @typedef {Partial<Record<keyof Values | "form", string>>} Problems */

const OVER = new Set(["Ended", "Aborted"]);

/** The forms that make sense for an order as it is. @param {WorkOrder & Partial<WholeOrder>} order @returns {FormName[]} */
export function formsFor(order) {
  if (order.removed) return [];
  const over = OVER.has(order.state);
  const begun = order.state === "Running" || order.state === "Interrupted";
  /** @type {FormName[]} */
  const found = [];
  if (!over) found.push(order.hold ? "Release" : "Hold", "Amend");
  if (!over && !begun) found.push("Update");
  if (!over && order.ordered && Number(order.remaining) > 0) found.push("Split");
  if (!over && order.ordered) found.push("Merge");
  if (!["NotAllowedToStart", "AllowedToStart"].includes(order.state) && reworkable(order) > 0) found.push("Rework");
  if (over && order.operatorDeclares) found.push("Reconcile");
  return found;
}

/** How many units could be reworked: those set aside, and where the machine counts what it counted as scrap. @param {WorkOrder & Partial<WholeOrder>} order */
export function reworkable(order) {
  const waiting = Number(order.rework) - Number(order.reworkOrdered ?? 0);
  return waiting + (order.quantitySource === "counter" ? Number(order.scrap) : 0);
}

/** Orders whose rest another may take over. @param {WorkOrder} order @param {readonly WorkOrder[]} others */
export const mergeable = (order, others) =>
  others.filter(
    (other) =>
      other.id !== order.id &&
      !other.removed &&
      ["NotAllowedToStart", "AllowedToStart", "Interrupted"].includes(other.state) &&
      Number(other.remaining) > 0 &&
      other.unit === order.unit &&
      other.workMaster === order.workMaster &&
      other.workRequest === order.workRequest &&
      other.operation === order.operation,
  );

/** @param {FormName} name @param {WorkOrder & Partial<WholeOrder>} order @param {Values} values @returns {Problems} */
export function problemsOf(name, order, values) {
  /** @type {Problems} */
  const found = {};
  const amount = amountOf(values.quantity);
  if (name === "Hold" && !values.reason.trim()) found.reason = text.work.form.required;
  if ((name === "Split" || name === "Rework") && !values.into.trim()) found.into = text.work.form.required;
  if ((name === "Split" || name === "Rework") && amount === null) found.quantity = text.work.form.positive;
  if (name === "Amend" && values.quantity.trim() && amount === null) found.quantity = text.work.form.positive;
  if (name === "Amend" && Object.keys(argsOf(name, order, values, (at) => at)).length === 0) found.form = text.work.form.changeOne;
  if (name === "Update" && !/^-?\d{1,5}$/.test(values.priority.trim())) found.priority = text.work.form.required;
  if (name === "Merge" && !values.other) found.other = text.work.form.required;
  if (name === "Reconcile" && !values.keep) found.keep = text.work.form.required;
  if (name === "ClockOn" && !values.person.trim()) found.person = text.work.form.required;
  return found;
}

/**
 * The command's arguments as the contract has them.
 *
 * @param {FormName} name
 * @param {WorkOrder & Partial<WholeOrder>} order
 * @param {Values} values
 * @param {(local: string) => string} utc from a date and time at the site
 * @returns {Record<string, Json>}
 */
export function argsOf(name, order, values, utc) {
  const quantity = { value: amountOf(values.quantity) ?? "0", unit: order.unit };
  switch (name) {
    case "Amend": {
      const changed = values.quantity.trim() && Number(quantity.value) !== Number(order.ordered?.value);
      return { ...(changed ? { quantity } : {}), ...(values.due ? { due: utc(values.due) } : {}) };
    }
    case "Update":
      return {
        priority: Number(values.priority),
        ...(values.start ? { planned_start: utc(values.start) } : {}),
        ...(values.end ? { planned_end: utc(values.end) } : {}),
      };
    case "Split":
    case "Rework":
      return { into: values.into.trim(), quantity, ...(values.place && values.place !== order.workCenter ? { place: values.place } : {}) };
    case "Merge":
      return { remaining_of: values.other };
    case "Reconcile":
      return { keep: values.keep };
    case "ClockOn":
      return { person: values.person.trim() };
    default:
      return {};
  }
}

/** A typed amount as the contract writes it; null where it is none above zero. @param {string} typed */
export function amountOf(typed) {
  const plain = typed.trim().replace(",", ".");
  return /^\d{1,12}(\.\d{1,6})?$/.test(plain) && Number(plain) > 0 ? plain : null;
}
