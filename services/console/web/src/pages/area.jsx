// A site or an area at a glance: what needs attention first, then every work center with its units, order and OEE.

import { allPlaces, children, metricAt, placeAt } from "../model/namespace.js";
import { linkTo } from "../model/router.js";
import { DASH, percent, sensible } from "../format.js";
import { text } from "../text/index.js";
import { Icon, StateShape } from "../ui/icons.jsx";
import { Age, Bar, Empty } from "../ui/parts.jsx";
import { STATES, stateDetail, stateName } from "../ui/state.jsx";

/** @typedef {import("../types.d.ts").Place} Place */

const ATTENTION = new Set(["unplanned_stop", "blocked", "unknown"]);
const SHOWN_AT_MOST = 8;

/** @param {{ path: string }} props */
export function AreaOverview({ path }) {
  const within = allPlaces()
    .filter((place) => place.path.startsWith(`${path}/`))
    .map((place) => placeAt(place.path) ?? place)
    .sort((a, b) => a.order - b.order);
  const centers = within.filter(({ level }) => level === "WorkCenter");
  if (centers.length === 0) return <Empty title={text.place.empty} hint={text.place.emptyHint} />;
  const trouble = within
    .filter(({ level, state }) => level === "WorkUnit" && state !== null && ATTENTION.has(state))
    .sort((a, b) => rank(a) - rank(b) || (a.since ?? "").localeCompare(b.since ?? ""));
  const areas = within.filter(({ level }) => level === "Area");
  const groups = areas.length > 0 ? areas : [placeAt(path)].filter((place) => place !== undefined);
  return (
    <>
      <section aria-label={text.place.attention}>
        <div class="section-head section-head-tight">
          <h2 class="section-title">{text.place.attention}</h2>
          {trouble.length > 0 && <span class="chip chip-bad">{trouble.length}</span>}
        </div>
        {trouble.length === 0 ? (
          <p class="notice calm">
            <Icon name="check" size={18} />
            {text.place.calm}
          </p>
        ) : (
          <ul class="panel trouble">
            {trouble.slice(0, SHOWN_AT_MOST).map((place) => (
              <li key={place.path}>
                <a href={linkTo({ place: place.path })}>
                  <StateShape state={place.state} size={20} />
                  <span class="trouble-name">
                    <b>{place.name}</b>
                    <span class="muted">{place.path.split("/").slice(2, -1).join(" › ")}</span>
                  </span>
                  <span class="trouble-why">
                    <b>{stateName(place.state)}</b>
                    <span>{stateDetail(place)}</span>
                  </span>
                  <Age at={place.since} class="trouble-age" />
                </a>
              </li>
            ))}
          </ul>
        )}
        {trouble.length > SHOWN_AT_MOST && <p class="muted small more-note">{text.place.moreTrouble(trouble.length - SHOWN_AT_MOST)}</p>}
      </section>
      {groups.map((area) => {
        const own = centers.filter((center) => center.path.startsWith(`${area.path}/`));
        return (
          own.length > 0 && (
            <section key={area.path} aria-label={area.name}>
              <div class="section-head section-head-tight">
                <h2 class="section-title">
                  {area.path === path ? text.place.lines : <a href={linkTo({ place: area.path })}>{area.name}</a>}
                </h2>
                {area.path !== path && <span class="muted small">{area.description}</span>}
              </div>
              <ul class="panel lines">
                {own.map((center) => (
                  <LineRow key={center.path} center={center} />
                ))}
              </ul>
            </section>
          )
        );
      })}
    </>
  );
}

/** @param {{ center: Place }} props */
function LineRow({ center }) {
  const units = children.value.get(center.path) ?? [];
  const oee = metricAt(center.path, "OEE/OEE");
  return (
    <li class="line">
      <a class="line-name" href={linkTo({ place: center.path })}>
        <StateShape state={center.shown} size={20} />
        <span>
          <b>{center.name}</b>
          <span class="muted small">{text.levels[center.kind] ?? text.levels[center.level]}</span>
        </span>
      </a>
      <div class="line-units">
        {units.map((unit) => (
          <UnitShape key={unit.path} unit={unit} />
        ))}
      </div>
      <LineOrder path={center.path} />
      <a class="line-oee" href={linkTo({ view: "oee", place: center.path })}>
        <b class="num">{typeof oee?.value === "number" ? percent(oee.value) : DASH}</b>
        <span class="muted small">{text.oee.oee}</span>
      </a>
    </li>
  );
}

/** @param {{ unit: Place }} props */
function UnitShape({ unit: listed }) {
  const unit = placeAt(listed.path) ?? listed;
  const words = [unit.name, stateName(unit.shown), stateDetail(unit)].filter(Boolean).join(" · ");
  return (
    <a class={`unit-shape s-${unit.shown ?? "none"}`} href={linkTo({ place: unit.path })} title={words} aria-label={words}>
      <StateShape state={unit.shown} size={18} />
    </a>
  );
}

/** @param {{ path: string }} props */
function LineOrder({ path }) {
  const id = metricAt(path, "JobOrder/Active/ID")?.value;
  const good = metricAt(path, "JobOrder/Active/Good")?.value;
  const ordered = metricAt(path, "JobOrder/Active/QuantityOrdered")?.value;
  const master = metricAt(path, "JobOrder/Active/WorkMaster")?.value;
  if (typeof id !== "string" || !id) {
    return (
      <a class="line-order muted" href={linkTo({ view: "orders", place: path })}>
        {text.place.noOrder}
      </a>
    );
  }
  const ratio = typeof good === "number" && typeof ordered === "number" && ordered > 0 ? good / ordered : null;
  return (
    <a class="line-order" href={linkTo({ view: "orders", place: path, query: { order: id } })}>
      <span>
        <b>{id}</b> <span class="muted">{typeof master === "string" ? master : ""}</span>
      </span>
      <span class="num">{ratio === null ? (typeof good === "number" ? sensible(good) : "") : percent(ratio, 0)}</span>
      {ratio !== null && <Bar ratio={ratio} label={percent(ratio, 0)} />}
    </a>
  );
}

/** @param {Place} place */
const rank = (place) => (place.state ? STATES.indexOf(place.state) : STATES.length);
