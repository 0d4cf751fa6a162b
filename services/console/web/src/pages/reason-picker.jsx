// The tree of reasons, one level at a time, with a search over all of it.

import { useState } from "preact/hooks";
import { byCode, reasonPath, reasonsBelow } from "../model/reasons.js";
import { text } from "../text/index.js";
import { Icon } from "../ui/icons.jsx";

/** @typedef {import("../model/reasons.js").Reason} Reason */

/** @param {{ tree: readonly Reason[], code: string, choose: (code: string) => void, bad: boolean }} props */
export function ReasonPicker({ tree, code, choose, bad }) {
  const [above, setAbove] = useState(byCode.value.get(code)?.parents.at(-1) ?? "");
  const [query, setQuery] = useState("");
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const found = tree.filter(
    (reason) => !reason.retired && words.every((word) => `${reason.code} ${reasonPath(reason.code).join(" ")}`.toLowerCase().includes(word)),
  );
  const shown = words.length > 0 ? found : reasonsBelow(above);
  const trail = above ? [...(byCode.value.get(above)?.parents ?? []), above] : [];
  return (
    <fieldset class={`reasons ${bad ? "reasons-bad" : ""}`}>
      <legend>{text.oee.classify.reason}</legend>
      <label class="search search-small">
        <Icon name="search" size={16} />
        <input type="search" value={query} placeholder={text.oee.classify.search} aria-label={text.oee.classify.search} onInput={(event) => setQuery(event.currentTarget.value)} />
      </label>
      {words.length === 0 && (
        <nav class="reason-trail" aria-label={text.oee.classify.reason}>
          <button type="button" onClick={() => setAbove("")} aria-current={above === "" ? "true" : undefined}>
            {text.oee.classify.all}
          </button>
          {trail.map((step) => (
            <button key={step} type="button" onClick={() => setAbove(step)} aria-current={step === above ? "true" : undefined}>
              <Icon name="chevron" size={14} />
              {byCode.value.get(step)?.name ?? step}
            </button>
          ))}
        </nav>
      )}
      <ul class="reason-list">
        {shown.map((reason) => {
          const below = reasonsBelow(reason.code).length;
          return (
            <li key={reason.code}>
              <button type="button" class="reason" aria-pressed={reason.code === code} data-reason={reason.code} onClick={() => choose(reason.code)}>
                <span class="reason-mark" aria-hidden="true" />
                <span>
                  <b>{reason.name}</b>
                  <span class="muted small">{words.length > 0 ? reasonPath(reason.code).slice(0, -1).join(" › ") : reason.code}</span>
                </span>
                {reason.element === "PDOT" && <span class="chip">{text.oee.classify.planned}</span>}
              </button>
              {below > 0 && words.length === 0 && (
                <button type="button" class="button reason-deeper" aria-label={text.oee.classify.below(reason.name)} onClick={() => setAbove(reason.code)}>
                  {below}
                  <Icon name="chevron" size={16} />
                </button>
              )}
            </li>
          );
        })}
        {shown.length === 0 && <li class="muted">{tree.length === 0 ? text.oee.classify.noTree : text.oee.classify.noMatch}</li>}
      </ul>
    </fieldset>
  );
}
