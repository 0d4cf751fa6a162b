// The dialogs of commands that need more than a yes: hold with a reason, another quantity, split, take over, rework. Each says what
// will happen, stays open until the service has answered, and shows a refusal where it was asked.

import { signal } from "@preact/signals";
import { useState } from "preact/hooks";
import { dismiss, intentOn, isBusy, isOpen } from "../model/commands.js";
import { amountOf, argsOf, mergeable, problemsOf, reworkable } from "../model/forms.js";
import { allPlaces } from "../model/namespace.js";
import { session, site } from "../model/session.js";
import { decimal, fromSiteTime, unitSymbol } from "../format.js";
import { text } from "../text/index.js";
import { Field, IntentNews } from "../ui/fields.jsx";
import { Dialog } from "../ui/parts.jsx";
import { act } from "./act.js";

/** @typedef {import("../types.d.ts").WorkOrder} WorkOrder */
/** @typedef {import("../types.d.ts").WholeOrder} WholeOrder */
/** @typedef {import("../model/forms.js").FormName} FormName */
/** @typedef {import("../model/forms.js").Values} Values */
/** @typedef {{ name: FormName, order: WorkOrder & Partial<WholeOrder>, others: readonly WorkOrder[] }} Asked */

/** @type {import("@preact/signals").Signal<Asked | null>} */
const asked = signal(/** @type {Asked | null} */ (null));

/** Open the dialog of a command. @param {FormName} name @param {WorkOrder & Partial<WholeOrder>} order @param {readonly WorkOrder[]} [others] of its work request */
export function askFor(name, order, others = []) {
  if (intentOn(order.id)?.status === "refused") dismiss(order.id);
  asked.value = { name, order, others };
}

/** The open dialog; each page that offers these commands has it once. */
export function OrderForm() {
  const question = asked.value;
  return question && <Form key={`${question.name} ${question.order.id}`} question={question} />;
}

