// A stop and its parts: divided, joined, and where one ends.

import { reasonPath } from "../model/reasons.js";
import { site } from "../model/session.js";
import { clock, length } from "../format.js";
import { text } from "../text/index.js";

/** @typedef {{ end: number, code: string }} Part `end`: ms, exclusive; `code`: "" while none was chosen */

/** No part is shorter than this. */
export const SMALLEST_MS = 1000;

/** The stop as a bar of its parts. @param {{ parts: Part[], begin: number, finish: number, chosen: number, choose: (part: number) => void, merged: boolean }} props */
export function PartBar({ parts, begin, finish, chosen, choose, merged }) {
  return (
    <div class="part-bar">
      {parts.map((part, index) => {
        const start = startOf(parts, index, begin);
        const end = merged ? finish : part.end;
        return (
          <button
            key={index}
            type="button"
            class="part"
            aria-pressed={index === chosen}
            style={{ flexGrow: Math.max(end - start, (finish - begin) * 0.12) }}
            onClick={() => choose(index)}
          >
            <b>{part.code ? reasonPath(part.code).at(-1) : text.oee.classify.noReason}</b>
            <span class="num">{length(end - start)}</span>
          </button>
        );
      })}
    </div>
  );
}

/** Where the chosen part ends: moved in seconds, between its neighbours. @param {{ parts: Part[], chosen: number, begin: number, change: (parts: Part[]) => void }} props */
export function PartEnd({ parts, chosen, begin, change }) {
  const at = Math.min(chosen, parts.length - 2);
  const low = startOf(parts, at, begin) + SMALLEST_MS;
  const high = /** @type {Part} */ (parts[at + 1]).end - SMALLEST_MS;
  const end = /** @type {Part} */ (parts[at]).end;
  return (
    <label class="field field-inline">
      <span>{text.oee.classify.until(clock(end, site.value.timeZone))}</span>
      <input
        type="range"
        min={low}
        max={high}
        step={1000}
        value={end}
        onInput={(event) => {
          const next = Math.min(Math.max(Number(event.currentTarget.value), low), high);
          change(parts.map((part, index) => (index === at ? { ...part, end: next } : part)));
        }}
      />
    </label>
  );
}

/** @param {readonly Part[]} parts @param {number} index @param {number} begin */
export const startOf = (parts, index, begin) => (index === 0 ? begin : /** @type {Part} */ (parts[index - 1]).end);

/** @param {Part[]} parts @param {number} index @param {number} begin */
export function divided(parts, index, begin) {
  const part = /** @type {Part} */ (parts[index]);
  const start = startOf(parts, index, begin);
  const middle = start + Math.round((part.end - start) / 2000) * 1000;
  return [...parts.slice(0, index), { end: middle, code: part.code }, { end: part.end, code: "" }, ...parts.slice(index + 1)];
}

/** @param {Part[]} parts @param {number} index */
export function joined(parts, index) {
  const at = Math.min(index, parts.length - 2);
  const end = /** @type {Part} */ (parts[at + 1]).end;
  return [...parts.slice(0, at), { .../** @type {Part} */ (parts[at]), end }, ...parts.slice(at + 2)];
}
