// The places right below one: each a card with its state and the two or three figures one looks for there.

import { metricAt, placeAt } from "../model/namespace.js";
import { linkTo } from "../model/router.js";
import { DASH, percent, sensible, shownValue } from "../format.js";
import { text } from "../text/index.js";
import { StateShape } from "../ui/icons.jsx";
import { Age, Bar } from "../ui/parts.jsx";
import { StateCounts, stateDetail, stateName } from "../ui/state.jsx";

/** @typedef {import("../types.d.ts").Place} Place */

/** @param {{ places: readonly Place[] }} props */
export function PlaceCards({ places }) {
  return (
    <div class="cards">
      {places.map((place) => (
        <PlaceCard key={place.path} path={place.path} fallback={place} />
      ))}
    </div>
  );
}

/** @param {{ path: string, fallback: Place }} props */
function PlaceCard({ path, fallback }) {
  const place = placeAt(path) ?? fallback;
  const unit = place.level === "WorkUnit";
  return (
    <a class={`card place-card s-${place.shown ?? "none"} ${place.stale ? "card-stale" : ""}`} href={linkTo({ place: path })}>
      <div class="card-head">
        <StateShape state={place.shown} size={20} />
        <div>
          <b class="card-name">{place.name}</b>
          <span class="card-sub">
            {place.state ? (
              <>
                {stateName(place.state)}
                {stateDetail(place) && <> · {stateDetail(place)}</>}
              </>
            ) : (
              (text.levels[place.kind] ?? text.levels[place.level] ?? stateName(null))
            )}
          </span>
        </div>
        {place.state && place.since && <Age at={place.since} class="card-age" />}
      </div>
      {unit ? <UnitFigures path={path} /> : <StateCounts counts={place.counts} />}
      {place.level === "WorkCenter" && <OrderFigures path={path} />}
    </a>
  );
}

/** @param {{ path: string }} props */
function UnitFigures({ path }) {
  const speed = metricAt(path, "Status/CurMachSpeed");
  const oee = metricAt(path, "OEE/OEE");
  const shown = speed ? shownValue(speed) : null;
  return (
    <dl class="figures">
      <div>
        <dt>{text.place.speed}</dt>
        <dd class={speed && speed.quality !== 192 ? "is-stale" : ""}>
          <b class="num">{shown?.value ?? DASH}</b> <span class="unit">{shown?.unit}</span>
        </dd>
      </div>
      <div>
        <dt>{text.oee.oee}</dt>
        <dd class={oee && oee.quality !== 192 ? "is-stale" : ""}>
          <b class="num">{typeof oee?.value === "number" ? percent(oee.value) : DASH}</b>
        </dd>
      </div>
    </dl>
  );
}

/** @param {{ path: string }} props */
function OrderFigures({ path }) {
  const id = metricAt(path, "JobOrder/Active/ID")?.value;
  const good = metricAt(path, "JobOrder/Active/Good")?.value;
  const ordered = metricAt(path, "JobOrder/Active/QuantityOrdered")?.value;
  if (typeof id !== "string" || id === "") return <p class="card-order muted">{text.place.noOrder}</p>;
  const known = typeof good === "number" && typeof ordered === "number" && ordered > 0;
  return (
    <div class="card-order">
      <span>
        {text.place.order} <b>{id}</b>
      </span>
      {known && (
        <>
          <span class="num">{percent(good / ordered, 0)}</span>
          <Bar ratio={good / ordered} label={`${sensible(good)} ${text.orders.of(sensible(ordered))}`} />
        </>
      )}
    </div>
  );
}
