// What has happened to a job order, newest first, in words.

import { useState } from "preact/hooks";
import { decimal, unitSymbol } from "../format.js";
import { text } from "../text/index.js";
import { Moment } from "../ui/parts.jsx";

/** @typedef {import("../types.d.ts").HistoryEntry} HistoryEntry */
/** @typedef {import("../types.d.ts").Json} Json */

const SHOWN_AT_FIRST = 24;

/** @param {{ history: readonly HistoryEntry[] }} props */
export function OrderHistory({ history }) {
  const [all, setAll] = useState(false);
  const newestFirst = history.toReversed();
  return (
    <>
      <ol class="history">
        {newestFirst.slice(0, all ? undefined : SHOWN_AT_FIRST).map((entry, index) => (
          <li key={`${entry.at} ${history.length - index}`} class={entry.to ? `o-${entry.to}` : ""}>
            <Moment at={entry.at} />
            <div>
              <b>{wordsOf(entry)}</b>
              {entry.from && entry.to && entry.from !== entry.to && (
                <span class="muted small">
                  {text.orders.states[entry.from]} → {text.orders.states[entry.to]}
                </span>
              )}
              {entry.actor && <span class="muted small">{text.orders.by(entry.actor)}</span>}
              {reasonOf(entry) && <q>{reasonOf(entry)}</q>}
            </div>
          </li>
        ))}
      </ol>
      {!all && history.length > SHOWN_AT_FIRST && (
        <button type="button" class="button" onClick={() => setAll(true)}>
          {text.work.order.historyAll(history.length)}
        </button>
      )}
    </>
  );
}

/** @param {HistoryEntry} entry */
function wordsOf({ type, cause, payload }) {
  const kind = text.events.types[type] ?? type;
  const causes = /** @type {Record<string, string>} */ (text.orders.causes);
  switch (type) {
    case "QuantityReported": {
      const counted = text.orders.counted(decimal(String(payload.good)), decimal(String(payload.scrap)));
      return typeof payload.reports === "number" ? `${counted} · ${text.orders.reports(payload.reports)}` : counted;
    }
    case "LaborReported":
      return text.orders.labor[payload.clock === "off" ? "off" : "on"](String(payload.person));
    case "JobResponse":
      return `${kind} · ${text.work.order.revision(Number(payload.revision))}`;
    case "JobOrderAmended":
      return `${kind}: ${amount(payload.from_quantity)} → ${amount(payload.quantity_ordered)}${payload.other ? ` · ${payload.other}` : ""}`;
    case "ReworkOrdered":
      return `${kind}: ${amount(payload.quantity)} · ${payload.rework_order}`;
    case "QuantityDeclared":
      return `${kind}: ${text.orders.counted(decimal(String(payload.good)), decimal(String(payload.scrap)))}`;
    default:
      return (cause && causes[cause]) || kind;
  }
}

/** @param {HistoryEntry} entry */
const reasonOf = ({ payload }) => [payload.reason, payload.held_for].find((each) => typeof each === "string" && each) ?? "";

/** @param {Json | undefined} quantity */
function amount(quantity) {
  if (!quantity || typeof quantity !== "object" || Array.isArray(quantity)) return "–";
  return `${decimal(String(quantity.value))} ${unitSymbol(String(quantity.unit))}`.trim();
}
