// Reporting a quantity with gloves: large digits, plus keys, a reason to tap where units were not good, and one key that says what it does.

import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { dismiss, intentOn, isBusy } from "../model/commands.js";
import { byReason } from "../model/counts.js";
import { press, plus } from "../model/keypad.js";
import { defectReasons } from "../model/defects.js";
import { loadReasons, reasonName } from "../model/reasons.js";
import { Resource } from "../model/resource.js";
import { unitSymbol } from "../format.js";
import { text } from "../text/index.js";
import { IntentNews } from "../ui/fields.jsx";
import { Icon } from "../ui/icons.jsx";
import { Dialog } from "../ui/parts.jsx";
import { act } from "./act.js";

/** @typedef {import("../types.d.ts").WorkOrder} WorkOrder */
/** @typedef {import("../types.d.ts").CountRow} CountRow */
/** @typedef {"good" | "scrap" | "rework"} Kind */
/** @typedef {{ order: WorkOrder, command: "ReportQuantity" | "DeclareQuantity", kind: Kind }} Asked */

const KEYS = ["7", "8", "9", "4", "5", "6", "1", "2", "3", "0", ".", "erase"];
const MORE = [1, 10, 100];

/** @type {import("@preact/signals").Signal<Asked | null>} */
const asked = signal(/** @type {Asked | null} */ (null));

/** @param {WorkOrder} order @param {"ReportQuantity" | "DeclareQuantity"} command @param {Kind} kind */
export const askQuantity = (order, command, kind) => (asked.value = { order, command, kind });

export function QuantityPad() {
  const question = asked.value;
  return question && <Pad key={`${question.order.id} ${question.kind}`} question={question} />;
}

/** @param {{ question: Asked }} props */
function Pad({ question: { order, command, kind } }) {
  const [typed, setTyped] = useState("");
  const [takesAway, setTakesAway] = useState(false);
  const [reason, setReason] = useState("");
  const [problem, setProblem] = useState("");
  const words = text.work.operate;
  const unit = unitSymbol(order.unit);
  const busy = isBusy(order.id);
  const needsReason = kind !== "good" && command === "ReportQuantity" && !takesAway;
  const shown = `${takesAway ? "−" : ""}${typed || "0"} ${unit}`.trim();
  const close = () => {
    if (intentOn(order.id)?.status === "refused") dismiss(order.id);
    asked.value = null;
  };
  /** @param {string} next */
  const type = (next) => {
    setProblem("");
    setTyped(next);
  };
  const report = async () => {
    if (busy) return;
    if (!(Number(typed) > 0)) return setProblem(words.needsAmount);
    if (needsReason && !reason.trim()) return setProblem(words.needsReason);
    const amount = `${takesAway ? "-" : ""}${Number(typed)}`;
    const why = reason.trim() && kind !== "good" && command === "ReportQuantity" ? { [`${kind}_reason`]: reason.trim() } : {};
    const args = { [kind]: amount, unit: order.unit, ...why };
    if (await act(order.id, command, { args }, words.reported(`${shown} ${words[kind]}`))) asked.value = null;
    return undefined;
  };
  return (
    <Dialog title={`${words[kind]} · ${order.id}`} onClose={close} class="dialog-pad">
      <div class="pad" data-testid="quantity-pad">
        <output class={`pad-shown num ${takesAway ? "is-away" : ""}`}>
          {shown}
          {takesAway && <small>{words.correcting}</small>}
        </output>
        <div class="pad-more">
          {MORE.map((more) => (
            <button key={more} type="button" class="button" onClick={() => type(plus(typed, more))}>
              +{more}
            </button>
          ))}
          <button type="button" class="button" aria-pressed={takesAway} onClick={() => setTakesAway(!takesAway)}>
            {words.correct}
          </button>
        </div>
        <div class="pad-keys">
          {KEYS.map((key) => (
            <button
              key={key}
              type="button"
              class="button"
              data-key={key}
              aria-label={key === "erase" ? words.erase : undefined}
              onClick={() => type(press(typed, key))}
            >
              {key === "erase" ? <Icon name="erase" size={26} /> : key}
            </button>
          ))}
        </div>
        {kind !== "good" && command === "ReportQuantity" && (
          <Reasons
            order={order}
            kind={kind}
            chosen={reason}
            choose={(each) => {
              setProblem("");
              setReason(each);
            }}
          />
        )}
        {problem && (
          <p class="field-problem" role="alert">
            {problem}
          </p>
        )}
        <IntentNews subject={order.id} />
        <button type="button" class="button primary big-key" disabled={busy} aria-busy={busy} onClick={() => void report()} data-testid="report">
          {busy ? <span class="spinner" aria-hidden="true" /> : <Icon name="check" size={26} />}
          {busy ? text.work.busy[command] : words.will[kind](shown)}
        </button>
      </div>
    </Dialog>
  );
}

/** Reasons of the site for what is not good, those used at this order, and any other code. @param {{ order: WorkOrder, kind: "scrap" | "rework", chosen: string, choose: (reason: string) => void }} props */
function Reasons({ order, kind, chosen, choose }) {
  const [counts] = useState(() => /** @type {Resource<{ counts: CountRow[] }>} */ (new Resource()));
  useEffect(() => {
    void loadReasons();
    void counts.load(`/api/order-counts/${encodeURIComponent(order.id)}?buckets=1`);
  }, [order.id]);
  const used = byReason(counts.state.value.data?.counts ?? [], kind)
    .map(({ reason }) => reason)
    .filter(Boolean);
  const offered = [...new Set([...defectReasons.value.map(({ code }) => code), ...used])];
  const words = text.work.operate;
  return (
    <div class="pad-reasons" role="group" aria-label={words.reason}>
      <b>{words.reason}</b>
      <div class="choices">
        {offered.map((each) => (
          <button key={each} type="button" class="button" aria-pressed={chosen === each} onClick={() => choose(each)} data-reason={each}>
            {reasonName(each)}
          </button>
        ))}
      </div>
      <label class="field">
        <span>{words.otherReason}</span>
        <input name="reason" value={offered.includes(chosen) ? "" : chosen} maxLength={100} autocomplete="off" onInput={(event) => choose(event.currentTarget.value)} />
      </label>
    </div>
  );
}
