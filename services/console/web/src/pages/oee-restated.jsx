// What was restated: the figure it was, the figure it is, what changed in time and units, why, and the event that is superseded.

import { now } from "../model/clock.js";
import { linkTo } from "../model/router.js";
import { site } from "../model/session.js";
import { before } from "../model/trend.js";
import { DASH, duration, moment, percent, sensible } from "../format.js";
import { text } from "../text/index.js";

/** @typedef {import("../model/trend.js").Revision} Revision */

/** What was said before and is said now. @param {{ windows: { latest: Revision, all: Revision[] }[], place: string }} props */
export function Restated({ windows, place }) {
  const zone = site.value.timeZone;
  return (
    <section aria-label={text.oee.trend.restatements} data-testid="restatements">
      <h2 class="section-title">{text.oee.trend.restatements}</h2>
      {windows.length === 0 ? (
        <p class="muted small">{text.oee.trend.noRestatements}</p>
      ) : (
        <ol class="panel restated">
          {windows.flatMap(({ all }) =>
            all.map((revision) => {
              const was = before(revision);
              const is = revision.oee === null ? null : Number(revision.oee);
              return (
                <li key={`${revision.place} ${revision.start} ${revision.revision}`}>
                  <a href={linkTo({ place: revision.place.startsWith(place) ? revision.place : place, query: { show: "timeline", from: revision.start, to: revision.end } })}>
                    <span>
                      <b>{revision.place.split("/").at(-1)}</b>{" "}
                      <span class="muted">
                        {revision.date} {revision.shift}, {moment(revision.start, zone, now.value)}
                      </span>
                    </span>
                    <span>
                      {text.oee.trend.revision(revision.revision)} · {revision.why ?? ""}
                    </span>
                    <span class="num">
                      {was === null ? DASH : percent(was, 2)} → <b>{is === null ? DASH : percent(is, 2)}</b>{" "}
                      {was !== null && is !== null && <span class="muted">({signed((is - was) * 100)})</span>}
                    </span>
                    <span class="muted small num">{changes(revision)}</span>
                    <code class="muted" title={text.oee.trend.supersedes(revision.supersedes ?? "")}>
                      {revision.supersedes?.slice(0, 8) ?? ""}
                    </code>
                  </a>
                </li>
              );
            }),
          )}
        </ol>
      )}
    </section>
  );
}

/** What changed in time and units, in words. @param {Revision} revision */
function changes({ difference }) {
  if (!difference) return "";
  const times = /** @type {const} */ (["pbt", "apt", "aust", "adet", "adot"])
    .filter((name) => difference[`${name}_ms`] !== 0)
    .map((name) => `${name.toUpperCase()} ${difference[`${name}_ms`] < 0 ? "−" : "+"}${duration(Math.abs(difference[`${name}_ms`]))}`);
  if (difference.good !== 0) times.push(`${text.oee.good} ${signed(difference.good)}`);
  return times.join(", ");
}

/** @param {number} value */
const signed = (value) => `${value < 0 ? "−" : value > 0 ? "+" : "±"}${sensible(Math.abs(value))}`;
