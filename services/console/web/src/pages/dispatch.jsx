// The dispatch board: a lane a work center - what runs, what comes next, when it will be done and what keeps it - and the next
// orders movable by hand. Only the lanes in sight are drawn and asked for, so two hundred work centers scroll like six.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { cellsInSight } from "../model/grid.js";
import { isHeard } from "../model/heard.js";
import { allPlaces, metricAt, metricsVersion, placeAt } from "../model/namespace.js";
import { go, route } from "../model/router.js";
import { may, session, site } from "../model/session.js";
import { fromSiteTime, moment, number } from "../format.js";
import { now } from "../model/clock.js";
import { text } from "../text/index.js";
import { Icon } from "../ui/icons.jsx";
import { Empty } from "../ui/parts.jsx";
import { LatenessShape } from "../ui/lateness.jsx";
import { DispatchLane } from "./dispatch-lane.jsx";
import { PastLane } from "./dispatch-past.jsx";
import { ConfirmAction } from "./order-actions.jsx";
import { OrderForm } from "./order-forms.jsx";
import { OrderViews } from "./order-views.jsx";
import { PlaceForm } from "./place-forms.jsx";
import { useBoards } from "./watch-boards.js";

/** @typedef {import("../types.d.ts").Place} Place */

const LANE = { width: 340, height: 600, gap: 16 };
const NEXT = 20;
const NEXT_OF_ONE = 200;

/** @param {{ place: string }} props */
export function DispatchPage({ place: chosen }) {
  const level = placeAt(chosen)?.level;
  const place = level === "WorkUnit" ? chosen.slice(0, chosen.lastIndexOf("/")) : chosen;
  const { q: filter = "", at = "" } = route.value.query;
  const centers = allPlaces()
    .filter(({ path, level: each }) => each === "WorkCenter" && (path === place || path.startsWith(`${place}/`)))
    .sort((a, b) => a.order - b.order);
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  const found = centers.filter(({ path }) => words.every((word) => path.toLowerCase().includes(word)));
  /** @param {Record<string, string>} change */
  const ask = (change) => go({ query: { ...route.value.query, ...change } }, { replace: true });
  return (
    <div class="page page-tight dispatch">
      <div class="section-head">
        <h1 class="page-h1">{text.work.dispatch.title}</h1>
        <OrderViews />
        <Summary centers={centers} />
        {centers.length > 6 && (
          <label class="search search-small grow">
            <Icon name="filter" size={16} />
            <input
              type="search"
              placeholder={text.work.dispatch.filter}
              aria-label={text.work.dispatch.filter}
              value={filter}
              onInput={(event) => ask({ q: event.currentTarget.value })}
            />
          </label>
        )}
        <AsOf at={at} choose={(instant) => ask({ at: instant })} />
      </div>
      {at && (
        <p class="notice past-note" role="status">
          <Icon name="clock" size={18} />
          {text.work.dispatch.past(moment(at, site.value.timeZone, now.value))}
        </p>
      )}
      {!at && <Unheard centers={centers} />}
      {session.value && !may("Resequence") && !at && (
        <p class="notice">
          <Icon name="user" size={18} />
          {may("Begin") ? text.orders.needs(text.orders.permissions.dispatch ?? "") : text.orders.viewOnly}
        </p>
      )}
      {centers.length === 0 ? (
        <Empty icon="orders" title={text.orders.none} hint={text.orders.noneHint} />
      ) : found.length === 0 ? (
        <Empty icon="filter" title={text.work.dispatch.none}>
          <button type="button" class="button" onClick={() => ask({ q: "" })}>
            {text.work.dispatch.clear}
          </button>
        </Empty>
      ) : (
        <Lanes centers={found} at={at} alone={centers.length === 1} />
      )}
      <Legend />
      <ConfirmAction />
      <OrderForm />
      <PlaceForm />
    </div>
  );
}

