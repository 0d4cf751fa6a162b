// OEE as it is now: the index, what it is made of, where the time went, for every line and unit in sight.

import { useState } from "preact/hooks";
import { allPlaces, metricAt, metricsVersion, placeAt } from "../model/namespace.js";
import { linkTo } from "../model/router.js";
import { DASH, duration, percent, sensible } from "../format.js";
import { text } from "../text/index.js";
import { Icon, StateShape } from "../ui/icons.jsx";
import { Bar, Empty } from "../ui/parts.jsx";
import { stateDetail, stateName } from "../ui/state.jsx";

/** @typedef {import("../types.d.ts").Place} Place */

const PARTS = /** @type {const} */ ([
  ["Availability", "availability"],
  ["Effectiveness", "effectiveness"],
  ["QualityRatio", "quality"],
]);
const TIMES = /** @type {const} */ (["APT", "AUST", "ADET", "ADOT"]);

/** @param {{ place: string }} props */
export function OeeNow({ place }) {
  const [worstFirst, setWorstFirst] = useState(false);
  metricsVersion.value;
  const within = allPlaces()
    .filter(({ path }) => path === place || path.startsWith(`${place}/`))
    .filter(({ path }) => metricAt(path, "OEE/OEE") !== undefined)
    .sort((a, b) => a.order - b.order);
  if (within.length === 0) return <Empty icon="oee" title={text.oee.none} hint={text.oee.noneHint} />;
  const centers = within.filter(({ level }) => level === "WorkCenter");
  const units = within.filter(({ level }) => level !== "WorkCenter");
  if (worstFirst) units.sort((a, b) => oeeOf(a.path) - oeeOf(b.path));
  return (
    <div class="oee-now">
      {centers.length > 0 && (
        <section aria-label={text.oee.lines}>
          <h2 class="section-title">{text.oee.lines}</h2>
          <div class="tiles tiles-wide">
            {centers.map((center) => (
              <OeeTile key={center.path} place={center} wide />
            ))}
          </div>
        </section>
      )}
      {units.length > 0 && (
        <section aria-label={text.oee.units}>
          <div class="section-head">
            <h2 class="section-title">{text.oee.units}</h2>
            <div class="segmented" role="group" aria-label={text.oee.units}>
              <button type="button" aria-pressed={!worstFirst} onClick={() => setWorstFirst(false)}>
                {text.oee.sort.place}
              </button>
              <button type="button" aria-pressed={worstFirst} onClick={() => setWorstFirst(true)}>
                {text.oee.sort.worst}
              </button>
            </div>
          </div>
          <div class="tiles">
            {units.map((unit) => (
              <OeeTile key={unit.path} place={unit} />
            ))}
          </div>
        </section>
      )}
    </div>
  );
}

/** @param {{ place: Place, wide?: boolean }} props */
export function OeeTile({ place: listed, wide = false }) {
  const place = placeAt(listed.path) ?? listed;
  const { path } = place;
  const oee = numberAt(path, "OEE");
  const reason = textAt(path, "Reason");
  const shift = textAt(path, "Shift");
  const completeness = numberAt(path, "Completeness");
  const stale = (metricAt(path, "OEE/OEE")?.quality ?? 192) !== 192;
  const trail = path.split("/").slice(2, -1).join(" › ");
  return (
    <a class={`card tile s-${place.shown ?? "none"} ${stale ? "card-stale" : ""}`} href={linkTo({ view: "place", place: path })} data-place={path}>
      <div class="card-head">
        <StateShape state={place.shown} size={20} />
        <div>
          <b class="card-name">{place.name}</b>
          <span class="card-sub">{trail}</span>
        </div>
        <span class="tile-state">
          {stateName(place.shown)}
          {place.state && stateDetail(place) && <small>{stateDetail(place)}</small>}
        </span>
      </div>
      <div class="tile-main">
        <div class={`tile-oee ${stale ? "is-stale" : ""}`}>
          <b class="num">{oee === null ? DASH : percent(oee)}</b>
          <span>{text.oee.oee}</span>
        </div>
        {oee === null ? (
          <p class="tile-reason">{reason || text.oee.undefined}</p>
        ) : (
          <dl class="tile-parts">
            {PARTS.map(([metric, key]) => (
              <Part key={metric} label={text.oee[key]} ratio={numberAt(path, metric)} />
            ))}
          </dl>
        )}
      </div>
      {wide && oee !== null && <Times path={path} />}
      <footer class="tile-foot">
        {shift && <span>{text.oee.shift(shift)}</span>}
        <Counts path={path} />
        {completeness !== null && completeness < 0.995 && (
          <span class="chip chip-warn">{text.oee.completeness(percent(completeness, 0))}</span>
        )}
      </footer>
    </a>
  );
}

/** @param {{ label: string, ratio: number | null }} props */
function Part({ label, ratio }) {
  const over = ratio !== null && ratio > 1;
  return (
    <div title={over ? text.oee.over : undefined}>
      <dt>{label}</dt>
      <dd class="num">
        {percent(ratio)}
        {over && <Icon name="warning" size={14} />}
      </dd>
      <Bar ratio={ratio ?? 0} label={`${label} ${percent(ratio)}`} />
    </div>
  );
}

/** Where the planned busy time went, as one bar. @param {{ path: string }} props */
function Times({ path }) {
  const times = TIMES.map((name) => ({ name, ms: numberAt(path, name) ?? 0 })).filter(({ ms }) => ms > 0);
  if (times.length === 0) return null;
  return (
    <div class="times" aria-label={text.oee.timesTitle}>
      <div class="times-bar" aria-hidden="true">
        {times.map(({ name, ms }) => (
          <span key={name} class={`time-${name}`} style={{ flexGrow: ms }} />
        ))}
      </div>
      <ul>
        {times.map(({ name, ms }) => (
          <li key={name} class={`time-${name}`}>
            <i aria-hidden="true" />
            {text.oee.times[name]} <b class="num">{duration(ms)}</b>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** @param {{ path: string }} props */
function Counts({ path }) {
  const good = numberAt(path, "GQ");
  const scrap = numberAt(path, "SQ");
  if (good === null) return null;
  return (
    <span class="num">
      {sensible(good)} {text.oee.good}
      {scrap !== null && (
        <>
          {" · "}
          {sensible(scrap)} {text.oee.scrap}
        </>
      )}
    </span>
  );
}

/** @param {string} path @param {string} name */
function numberAt(path, name) {
  const value = metricAt(path, `OEE/${name}`)?.value;
  return typeof value === "number" ? value : null;
}

/** @param {string} path @param {string} name */
function textAt(path, name) {
  const value = metricAt(path, `OEE/${name}`)?.value;
  return typeof value === "string" ? value : "";
}

/** @param {string} path */
const oeeOf = (path) => numberAt(path, "OEE") ?? Number.POSITIVE_INFINITY;
