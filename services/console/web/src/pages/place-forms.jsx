// The dialogs of commands on a work center: make it not available, with a reason; give its list back to the rule.

import { signal } from "@preact/signals";
import { useState } from "preact/hooks";
import { dismiss, intentOn, isOpen } from "../model/commands.js";
import { text } from "../text/index.js";
import { Field, IntentNews } from "../ui/fields.jsx";
import { Dialog } from "../ui/parts.jsx";
import { act } from "./act.js";

/** @typedef {import("../types.d.ts").BoardCenter} BoardCenter */
/** @typedef {{ name: "SetAvailability" | "Resequence", center: BoardCenter }} Asked */

/** @type {import("@preact/signals").Signal<Asked | null>} */
const asked = signal(/** @type {Asked | null} */ (null));

/** @param {BoardCenter} center */
export const askToWithdraw = (center) => (asked.value = { name: "SetAvailability", center });

/** @param {BoardCenter} center */
export const askForRule = (center) => (asked.value = { name: "Resequence", center });

/** The open dialog; each page that offers these commands has it once. */
export function PlaceForm() {
  const question = asked.value;
  return question && <Form key={`${question.name} ${question.center.place}`} question={question} />;
}

/** @param {{ question: Asked }} props */
function Form({ question }) {
  const { name, center } = question;
  const [reason, setReason] = useState("");
  const [checked, setChecked] = useState(false);
  const withdraws = name === "SetAvailability";
  const words = text.work.dispatch;
  const label = center.place.split("/").at(-1) ?? center.place;
  const busy = isOpen(intentOn(center.place));
  const problem = checked && withdraws && !reason.trim() ? text.work.form.required : undefined;
  const close = () => {
    if (intentOn(center.place)?.status === "refused") dismiss(center.place);
    asked.value = null;
  };
  /** @param {Event} event */
  const submit = async (event) => {
    event.preventDefault();
    setChecked(true);
    if (busy || (withdraws && !reason.trim())) return;
    /** @type {Record<string, import("../types.d.ts").Json>} */
    const args = withdraws ? { available: false } : { job_orders: [] };
    const done = withdraws ? words.withdrawn(label) : undefined;
    if (await act(center.place, name, { version: center.version, args, reason: reason.trim() }, done)) asked.value = null;
  };
  return (
    <Dialog title={withdraws ? words.withdrawTitle(label) : words.byRuleTitle(label)} onClose={close} class="dialog-command">
      <form class="form" onSubmit={submit} noValidate>
        <p class="wide dialog-lead">{withdraws ? words.withdrawText : words.byRuleText}</p>
        {withdraws && (
          <Field label={text.work.form.reason} hint={text.work.form.reasonHint} problem={problem} wide>
            <input name="reason" value={reason} maxLength={500} autofocus onInput={(event) => setReason(event.currentTarget.value)} />
          </Field>
        )}
        <IntentNews subject={center.place} />
        <footer class="dialog-foot wide">
          <button type="button" class="button large" onClick={close}>
            {text.work.form.keep}
          </button>
          <button type="submit" class={`button large ${withdraws ? "danger solid" : "primary"}`} disabled={busy} aria-busy={busy} data-testid="confirm">
            {busy && <span class="spinner" aria-hidden="true" />}
            {busy ? text.work.busy[name] : withdraws ? text.work.form.SetAvailability.action : words.byRule}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