/** @param {{ question: Asked }} props */
function Form({ question }) {
  const { name, order } = question;
  const [values, setValues] = useState(() => firstValues(question));
  const [checked, setChecked] = useState(false);
  const problems = checked ? problemsOf(name, order, values) : {};
  const words = text.work.form[name];
  const busy = isOpen(intentOn(order.id));
  const off = isBusy(order.id);
  const close = () => {
    if (intentOn(order.id)?.status === "refused") dismiss(order.id);
    asked.value = null;
  };
  /** @param {Partial<Values>} change */
  const change = (change) => setValues({ ...values, ...change });
  /** @param {Event} event */
  const submit = async (event) => {
    event.preventDefault();
    setChecked(true);
    if (off || Object.keys(problemsOf(name, order, values)).length > 0) return;
    const args = argsOf(name, order, values, (local) => fromSiteTime(local, site.peek().timeZone));
    const version = name === "ClockOn" ? null : order.version;
    if (await act(order.id, name, { version, args, reason: values.reason.trim() })) asked.value = null;
  };
  return (
    <Dialog title={words.title(order.id)} onClose={close} class="dialog-command">
      <form class="form" onSubmit={submit} noValidate data-testid="command-form">
        <Explained question={question} values={values} />
        <Fields question={question} values={values} change={change} problems={problems} />
        {problems.form && <p class="field-problem wide">{problems.form}</p>}
        <IntentNews subject={order.id} />
        <footer class="dialog-foot wide">
          <button type="button" class="button large" onClick={close}>
            {text.work.form.keep}
          </button>
          <button type="submit" class={`button large ${name === "Hold" ? "danger solid" : "primary"}`} disabled={off} aria-busy={busy} data-testid="confirm">
            {busy && <span class="spinner" aria-hidden="true" />}
            {busy ? text.work.busy[name] : words.action}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

/** What will happen, in a sentence. @param {{ question: Asked, values: Values }} props */
function Explained({ question, values }) {
  const { name, order } = question;
  const unit = unitSymbol(order.unit);
  const amount = (/** @type {number | string} */ value) => `${decimal(String(value))} ${unit}`.trim();
  const form = text.work.form;
  const sentence = {
    Hold: () => (order.state === "Running" ? form.Hold.running : form.Hold.waiting),
    Release: () => form.Release.text(order.hold ?? ""),
    Amend: () => form.Amend.text(amount(Number(order.good) + Number(order.scrap))),
    Update: () => form.Update.text,
    Split: () => {
      const part = amountOf(values.quantity);
      const keeps = Number(order.ordered?.value ?? 0) - Number(part ?? 0);
      return part === null || keeps <= 0
        ? form.Split.text(amount(order.remaining))
        : form.Split.will(order.id, amount(keeps), values.into, amount(part), nameOf(values.place || order.workCenter));
    },
    Merge: () => form.Merge.text,
    Rework: () => form.Rework.text(amount(reworkable(order))),
    Reconcile: () => form.Reconcile.text(amount(order.good), amount(order.declaredGood ?? "0")),
    ClockOn: () => "",
  }[name]();
  return sentence ? <p class="wide dialog-lead">{sentence}</p> : null;
}

/** @param {{ question: Asked, values: Values, change: (change: Partial<Values>) => void, problems: import("../model/forms.js").Problems }} props */
function Fields({ question, values, change, problems }) {
  const { name, order, others } = question;
  const form = text.work.form;
  const optional = (/** @type {string} */ label) => `${label} (${form.optional})`;
  /** @param {keyof Values} key @param {Record<string, unknown>} [more] */
  const input = (key, more = {}) => (
    <input name={key} value={values[key]} onInput={(event) => change({ [key]: event.currentTarget.value })} {...more} />
  );
  const quantity = (/** @type {string} */ label) => (
    <Field label={`${label}, ${unitSymbol(order.unit) || order.unit}`} problem={problems.quantity}>
      {input("quantity", { inputMode: "decimal", autofocus: true })}
    </Field>
  );
  const reason = (
    <Field label={name === "Hold" ? form.reason : optional(form.reason)} hint={form.reasonHint} problem={problems.reason} wide>
      {input("reason", { maxLength: 500, autofocus: name === "Hold" })}
    </Field>
  );
  const into = (
    <Field label={form.into} problem={problems.into}>
      {input("into")}
    </Field>
  );
  const place = (
    <Field label={form.place} wide>
      <select name="place" value={values.place} onChange={(event) => change({ place: event.currentTarget.value })}>
        {workCenters().map((center) => (
          <option key={center.path} value={center.path}>
            {center.path.split("/").slice(2).join(" › ")}
          </option>
        ))}
      </select>
    </Field>
  );
  switch (name) {
    case "Hold":
      return (
        <>
          <div class="wide choices" role="group" aria-label={form.reason}>
            {form.holdReasons.map((each) => (
              <button key={each} type="button" class="button" aria-pressed={values.reason === each} onClick={() => change({ reason: each })}>
                {each}
              </button>
            ))}
          </div>
          {reason}
        </>
      );
    case "Amend":
      return (
        <>
          {order.ordered && quantity(form.quantity)}
          <Field label={optional(form.due)}>{input("due", { type: "datetime-local" })}</Field>
          {reason}
        </>
      );
    case "Update":
      return (
        <>
          <Field label={form.priority} hint={form.priorityHint} problem={problems.priority} wide>
            {input("priority", { inputMode: "numeric", autofocus: true })}
          </Field>
          <Field label={optional(form.start)}>{input("start", { type: "datetime-local" })}</Field>
          <Field label={optional(form.end)}>{input("end", { type: "datetime-local" })}</Field>
        </>
      );
    case "Split":
    case "Rework":
      return (
        <>
          {quantity(form.quantity)}
          {into}
          {place}
          {reason}
        </>
      );
    case "Merge": {
      const possible = mergeable(order, others);
      return possible.length === 0 ? (
        <p class="notice wide">{form.noOther}</p>
      ) : (
        <>
          <Field label={form.other} problem={problems.other} wide>
            <select name="other" value={values.other} onChange={(event) => change({ other: event.currentTarget.value })}>
              {possible.map((each) => (
                <option key={each.id} value={each.id}>
                  {each.id} · {decimal(each.remaining)} {unitSymbol(each.unit)} · {nameOf(each.workCenter)}
                </option>
              ))}
            </select>
          </Field>
          {reason}
        </>
      );
    }
    case "Reconcile":
      return (
        <div class="wide choices" role="group">
          {/** @type {const} */ ([["counted", form.keepCounted], ["declared", form.keepDeclared]]).map(([keep, words]) => (
            <button key={keep} type="button" class="button large" aria-pressed={values.keep === keep} onClick={() => change({ keep })}>
              {words}
            </button>
          ))}
        </div>
      );
    case "ClockOn":
      return (
        <Field label={text.work.operate.person} problem={problems.person} wide>
          {input("person", { autofocus: true, autocomplete: "off" })}
        </Field>
      );
    default:
      return reason;
  }
}

/** @param {Asked} question @returns {Values} */
function firstValues({ name, order, others }) {
  const taken = new Set(others.map(({ id }) => id));
  const suffix = name === "Rework" ? "R" : "";
  let number = 1;
  while (taken.has(`${order.id}-${suffix}${number}`)) number += 1;
  return {
    reason: "",
    quantity: name === "Amend" ? (order.ordered?.value ?? "") : name === "Rework" ? String(reworkable(order)) : "",
    due: "",
    priority: String(order.priority),
    start: "",
    end: "",
    into: `${order.id}-${suffix}${number}`,
    place: order.workCenter,
    other: mergeable(order, others)[0]?.id ?? "",
    keep: "",
    person: name === "ClockOn" ? (session.peek()?.user.id ?? "") : "",
  };
}

const workCenters = () =>
  allPlaces()
    .filter(({ level }) => level === "WorkCenter")
    .sort((a, b) => a.order - b.order);

/** @param {string} path */
const nameOf = (path) => path.split("/").at(-1) ?? path;
