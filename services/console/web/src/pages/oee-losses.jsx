// Where the time went: the waterfall from calendar time to good production, the Pareto of reasons, and the intervals behind each bar.

import { useEffect, useRef, useState } from "preact/hooks";
import { allPlaces, placeAt } from "../model/namespace.js";
import { steps } from "../model/losses.js";
import { DAY } from "../model/range.js";
import { loadReasons, reasonPath } from "../model/reasons.js";
import { Resource } from "../model/resource.js";
import { go, linkTo, route } from "../model/router.js";
import { text } from "../text/index.js";
import { Icon } from "../ui/icons.jsx";
import { Empty, Failed, Skeleton } from "../ui/parts.jsx";
import { IntervalList } from "./oee-interval-list.jsx";
import { ParetoChart } from "./oee-pareto.jsx";
import { RangePicker, rangeOfAddress, rangeQuery, rangeSubject } from "./oee-range.jsx";
import { WaterfallChart } from "./oee-waterfall.jsx";

/** @typedef {import("../model/losses.js").Waterfall} Waterfall */
/** @typedef {import("../model/losses.js").Loss} Loss */

/** @type {Resource<{ data: Waterfall }>} */
const fall = new Resource();
/** @type {Resource<{ data: Loss[] }>} */
const ledger = new Resource();

/** Bars that are no loss lead to the time they are about. @type {Record<string, string>} */
const ELEMENTS = { planned_down: "PDOT", not_judged: "UNKNOWN" };
/** Parts of production time: no interval is only that. */
const OF_PRODUCTION = new Set(["good", "reduced speed", "process defects", "start-up losses"]);
const WITHOUT_INTERVALS = new Set(["calendar", "not_scheduled", "not_recorded"]);

/** @param {{ place: string }} props */
export function OeeLosses({ place }) {
  const { query } = route.value;
  const range = rangeOfAddress(DAY);
  const when = rangeQuery(range);
  const address = `place=${encodeURIComponent(place)}&${when}`;
  useEffect(() => void loadReasons(), []);
  useEffect(() => {
    const subject = `${place} ${rangeSubject(range)}`;
    void fall.load(`/api/oee/waterfall?${address}`, subject);
    void ledger.load(`/api/oee/losses?${address}&include_open=true`, subject);
  }, [address]);
  const { data, problem } = fall.state.value;
  const losses = ledger.state.value.data?.data ?? [];
  const level = placeAt(place)?.level;
  /** @param {Record<string, string>} change */
  const pick = (change) => go({ query: { ...query, show: "losses", loss: "", reason: "", ...change } });
  return (
    <div class="losses-page">
      <div class="losses-head">
        <RangePicker range={range} />
        {level === "WorkCenter" && <UnitChips place={place} />}
      </div>
      {problem ? (
        <Failed problem={problem} title={text.oee.lossPage.problem} retry={() => void fall.reload()} />
      ) : data === null ? (
        <Skeleton lines={6} tall />
      ) : data.data.calendar_ms === 0 ? (
        <Empty icon="oee" title={text.oee.lossPage.none} hint={text.oee.lossPage.noneHint} />
      ) : (
        <>
          <WaterfallChart answer={data.data} found={steps(data.data)} chosen={query.loss ?? ""} choose={(key) => pick({ loss: key === query.loss ? "" : key })} />
          <ParetoChart losses={losses} chosen={query.reason} choose={(bar) => pick(bar ? { reason: bar.reason || "-", loss: bar.reason ? "" : bar.loss } : {})} />
        </>
      )}
      {(query.loss || query.reason) && <Behind key={`${place} ${query.loss} ${query.reason} ${rangeSubject(range)}`} place={place} now={when} range={range} />}
    </div>
  );
}

/** A line is the sum of its units; each can be looked at alone. @param {{ place: string }} props */
function UnitChips({ place }) {
  const units = allPlaces().filter(({ level, path }) => level === "WorkUnit" && path.startsWith(`${place}/`)).sort((a, b) => a.order - b.order);
  return (
    <nav class="unit-chips" aria-label={text.oee.units}>
      <span class="muted small">{text.oee.lossPage.sumOf(units.length)}</span>
      {units.map((unit) => (
        <a key={unit.path} class="chip chip-link" href={linkTo({ place: unit.path, query: route.value.query })}>
          {unit.name}
        </a>
      ))}
    </nav>
  );
}

/** The intervals of the chosen bar, as of when it was chosen. @param {{ place: string, now: string, range: import("../model/range.js").Range }} props */
function Behind({ place, now, range }) {
  const [when] = useState(now);
  const section = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => section.current?.scrollIntoView({ block: "nearest", behavior: "smooth" }), []);
  const { loss = "", reason = "" } = route.value.query;
  const [order, setOrder] = useState(/** @type {"longest" | "newest"} */ ("longest"));
  const name = reason && reason !== "-" ? reasonPath(reason).map((part) => text.oee.causes[part] ?? part).join(" › ") : (text.oee.losses[loss] ?? loss);
  const filter = new URLSearchParams();
  if (reason && reason !== "-") filter.set(/^[A-Z0-9]/.test(reason) ? "reason" : "cause", reason);
  else if (ELEMENTS[loss]) filter.set("element", ELEMENTS[loss] ?? "");
  else if (loss === "busy" || OF_PRODUCTION.has(loss)) filter.set("loss", "production");
  else filter.set("loss", loss);
  if (loss === "busy") filter.delete("loss");
  return (
    <section ref={section} class="behind" aria-label={name} data-testid="behind">
      <div class="section-head">
        <h2 class="section-title">{text.oee.lossPage.behind(name)}</h2>
        <a
          class="button"
          href={linkTo({ query: { show: "timeline", from: new Date(range.from).toISOString(), to: new Date(range.to).toISOString() } })}
        >
          <Icon name="clock" size={18} />
          {text.oee.lossPage.toTimeline}
        </a>
      </div>
      {OF_PRODUCTION.has(loss) && !reason && <p class="notice">{text.oee.lossPage.ofProduction}</p>}
      {WITHOUT_INTERVALS.has(loss) ? (
        <p class="notice">{text.oee.lossPage.noIntervals[/** @type {"calendar"} */ (loss)]}</p>
      ) : (
        <IntervalList place={place} query={`${when}&${filter}`} order={order} setOrder={setOrder} />
      )}
    </section>
  );
}
