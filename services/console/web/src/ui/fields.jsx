// Parts of forms: a field with its label, hint and what is wrong with it; what became of a command that a form sent.

import { dismiss, intentOn } from "../model/commands.js";
import { text } from "../text/index.js";
import { Icon } from "./icons.jsx";

/** @typedef {import("preact").ComponentChildren} Children */

/** @param {{ label: string, hint?: string, problem?: string | undefined, wide?: boolean, children: Children }} props */
export function Field({ label, hint, problem, wide = false, children }) {
  return (
    <label class={`field ${wide ? "wide" : ""} ${problem ? "field-bad" : ""}`}>
      <span>{label}</span>
      {children}
      {problem ? <small class="field-problem">{problem}</small> : hint && <small class="muted">{hint}</small>}
    </label>
  );
}

/**
 * Silence and refusal of the command on a subject, with the reason; nothing while it is pending or done.
 *
 * @param {{ subject: string, can?: "dismiss" | "", testId?: string }} props
 */
export function IntentNews({ subject, can = "", testId = "intent-news" }) {
  const intent = intentOn(subject);
  if (!intent || intent.status === "pending" || intent.status === "done") return null;
  const silent = intent.status === "silent";
  const actions = /** @type {Record<string, string>} */ ({ ...text.orders.actions, ...text.work.actions });
  return (
    <div class={`notice wide ${silent ? "" : "notice-bad"}`} role="alert" data-testid={testId}>
      <Icon name={silent ? "clock" : "warning"} size={18} />
      <div>
        {!silent && <b>{text.orders.refused(actions[intent.name] ?? intent.name)}</b>}
        <span>{silent ? text.orders.silent : intent.message === "no_answer" ? text.orders.noAnswer : intent.message}</span>
      </div>
      {!silent && can === "dismiss" && (
        <button type="button" class="icon-button" aria-label={text.orders.dismiss} onClick={() => dismiss(subject)}>
          <Icon name="close" size={18} />
        </button>
      )}
    </div>
  );
}
