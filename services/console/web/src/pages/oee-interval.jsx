// One interval beside the timeline: what it counts as and who says so, what persons said, and the events and samples behind it.

import { useEffect, useState } from "preact/hooks";
import { now } from "../model/clock.js";
import { isStop, lookOf } from "../model/intervals.js";
import { reasonPath } from "../model/reasons.js";
import { Resource } from "../model/resource.js";
import { linkTo } from "../model/router.js";
import { may, site } from "../model/session.js";
import { timelineVersion } from "../model/timeline-data.js";
import { clock, exact, length, momentWithSeconds } from "../format.js";
import { text } from "../text/index.js";
import { Icon } from "../ui/icons.jsx";
import { Failed, Moment, Skeleton } from "../ui/parts.jsx";
import { StateBadge } from "../ui/state.jsx";
import { ClassifyDialog } from "./oee-classify.jsx";
import { Samples } from "./oee-samples.jsx";

/** @typedef {import("../model/intervals.js").IntervalDetail} IntervalDetail */

/** @type {Resource<{ data: IntervalDetail }>} */
const detail = new Resource();

/**
 * @param {{
 *   unit: string, at: string, onClose: () => void,
 *   go: (at: number) => void, show: (start: number, end: number) => void,
 * }} props
 */
export function IntervalPanel({ unit, at, onClose, go, show }) {
  useEffect(() => void detail.load(`/api/oee/interval?place=${encodeURIComponent(unit)}&at=${at}`), [unit, at]);
  const { data, problem } = detail.state.value;
  const found = data?.data;
  const tick = timelineVersion.value;
  useEffect(() => {
    if (found?.is_open) void detail.reload();
  }, [tick]);
  useEffect(() => {
    /** @param {KeyboardEvent} event */
    const pressed = (event) => {
      if (document.querySelector("dialog[open]")) return;
      if (event.key === "Escape") onClose();
      else if (event.key === "," && found) go(Date.parse(found.start) - 1);
      else if (event.key === "." && found) go(Date.parse(found.end));
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  });
  return (
    <aside class="side-panel interval-panel" aria-label={text.oee.interval.title} data-testid="interval">
      <header class="side-head">
        <h2>{unit.split("/").at(-1)}</h2>
        <button type="button" class="icon-button" aria-label={text.orders.close} onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      {found ? (
        <Detail found={found} go={go} show={show} />
      ) : problem?.status === 404 ? (
        <p class="notice">{text.oee.interval.nothing}</p>
      ) : problem ? (
        <Failed problem={problem} title={text.oee.interval.problem} retry={() => void detail.reload()} />
      ) : (
        <Skeleton lines={7} />
      )}
    </aside>
  );
}

/** @param {{ found: IntervalDetail, go: (at: number) => void, show: (start: number, end: number) => void }} props */
function Detail({ found, go, show }) {
  const [classifying, setClassifying] = useState(false);
  const zone = site.value.timeZone;
  const start = Date.parse(found.start);
  const end = Date.parse(found.end);
  const allowed = may("ClassifyStop", "oee");
  return (
    <>
      <div class="interval-lead">
        <StateBadge state={lookOf(found)} detail={found.minor_stop ? text.oee.kinds.MINOR : ""} large />
        <b class="num interval-length">{length(end - start)}</b>
      </div>
      <p class="num side-lead-tight" title={`${exact(found.start, zone)} – ${exact(found.end, zone)}`}>
        {momentWithSeconds(found.start, zone, now.value)} – {clock(found.end, zone)}
      </p>
      <div class="actions interval-actions">
        <button type="button" class="button square" aria-label={text.oee.interval.before} title={text.oee.interval.before} onClick={() => go(start - 1)}>
          <Icon name="left" />
        </button>
        <button type="button" class="button square" aria-label={text.oee.interval.after} title={text.oee.interval.after} onClick={() => go(end)}>
          <Icon name="chevron" />
        </button>
        <button type="button" class="button" onClick={() => show(start, end)}>
          <Icon name="search" size={18} />
          {text.oee.interval.show}
        </button>
        {isStop(found) && allowed && (
          <button type="button" class="button primary" data-testid="classify" onClick={() => setClassifying(true)}>
            {found.reason_code ? text.oee.classify.change : text.oee.classify.open}
          </button>
        )}
      </div>
      {isStop(found) && !allowed && <p class="muted small">{text.oee.classify.needs}</p>}
      <dl class="facts">
        <Fact name={text.oee.interval.reason}>
          {found.reason_code ? (
            <>
              {reasonPath(found.reason_code).join(" › ")} <span class="chip">{found.reason_code}</span>
            </>
          ) : isStop(found) ? (
            <span class="muted">{text.oee.interval.noReason}</span>
          ) : (
            "–"
          )}
        </Fact>
        <Fact name={text.oee.interval.cause}>
          {text.oee.causes[found.reason.split(" (")[0] ?? ""] ?? found.reason}
          {found.stop_reason !== null && <span class="muted"> · {text.oee.interval.stopReason(found.stop_reason)}</span>}
        </Fact>
        <Fact name={text.oee.interval.element}>
          {text.oee.elements[found.element] ?? found.element} <span class="chip">{found.element}</span>
        </Fact>
        <Fact name={text.oee.interval.loss}>{found.loss ? (text.oee.losses[found.loss] ?? found.loss) : text.oee.interval.noLoss}</Fact>
        <Fact name={text.oee.interval.order}>
          {found.job_order ? (
            <>
              <a href={linkTo({ view: "orders", place: found.place.slice(0, found.place.lastIndexOf("/")), query: { order: found.job_order } })}>{found.job_order}</a>
              {found.material && <span class="muted"> · {found.material}</span>}
            </>
          ) : (
            <span class="muted">{text.orders.noActive}</span>
          )}
        </Fact>
        <Fact name={text.oee.interval.shift}>
          {found.window ? (
            <>
              {found.window.shift} · {found.window.date} <span class={`chip ${STATUS_CHIPS[found.window.status] ?? ""}`}>{text.oee.status[found.window.status] ?? found.window.status}</span>
            </>
          ) : (
            (found.shift ?? "–")
          )}
        </Fact>
        <Fact name={text.oee.interval.source}>{text.oee.sources[found.source] ?? found.source}</Fact>
        <Fact name={text.oee.interval.revision}>{found.revision === 0 ? text.oee.interval.open : found.revision}</Fact>
      </dl>
      <Words found={found} />
      <Events found={found} />
      <Samples found={found} />
      {classifying && <ClassifyDialog found={found} onClose={() => setClassifying(false)} reload={() => void detail.reload()} />}
    </>
  );
}

/** @type {Record<string, string>} */
const STATUS_CHIPS = { final: "chip-good", provisional: "chip-warn" };

/** @param {{ name: string, children: import("preact").ComponentChildren }} props */
function Fact({ name, children }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** @param {{ found: IntervalDetail }} props */
function Words({ found }) {
  if (found.words.length === 0) return null;
  return (
    <section>
      <h3 class="section-title">{text.oee.interval.words}</h3>
      <ul class="words">
        {found.words.toReversed().map((word) => (
          <li key={word.event_id} data-word={word.command_id}>
            <b>{word.reason_code ? reasonPath(word.reason_code).join(" › ") : text.oee.interval.takenBack}</b>
            <q>{word.why}</q>
            <span class="muted small">
              {word.actor} · <Moment at={word.said_at} />
              {!word.is_taken && <> · {text.oee.classify.judging}</>}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** @param {{ found: IntervalDetail }} props */
function Events({ found }) {
  const told = [
    ...(found.told ? [{ id: found.told.event_id, type: "StateIntervalClosed", at: found.told.end }] : []),
    ...found.words.map((word) => ({ id: word.event_id, type: "StopClassified", at: word.said_at })),
    ...(found.window?.event_id ? [{ id: found.window.event_id, type: "KpiWindowClosed", at: found.window.end }] : []),
  ];
  return (
    <section>
      <h3 class="section-title">{text.oee.interval.events}</h3>
      {told.length === 0 ? (
        <p class="muted small">{text.oee.interval.noEvents}</p>
      ) : (
        <ul class="told">
          {told.map(({ id, type, at }) => (
            <li key={id}>
              <span class="event-kind kind-oee">{text.events.types[type] ?? type}</span>
              <Moment at={at} />
              <code title={id}>{id.slice(0, 8)}…</code>
            </li>
          ))}
        </ul>
      )}
      <a class="link" href={linkTo({ view: "events", place: found.place, query: {} })}>
        {text.oee.interval.toEvents}
        <Icon name="chevron" size={14} />
      </a>
    </section>
  );
}
