// The versions of a work master side by side: which is in force, when each is effective; choose one, compare with another.

import { now } from "../model/clock.js";
import { standingOf } from "../model/masters.js";
import { linkTo } from "../model/router.js";
import { text } from "../text/index.js";
import { Icon } from "../ui/icons.jsx";
import { Moment } from "../ui/parts.jsx";

/** @typedef {import("../types.d.ts").MasterVersion} MasterVersion */
/** @typedef {import("../model/masters.js").Standing} Standing */

/** @type {Record<Standing, { kind: string, icon: string }>} */
const LOOKS = {
  inForce: { kind: "chip-good", icon: "check" },
  coming: { kind: "", icon: "clock" },
  expired: { kind: "", icon: "stop" },
  superseded: { kind: "", icon: "undo" },
  stored: { kind: "chip-warn", icon: "unlock" },
  retired: { kind: "", icon: "ban" },
};

/** @param {{ standing: Standing }} props */
export const StandingChip = ({ standing }) => (
  <span class={`chip ${LOOKS[standing].kind}`} title={text.masters.standingLong[standing]} data-standing={standing}>
    <Icon name={LOOKS[standing].icon} size={14} />
    {text.masters.standing[standing]}
  </span>
);

/** From when until when. @param {{ of: { effectiveFrom: string | null, effectiveUntil: string | null } }} props */
export function Effective({ of: { effectiveFrom, effectiveUntil } }) {
  const words = text.masters;
  if (!effectiveFrom && !effectiveUntil) return <span class="muted">{words.always}</span>;
  return (
    <span class="effective">
      {effectiveFrom && (
        <span>
          {words.from} <Moment at={effectiveFrom} />
        </span>
      )}{" "}
      {effectiveUntil && (
        <span>
          {words.until} <Moment at={effectiveUntil} />
        </span>
      )}
    </span>
  );
}

/** @param {{ id: string, versions: readonly MasterVersion[], inForce: number | null, shown: number, against: number | null }} props */
export function MasterVersions({ id, versions, inForce, shown, against }) {
  const words = text.masters;
  /** @param {number} version @param {number | null} other */
  const link = (version, other) => linkTo({ query: { master: id, version: String(version), ...(other && other !== version ? { against: String(other) } : {}) } });
  return (
    <ol class="versions">
      {versions.map((each) => {
        const isShown = each.version === shown;
        const isAgainst = each.version === against;
        return (
          <li key={each.version} class={`version ${isShown ? "is-shown" : ""} ${isAgainst ? "is-against" : ""}`} data-version={each.version}>
            <a class="version-main" href={link(each.version, against)} aria-current={isShown ? "true" : undefined}>
              <b>{words.versionOf(each.version)}</b>
              <StandingChip standing={standingOf(each, inForce, now.value)} />
              <span class="small">
                <Effective of={each} />
              </span>
              <span class="muted small">{words.operationCount(each.operationCount)}</span>
            </a>
            {!isShown && (
              <a class="version-compare" href={link(shown, isAgainst ? null : each.version)} aria-pressed={isAgainst} role="button" data-compare={each.version}>
                <Icon name={isAgainst ? "close" : "split"} size={15} />
                {words.compare}
              </a>
            )}
          </li>
        );
      })}
    </ol>
  );
}
