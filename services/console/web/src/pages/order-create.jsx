// A new job order: the few things a supervisor knows; what is wrong stands at the field.

import { useState } from "preact/hooks";
import { command, dismiss, intentOn, isOpen } from "../model/commands.js";
import { newId } from "../model/ids.js";
import { go } from "../model/router.js";
import { site } from "../model/session.js";
import { fromSiteTime, unitSymbol } from "../format.js";
import { text } from "../text/index.js";
import { Field, IntentNews } from "../ui/fields.jsx";
import { Dialog } from "../ui/parts.jsx";
import { Icon } from "../ui/icons.jsx";
import { tell } from "../ui/toasts.jsx";
import { refreshOrders } from "./orders.jsx";

/** @typedef {import("../types.d.ts").Place} Place */
/** @typedef {import("../types.d.ts").Json} Json */

const UNITS = ["H87", "KGM", "LTR", "HLT", "MTR", "MTQ"];

/** @param {{ centers: readonly Place[], place: string, onClose: () => void }} props */
export function CreateOrder({ centers, place, onClose }) {
  const [form, setForm] = useState({
    id: `JO-${newId().slice(0, 13).replace("-", "").slice(-6).toUpperCase()}`,
    place,
    product: "",
    quantity: "",
    unit: centers.find(({ path }) => path === place)?.unit || "H87",
    priority: "50",
    start: "",
    end: "",
    release: false,
  });
  const [checked, setChecked] = useState(false);
  const problems = checked ? problemsOf(form) : {};
  const intent = intentOn(form.id);
  const busy = isOpen(intent);

  /** @param {Partial<typeof form>} change */
  const change = (change) => setForm({ ...form, ...change });
  /** @param {Event} event */
  const submit = async (event) => {
    event.preventDefault();
    setChecked(true);
    if (busy || Object.keys(problemsOf(form)).length > 0) return;
    const name = form.release ? "StoreAndStart" : "Store";
    const answer = await command(form.id, name, { args: argsOf(form) });
    if (answer.status !== "done") return;
    dismiss(form.id);
    tell(text.orders.done(text.orders.actions[name], form.id));
    await refreshOrders();
    onClose();
    go({ query: { order: form.id } });
  };
  return (
    <Dialog title={text.create.title} onClose={onClose}>
      <form class="form" onSubmit={submit} noValidate>
        <Field label={text.create.place} problem={undefined} wide>
          <select value={form.place} onChange={(event) => {
              const chosen = event.currentTarget.value;
              change({ place: chosen, unit: centers.find(({ path }) => path === chosen)?.unit || form.unit });
            }}>
            {centers.map((center) => (
              <option key={center.path} value={center.path}>
                {center.path.split("/").slice(2).join(" › ")}
              </option>
            ))}
          </select>
        </Field>
        <Field label={text.create.id} problem={problems.id}>
          <input name="id" value={form.id} onInput={(event) => change({ id: event.currentTarget.value })} />
        </Field>
        <Field label={text.create.priority} hint={text.create.priorityHint} problem={problems.priority}>
          <input name="priority" inputMode="numeric" value={form.priority} onInput={(event) => change({ priority: event.currentTarget.value })} />
        </Field>
        <Field label={text.create.product} hint={text.create.productHint} problem={problems.product} wide>
          <input name="product" value={form.product} onInput={(event) => change({ product: event.currentTarget.value })} autofocus />
        </Field>
        <Field label={text.create.quantity} problem={problems.quantity}>
          <input name="quantity" inputMode="decimal" value={form.quantity} onInput={(event) => change({ quantity: event.currentTarget.value })} />
        </Field>
        <Field label={text.create.unit} problem={undefined}>
          <select value={form.unit} onChange={(event) => change({ unit: event.currentTarget.value })}>
            {[...new Set([form.unit, ...UNITS])].map((unit) => (
              <option key={unit} value={unit}>
                {unitSymbol(unit)}
              </option>
            ))}
          </select>
        </Field>
        <Field label={`${text.create.start} (${text.create.optional})`} problem={undefined}>
          <input type="datetime-local" value={form.start} onInput={(event) => change({ start: event.currentTarget.value })} />
        </Field>
        <Field label={`${text.create.end} (${text.create.optional})`} problem={problems.end}>
          <input type="datetime-local" value={form.end} onInput={(event) => change({ end: event.currentTarget.value })} />
        </Field>
        <label class="check wide">
          <input type="checkbox" checked={form.release} onChange={(event) => change({ release: event.currentTarget.checked })} />
          {text.create.release}
        </label>
        <IntentNews subject={form.id} />
        <footer class="dialog-foot wide">
          <button type="button" class="button large" onClick={onClose}>
            {text.create.cancel}
          </button>
          <button type="submit" class="button primary large" disabled={busy} aria-busy={busy}>
            {busy ? <span class="spinner" aria-hidden="true" /> : <Icon name="plus" size={18} />}
            {busy ? text.orders.busy.Store : form.release ? text.orders.actions.StoreAndStart : text.create.submit}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

/** @typedef {{ id: string, place: string, product: string, quantity: string, unit: string, priority: string, start: string, end: string, release: boolean }} Form */

/** @param {Form} form @returns {Partial<Record<"id" | "product" | "quantity" | "priority" | "end", string>>} */
function problemsOf(form) {
  /** @type {Partial<Record<"id" | "product" | "quantity" | "priority" | "end", string>>} */
  const found = {};
  if (!form.id.trim()) found.id = text.create.required;
  if (!form.product.trim()) found.product = text.create.required;
  if (!/^\d{1,12}([.,]\d{1,6})?$/.test(form.quantity.trim()) || Number(form.quantity.replace(",", ".")) <= 0) {
    found.quantity = text.create.positive;
  }
  if (!/^-?\d{1,5}$/.test(form.priority.trim())) found.priority = text.create.required;
  if (form.start && form.end && form.end < form.start) found.end = text.create.endBeforeStart;
  return found;
}

/** @param {Form} form @returns {Record<string, Json>} */
function argsOf(form) {
  return {
    place: form.place,
    work_master: form.product.trim(),
    quantity: { value: form.quantity.trim().replace(",", "."), unit: form.unit },
    priority: Number(form.priority),
    ...(form.start ? { planned_start: fromSiteTime(form.start, site.peek().timeZone) } : {}),
    ...(form.end ? { planned_end: fromSiteTime(form.end, site.peek().timeZone) } : {}),
  };
}
