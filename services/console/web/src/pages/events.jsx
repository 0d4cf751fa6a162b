// What happens at the place and below it, newest first, as it happens.

import { useState } from "preact/hooks";
import { EVENTS_KEPT, events } from "../model/namespace.js";
import { go, linkTo, route } from "../model/router.js";
import { site } from "../model/session.js";
import { clock, duration, exact, sensible } from "../format.js";
import { text } from "../text/index.js";
import { Icon } from "../ui/icons.jsx";
import { Empty } from "../ui/parts.jsx";
import { fold } from "./fold.js";

/** @typedef {import("../types.d.ts").SiteEvent} SiteEvent */
/** @typedef {import("../types.d.ts").Json} Json */
/** @typedef {import("./fold.js").Told} Told */

/** @param {{ place: string }} _ */
export function EventsPage(_) {
  const [held, setHeld] = useState(/** @type {SiteEvent[] | null} */ (null));
  const filter = route.value.query.q ?? "";
  const all = held ?? events.value;
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  const shown = all.filter((event) => words.every((word) => haystack(event).includes(word)));
  /** @param {string} q */
  const filterBy = (q) => go({ query: { ...route.value.query, q } }, { replace: true });
  const newer = held ? events.value.findIndex((event) => event.id === held[0]?.id) : 0;
  return (
    <div class="page page-tight">
      <div class="section-head">
        <h1 class="page-h1">{text.events.title}</h1>
        <label class="search search-small grow">
          <Icon name="filter" size={16} />
          <input
            type="search"
            placeholder={text.events.filter}
            aria-label={text.events.filter}
            value={filter}
            onInput={(event) => filterBy(event.currentTarget.value)}
          />
        </label>
        <button type="button" class={`button ${held ? "primary" : ""}`} aria-pressed={held !== null} onClick={() => setHeld(held ? null : events.value)}>
          <Icon name={held ? "play" : "pause"} size={18} />
          {held ? text.events.resume : text.events.pause}
        </button>
        {held && <span class="muted small">{text.events.paused(newer < 0 ? EVENTS_KEPT : newer)}</span>}
      </div>
      {all.length === 0 ? (
        <Empty icon="events" title={text.events.none} hint={text.events.noneHint} />
      ) : shown.length === 0 ? (
        <Empty icon="filter" title={text.events.noMatch}>
          <button type="button" class="button" onClick={() => filterBy("")}>
            {text.events.clear}
          </button>
        </Empty>
      ) : (
        <ol class="panel event-list">
          {fold(shown).map((told) => (
            <EventRow key={told.key} told={told} filterBy={filterBy} />
          ))}
        </ol>
      )}
      {all.length >= EVENTS_KEPT && <p class="muted small">{text.events.kept(EVENTS_KEPT)}</p>}
    </div>
  );
}

/** @param {{ told: Told, filterBy: (q: string) => void }} props */
function EventRow({ told, filterBy }) {
  const { event } = told;
  const zone = site.value.timeZone;
  const place = event.place.split("/").slice(2).join(" › ") || event.place.split("/").at(-1);
  return (
    <li class="event">
      <details>
        <summary>
          <time class="num" dateTime={event.occurredAt} title={exact(event.occurredAt, zone)}>
            {clock(event.occurredAt, zone)}
          </time>
          <span class={`event-kind kind-${event.producer}`}>{text.events.types[event.type] ?? event.type}</span>
          <span class="event-what">{headline(told)}</span>
          <span class="event-place">{place}</span>
          <span class="event-who">{event.actor ?? ""}</span>
          <Icon name="down" size={16} />
        </summary>
        <div class="event-more">
          <p class="event-links">
            <a href={linkTo({ view: "place", place: event.place })}>
              <Icon name="place" size={16} /> {event.place}
            </a>
            {event.jobOrder && (
              <a href={linkTo({ view: "order", place: event.place, query: { order: event.jobOrder } })}>
                <Icon name="orders" size={16} /> {event.jobOrder}
              </a>
            )}
            <button type="button" class="link" onClick={() => filterBy(event.type)}>
              <Icon name="filter" size={16} /> {event.type}
            </button>
          </p>
          <dl>
            {Object.entries(event.payload).map(([key, value]) => (
              <div key={key}>
                <dt>{key}</dt>
                <dd>{plain(value)}</dd>
              </div>
            ))}
          </dl>
        </div>
      </details>
    </li>
  );
}

/** @param {Told} told */
function headline({ event, count, good, scrap }) {
  if (event.type === "QuantityReported") {
    const counted = text.orders.counted(sensible(good), sensible(scrap));
    return [event.subject, counted, count > 1 ? text.orders.reports(count) : ""].filter(Boolean).join(" · ");
  }
  const { from, to, element, start, end, reason } = event.payload;
  const subject = event.jobOrder ?? (event.subject === event.place ? "" : event.subject);
  if (typeof from === "string" && typeof to === "string") {
    return `${subject}: ${orderState(from)} → ${orderState(to)}`;
  }
  if (typeof element === "string") {
    const lasted = typeof start === "string" && typeof end === "string" ? duration(Date.parse(end) - Date.parse(start)) : "";
    const words = /** @type {Record<string, string>} */ (text.events.elements)[element] ?? element;
    return [words, typeof reason === "string" ? (text.reasons[reason] ?? reason) : "", lasted].filter(Boolean).join(" · ");
  }
  return subject;
}

/** @param {string} state */
const orderState = (state) => /** @type {Record<string, string>} */ (text.orders.states)[state] ?? state;

/** @param {Json} value @returns {string} */
function plain(value) {
  if (value === null) return "–";
  if (typeof value !== "object") return String(value);
  if (!Array.isArray(value) && typeof value.value === "string" && typeof value.unit === "string") return `${value.value} ${value.unit}`;
  return JSON.stringify(value);
}

/** @param {SiteEvent} event */
const haystack = (event) =>
  [event.type, text.events.types[event.type], event.subject, event.place, event.actor, event.producer].join(" ").toLowerCase();