/** @param {{ centers: readonly Place[], at: string, alone: boolean }} props */
function Lanes({ centers, at, alone }) {
  const box = useRef(/** @type {HTMLDivElement | null} */ (null));
  const sight = useSight(box);
  const window = cellsInSight({ count: centers.length, ...sight }, LANE);
  const shown = alone ? centers : centers.slice(window.first, window.last);
  const inSight = shown.map(({ path }) => path);
  useBoards(at ? [] : inSight, alone ? NEXT_OF_ONE : NEXT);
  const style = alone ? {} : { height: `${window.whole}px`, paddingTop: `${window.above}px`, gridTemplateColumns: `repeat(${window.columns}, minmax(0, 1fr))` };
  return (
    <div ref={box} class={`dispatch-lanes ${alone ? "dispatch-one" : ""}`} style={style}>
      {shown.map((center) => (at ? <PastLane key={center.path} center={center} at={at} /> : <DispatchLane key={center.path} center={center} alone={alone} />))}
    </div>
  );
}

/** What is in sight of a box in the page's scrolling content. @param {{ current: HTMLElement | null }} box */
function useSight(box) {
  const [sight, setSight] = useState({ width: 1200, top: 0, height: 900 });
  useEffect(() => {
    const element = box.current;
    const scroller = element?.closest(".content");
    if (!element || !scroller) return undefined;
    const measure = () => {
      const outer = scroller.getBoundingClientRect();
      const inner = element.getBoundingClientRect();
      setSight({ width: inner.width, top: outer.top - inner.top, height: outer.height });
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(scroller);
    scroller.addEventListener("scroll", measure, { passive: true });
    return () => {
      observer.disconnect();
      scroller.removeEventListener("scroll", measure);
    };
  }, []);
  return sight;
}

/** @param {{ centers: readonly Place[] }} props */
function Unheard({ centers }) {
  if (centers.every(({ path }) => isHeard(path))) return null;
  return (
    <p class="notice notice-bad" role="alert" data-testid="unheard">
      <Icon name="warning" size={18} />
      {text.work.unheard}
    </p>
  );
}

/** How much waits in front of these work centers, from the namespace. @param {{ centers: readonly Place[] }} props */
function Summary({ centers }) {
  metricsVersion.value;
  const waiting = centers.reduce((sum, { path }) => {
    const length = metricAt(path, "JobOrder/QueueLength")?.value;
    return sum + (typeof length === "number" ? length : 0);
  }, 0);
  return <span class="muted small">{text.work.dispatch.summary(centers.length, number(waiting, 0))}</span>;
}

/** @param {{ at: string, choose: (at: string) => void }} props */
function AsOf({ at, choose }) {
  const [open, setOpen] = useState(false);
  if (at) {
    return (
      <button type="button" class="button primary" onClick={() => choose("")} data-testid="back-to-now">
        <Icon name="undo" size={18} />
        {text.work.dispatch.now}
      </button>
    );
  }
  if (!open) {
    return (
      <button type="button" class="button" title={text.work.dispatch.asOfHint} onClick={() => setOpen(true)} data-testid="as-of">
        <Icon name="clock" size={18} />
        {text.work.dispatch.asOf}
      </button>
    );
  }
  return (
    <form
      class="as-of"
      onSubmit={(event) => {
        event.preventDefault();
        const local = String(new FormData(event.currentTarget).get("at") ?? "");
        if (!local) return;
        setOpen(false);
        choose(fromSiteTime(local, site.peek().timeZone));
      }}
    >
      <input type="datetime-local" name="at" aria-label={text.work.dispatch.asOf} autofocus />
      <button type="submit" class="button primary">
        {text.work.dispatch.asOf}
      </button>
      <button type="button" class="icon-button" aria-label={text.keys.close} onClick={() => setOpen(false)}>
        <Icon name="close" size={18} />
      </button>
    </form>
  );
}

const KINDS = /** @type {const} */ (["late", "tight", "intime", "open", "undue"]);

function Legend() {
  const rows = useMemo(() => KINDS.map((kind) => ({ kind, words: text.work.latenessLong[kind] })), []);
  return (
    <details class="late-legend">
      <summary>{text.work.dispatch.legend}</summary>
      <ul>
        {rows.map(({ kind, words }) => (
          <li key={kind} class={`late-${kind}`}>
            <LatenessShape kind={kind} />
            {words}
          </li>
        ))}
      </ul>
    </details>
  );
}
