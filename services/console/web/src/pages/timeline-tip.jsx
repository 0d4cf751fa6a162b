// Words for what lies under the pointer.

import { reasonPath } from "../model/reasons.js";
import { site } from "../model/session.js";
import { KINDS, LOOKS } from "../model/strokes.js";
import { clock, length, percent } from "../format.js";
import { text } from "../text/index.js";
import { StateShape } from "../ui/icons.jsx";

/** @typedef {import("../model/strokes.js").Stroke} Stroke */

/** @param {{ unit: string, stroke: Stroke | null, at: number }} props */
export function TipWords({ unit, stroke, at }) {
  const zone = site.value.timeZone;
  const name = unit.split("/").at(-1);
  if (!stroke) {
    return (
      <p class="timeline-tip">
        <b>{name}</b> <span class="num">{clock(at, zone)}</span> <span class="muted">{text.oee.timeline.nothing}</span>
      </p>
    );
  }
  const [start, end, times, count, words] = stroke;
  const present = KINDS.filter((kind) => times[kind]).reverse();
  const total = end - start;
  return (
    <p class="timeline-tip">
      <b>{name}</b>{" "}
      <span class="num">
        {clock(start, zone)} – {clock(end, zone)}
      </span>{" "}
      <b class="num">{length(total)}</b>
      {count > 1 && <span class="muted">{text.oee.timeline.together(count)}</span>}
      {present.map((kind) => (
        <span key={kind} class="tip-kind">
          <StateShape state={LOOKS[kind] ?? "unknown"} size={13} />
          {text.oee.kinds[kind] ?? kind}
          {count > 1 ? ` ${percent((times[kind] ?? 0) / total, 1)}` : ""}
        </span>
      ))}
      {words && words !== "running" && <span>{text.oee.causes[words] ?? reasonPath(words).join(" › ")}</span>}
    </p>
  );
}
