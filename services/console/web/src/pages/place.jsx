// One place: what state it is in and why, what runs there, what lies below it, and every metric with age, quality
// and source. A site or an area opens with what needs attention.

import { children, metricAt, placeAt } from "../model/namespace.js";
import { linkTo } from "../model/router.js";
import { site } from "../model/session.js";
import { UNPLACED } from "../shell/rows.js";
import { text } from "../text/index.js";
import { Icon } from "../ui/icons.jsx";
import { Age, Empty, LevelChip, Moment } from "../ui/parts.jsx";
import { StateBadge, StateCounts, stateDetail } from "../ui/state.jsx";
import { AreaOverview } from "./area.jsx";
import { MetricTable } from "./metrics.jsx";
import { OeeTile } from "./oee-now.jsx";
import { PlaceCards } from "./place-cards.jsx";
import { OrderCard, SpeedCard } from "./place-now.jsx";

/** @typedef {import("../types.d.ts").Place} Place */

/** @param {{ place: string }} props */
export function PlacePage({ place: path }) {
  const place = placeAt(path);
  if (!place) {
    return (
      <Empty title={text.place.unknown(path)} hint={text.place.unknownHint}>
        <a class="button" href={linkTo({ place: site.value.path })}>
          {text.place.toSite}
        </a>
      </Empty>
    );
  }
  const below = children.value.get(path) ?? [];
  const wide = place.level === "Site" || place.level === "Area" || place.level === "Enterprise";
  return (
    <div class="page">
      <PlaceHead place={place} />
      {wide ? <AreaOverview path={path} /> : <Now place={place} />}
      {below.length > 0 && !wide && (
        <section aria-label={text.place.below}>
          <h2 class="section-title">{text.place.below}</h2>
          <PlaceCards places={below} />
        </section>
      )}
      {(place.metrics > 0 || below.length === 0) && <MetricTable path={path} />}
    </div>
  );
}

/** What a line or a machine does now, in three cards. @param {{ place: Place }} props */
function Now({ place }) {
  const line = place.level === "WorkUnit" ? place.path.slice(0, place.path.lastIndexOf("/")) : place.path;
  const oee = metricAt(place.path, "OEE/OEE") !== undefined;
  const speed = metricAt(place.path, "Status/CurMachSpeed") !== undefined;
  const order = metricAt(line, "JobOrder/Active/ID") !== undefined;
  if (!oee && !speed && !order) return null;
  return (
    <section class="now" aria-label={text.place.current}>
      {oee && <OeeTile place={place} wide={place.level === "WorkCenter"} />}
      {order && <OrderCard line={line} />}
      {speed && <SpeedCard path={place.path} />}
    </section>
  );
}

/** @param {{ place: Place }} props */
function PlaceHead({ place }) {
  const unplaced = place.path.startsWith(UNPLACED);
  return (
    <header class="page-head">
      <div class="page-title">
        <h1>{place.path === UNPLACED ? text.place.unplacedTitle : place.name}</h1>
        {!unplaced && <LevelChip level={place.level} kind={place.kind} />}
        {place.description && <span class="muted">{place.description}</span>}
        {unplaced && (
          <p class="notice">
            <Icon name="place" size={18} />
            {text.place.unplacedHint}
          </p>
        )}
      </div>
      <div class="page-state">
        {place.state !== null ? (
          <>
            <StateBadge state={place.state} detail={stateDetail(place)} large />
            {place.since && (
              <span class="muted small">
                {text.place.since} <Moment at={place.since} /> · <Age at={place.since} />
              </span>
            )}
          </>
        ) : (
          <StateCounts counts={place.counts} />
        )}
      </div>
    </header>
  );
}
