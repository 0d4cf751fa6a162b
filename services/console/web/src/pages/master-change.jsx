// What a supervisor does with a version: make it effective, retire it. Neither can be undone, so each is asked once.

import { signal } from "@preact/signals";
import { intentOn, isBusy, isOpen } from "../model/commands.js";
import { changeOf } from "../model/masters.js";
import { may, session } from "../model/session.js";
import { liveness } from "../model/stream.js";
import { text } from "../text/index.js";
import { IntentNews } from "../ui/fields.jsx";
import { Icon } from "../ui/icons.jsx";
import { Dialog } from "../ui/parts.jsx";
import { act } from "./act.js";

/** @typedef {import("../types.d.ts").WorkMaster} WorkMaster */
/** @typedef {NonNullable<ReturnType<typeof changeOf>>} Change */
/** @typedef {{ name: Change, id: string, version: number, inForce: number | null }} Asked */

/** @type {import("@preact/signals").Signal<Asked | null>} */
const asked = signal(/** @type {Asked | null} */ (null));

/** @param {{ id: string, version: WorkMaster, inForce: number | null, off: boolean }} props */
export function MasterChange({ id, version, inForce, off }) {
  const name = changeOf(version.state);
  const intent = intentOn(id);
  if (name === null) return null;
  if (!may(name)) return session.value ? <span class="muted small master-needs">{text.masters.needs}</span> : null;
  const retires = name === "RetireWorkMaster";
  const running = isOpen(intent);
  return (
    <div class="master-change">
      <button
        type="button"
        class={`button ${retires ? "danger" : "primary"}`}
        disabled={off || isBusy(id) || liveness.value !== "live"}
        aria-busy={running}
        onClick={() => (asked.value = { name, id, version: version.version, inForce })}
        data-action={name}
      >
        {running ? <span class="spinner" aria-hidden="true" /> : <Icon name={retires ? "ban" : "check"} size={18} />}
        {running ? text.work.busy[name] : `${text.work.actions[name]}…`}
      </button>
      <IntentNews subject={id} can="dismiss" testId="master-news" />
    </div>
  );
}

/** Asks once, and names what will happen. */
export function ConfirmMaster() {
  const question = asked.value;
  if (!question) return null;
  const { name, id, version, inForce } = question;
  const words = text.masters.confirm[name];
  const close = () => (asked.value = null);
  return (
    <Dialog title={words.title(id, version)} onClose={close} class="dialog-confirm">
      <p>{words.now(inForce)}</p>
      <footer class="dialog-foot">
        <button type="button" class="button large" onClick={close} autofocus>
          {text.confirm.keep}
        </button>
        <button
          type="button"
          class={`button large ${name === "RetireWorkMaster" ? "danger solid" : "primary"}`}
          data-testid="confirm"
          onClick={() => {
            close();
            void act(id, name, { args: { version } }, text.masters.done[name](id, version));
          }}
        >
          {words.action}
        </button>
      </footer>
    </Dialog>
  );
}
