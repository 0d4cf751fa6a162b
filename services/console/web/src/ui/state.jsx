// How a state looks everywhere: shape, colour and word, never colour alone.

import { text } from "../text/index.js";
import { StateShape } from "./icons.jsx";

/** @typedef {import("../types.d.ts").StateName} StateName */
/** @typedef {import("../types.d.ts").Place} Place */

/** Worst first; the order of counts and legends. @type {readonly StateName[]} */
export const STATES = ["unplanned_stop", "blocked", "unknown", "setup", "running", "idle", "planned_stop"];

/** Machine words that say no more than the state itself. @type {Partial<Record<StateName, readonly string[]>>} */
const PLAIN = { running: ["Execute", "APT"], idle: ["Idle", "ADOT"], setup: ["AUST"], unplanned_stop: ["ADET"], planned_stop: ["PDOT"] };

/** @param {StateName | null} state */
export const stateName = (state) => text.states[state ?? "none"];

/** What stands behind the state: the machine's own word or the reason. @param {Place} place */
export function stateDetail(place) {
  if (place.stale) return text.quality.stale;
  if (place.reason) return text.reasons[place.reason] ?? place.reason;
  const plain = place.state ? PLAIN[place.state] : undefined;
  return place.detail && !plain?.includes(place.detail) ? place.detail : "";
}

/** @param {{ state: StateName | null, detail?: string, large?: boolean }} props */
export function StateBadge({ state, detail = "", large = false }) {
  return (
    <span class={`badge s-${state ?? "none"} ${large ? "badge-large" : ""}`} title={state ? text.statesLong[state] : undefined}>
      <StateShape state={state} size={large ? 20 : 14} />
      <span class="badge-word">{stateName(state)}</span>
      {detail && <span class="badge-detail">{detail}</span>}
    </span>
  );
}

/**
 * The states below a place as one bar, widest where most units are.
 *
 * @param {{ counts: Partial<Record<StateName, number>> }} props
 */
export function StateCounts({ counts }) {
  const present = STATES.filter((state) => counts[state]);
  const total = present.reduce((sum, state) => sum + (counts[state] ?? 0), 0);
  if (total === 0) return null;
  return (
    <div class="state-counts">
      <div class="state-bar" aria-hidden="true">
        {present.map((state) => (
          <span key={state} class={`s-${state}`} style={{ flexGrow: counts[state] }} />
        ))}
      </div>
      <ul class="state-list">
        {present.map((state) => (
          <li key={state} class={`s-${state}`}>
            <StateShape state={state} size={12} />
            <b>{counts[state]}</b> {stateName(state)}
          </li>
        ))}
      </ul>
    </div>
  );
}
