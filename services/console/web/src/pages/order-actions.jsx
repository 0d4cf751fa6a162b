// What a person can do with a job order: offered by state and role, asked once where it cannot be undone, and answered.

import { signal } from "@preact/signals";
import { useState } from "preact/hooks";
import { command, dismiss, intentOn, isOpen, isSettling } from "../model/commands.js";
import { isHeard } from "../model/heard.js";
import { session } from "../model/session.js";
import { liveness } from "../model/stream.js";
import { decimal, unitSymbol } from "../format.js";
import { text } from "../text/index.js";
import { Icon } from "../ui/icons.jsx";
import { IntentNews } from "../ui/fields.jsx";
import { Dialog } from "../ui/parts.jsx";
import { tell } from "../ui/toasts.jsx";
import { refreshOrders } from "./orders.jsx";

/** @typedef {import("../types.d.ts").JobOrder} JobOrder */
/** @typedef {keyof typeof text.orders.actions} ActionName */

/** Actions by state, the usual one first. @type {Record<string, readonly ActionName[]>} */
const OFFERED = {
  NotAllowedToStart: ["Start", "Cancel", "Abort"],
  AllowedToStart: ["Begin", "RevokeStart", "Cancel", "Abort"],
  Running: ["Pause", "Complete", "Stop", "Abort"],
  Interrupted: ["Resume", "Stop", "Abort"],
  Ended: ["Clear"],
  Aborted: ["Clear"],
};

/** @type {Record<string, string>} */
const ICONS = {
  Start: "unlock",
  RevokeStart: "undo",
  Begin: "play",
  Pause: "pause",
  Resume: "play",
  Complete: "check",
  Stop: "stop",
  Abort: "ban",
  Cancel: "close",
  Clear: "check",
};

/** What moves an order on; these carry the accent. */
const ADVANCING = new Set(["Start", "Begin", "Resume"]);
/** What a held order may not. */
const RUNS = new Set(["Begin", "Resume"]);
const DANGEROUS = new Set(["Stop", "Abort", "Cancel"]);

/** The action that waits for a yes. @type {import("@preact/signals").Signal<{ name: "Stop" | "Abort" | "Cancel" | "Complete", order: JobOrder } | null>} */
const asked = signal(/** @type {{ name: "Stop" | "Abort" | "Cancel" | "Complete", order: JobOrder } | null} */ (null));

/** @param {JobOrder} order @returns {ActionName[]} what this person may do with the order as it is */
export function actionsFor(order) {
  const mine = session.value?.commands ?? [];
  return (OFFERED[order.state] ?? []).filter(
    (name) => mine.includes(`work_order/${name}`) && order.possible.includes(name) && !(order.hold && RUNS.has(name)),
  );
}

/** @param {JobOrder} order @param {ActionName} name */
export function decide(order, name) {
  if (isSettling(order.id)) return;
  const short = name === "Complete" && order.ordered !== null && Number(order.good) < Number(order.ordered.value);
  if (DANGEROUS.has(name) || short) asked.value = { name: /** @type {"Stop"} */ (name), order };
  else void send(order, name);
}

/** @param {JobOrder} order @param {ActionName} name */
async function send(order, name) {
  const answer = await command(order.id, name, { version: order.version });
  await refreshOrders();
  if (answer.status !== "done") return;
  tell(text.orders.done(text.orders.actions[name], order.id));
  dismiss(order.id);
}

/**
 * Buttons of an order: `primary` ones large, the others behind "more" or, in the panel, all of them.
 *
 * @param {{ order: JobOrder, all?: boolean, primary?: number }} props
 */
export function OrderActions({ order, all = false, primary = 2 }) {
  const offered = actionsFor(order);
  const [open, setOpen] = useState(false);
  const intent = intentOn(order.id);
  const busy = isOpen(intent);
  const off = liveness.value !== "live" || isSettling(order.id) || !isHeard(order.workCenter);
  const inSight = all ? offered : offered.slice(0, primary);
  const behind = all ? [] : offered.slice(primary);
  if (offered.length === 0) return null;
  return (
    <div class={`actions ${all ? "actions-all" : ""}`}>
      {inSight.map((name, index) => (
        <ActionButton
          key={name}
          name={name}
          order={order}
          kind={DANGEROUS.has(name) ? "danger" : index === 0 && ADVANCING.has(name) ? (all || primary > 1 ? "primary" : "tonal") : ""}
          running={busy && intent?.name === name}
          disabled={busy || off}
        />
      ))}
      {behind.length > 0 && (
        <div class="more" onFocusOut={(event) => !within(event) && setOpen(false)}>
          <button type="button" class="button square" aria-label={text.orders.more} aria-expanded={open} disabled={busy || off} onClick={() => setOpen(!open)}>
            <Icon name="more" />
          </button>
          {open && (
            <div class="menu">
              {behind.map((name) => (
                <button
                  key={name}
                  type="button"
                  class={`menu-item ${DANGEROUS.has(name) ? "danger" : ""}`}
                  onClick={() => {
                    setOpen(false);
                    decide(order, name);
                  }}
                >
                  <Icon name={ICONS[name] ?? "check"} size={18} />
                  {text.orders.actions[name]}
                </button>
              ))}
            </div>
          )}
        </div>
      )}
    </div>
  );
}

/** @param {FocusEvent} event */
const within = (event) =>
  event.currentTarget instanceof Element && event.relatedTarget instanceof Node && event.currentTarget.contains(event.relatedTarget);

/** @param {{ name: ActionName, order: JobOrder, kind: string, running: boolean, disabled: boolean }} props */
function ActionButton({ name, order, kind, running, disabled }) {
  return (
    <button
      type="button"
      class={`button ${kind}`}
      disabled={disabled}
      aria-busy={running}
      data-action={name}
      onClick={() => decide(order, name)}
    >
      {running ? <span class="spinner" aria-hidden="true" /> : <Icon name={ICONS[name] ?? "check"} size={18} />}
      {running ? text.orders.busy[name] : text.orders.actions[name]}
    </button>
  );
}

/** What became of the last action on the order: asked again, or refused with the reason. @param {{ order: JobOrder }} props */
export const ActionNews = ({ order }) => <IntentNews subject={order.id} can="dismiss" testId="action-news" />;

/** Asks once before what cannot be undone, and names what will happen. */
export function ConfirmAction() {
  const question = asked.value;
  if (!question) return null;
  const { name, order } = question;
  const words = text.confirm[name];
  const place = order.workCenter.split("/").at(-1) ?? order.workCenter;
  const unit = order.ordered ? ` ${unitSymbol(order.ordered.unit)}` : "";
  const ordered = order.ordered ? ` ${text.orders.of(decimal(order.ordered.value))}` : "";
  const close = () => (asked.value = null);
  return (
    <Dialog title={words.title(order.id)} onClose={close} class="dialog-confirm">
      <p>{words.text(place, `${decimal(order.good)}${ordered}${unit}`)}</p>
      <footer class="dialog-foot">
        <button type="button" class="button large" onClick={close} autofocus>
          {text.confirm.keep}
        </button>
        <button
          type="button"
          class={`button large ${name === "Complete" ? "primary" : "danger solid"}`}
          data-testid="confirm"
          onClick={() => {
            close();
            void send(order, name);
          }}
        >
          <Icon name={ICONS[name] ?? "check"} size={18} />
          {words.action}
        </button>
      </footer>
    </Dialog>
  );
}
