// What was made of a job order: the sums, why units were not good, and when. A bar leads to the reports behind it: from number to reason
// in two clicks.

import { useEffect, useState } from "preact/hooks";
import { NO_REASON, alongTime, byReason, stretches } from "../model/counts.js";
import { loadReasons, reasonName } from "../model/reasons.js";
import { Resource } from "../model/resource.js";
import { now } from "../model/clock.js";
import { site } from "../model/session.js";
import { decimal, moment, sensible, unitSymbol } from "../format.js";
import { text } from "../text/index.js";
import { Bar, Failed, Moment, Skeleton } from "../ui/parts.jsx";

/** @typedef {import("../types.d.ts").WholeOrder} WholeOrder */
/** @typedef {import("../types.d.ts").CountRow} CountRow */
/** @typedef {import("../types.d.ts").HistoryEntry} HistoryEntry */
/** @typedef {import("../model/counts.js").Stretch} Stretch */

/** @param {{ order: WholeOrder, rows: readonly CountRow[] }} props */
export function OrderQuantities({ order, rows }) {
  const [chosen, setChosen] = useState(/** @type {{ start: string, end: string } | null} */ (null));
  useEffect(() => void loadReasons(), []);
  const words = text.work.order;
  const unit = unitSymbol(order.unit);
  const made = alongTime(stretches(rows));
  const scrap = byReason(rows, "scrap");
  const rework = byReason(rows, "rework");
  return (
    <>
      <dl class="sums">
        <Sum name={words.good} value={order.good} unit={unit} kind="good" />
        <Sum name={words.scrap} value={order.scrap} unit={unit} kind={Number(order.scrap) > 0 ? "bad" : ""} />
        <Sum name={words.rework} value={order.rework} unit={unit} kind={Number(order.rework) > 0 ? "warn" : ""} />
        <Sum name={words.remaining} value={order.remaining} unit={unit} kind="" />
      </dl>
      {order.operatorDeclares && (
        <p class="muted">
          {words.declared}: {text.orders.counted(decimal(order.declaredGood ?? "0"), decimal(order.declaredScrap ?? "0"))}
        </p>
      )}
      {scrap.length > 0 && <Reasons title={words.byReason} rows={scrap} unit={unit} />}
      {rework.length > 0 && <Reasons title={words.reworkByReason} rows={rework} unit={unit} />}
      {made.length > 0 && (
        <>
          <h3 class="sub-title">
            {words.overTime} <span class="muted small">{words.overTimeHint}</span>
          </h3>
          <Bars made={made} chosen={chosen?.start ?? ""} choose={setChosen} />
        </>
      )}
      {chosen && <Reports order={order} since={chosen.start} until={chosen.end} />}
    </>
  );
}

/** @param {{ name: string, value: string, unit: string, kind: string }} props */
const Sum = ({ name, value, unit, kind }) => (
  <div class={`sum sum-${kind}`}>
    <dt>{name}</dt>
    <dd>
      <b class="num">{decimal(value)}</b> <span class="unit">{unit}</span>
    </dd>
  </div>
);

/** @param {{ title: string, rows: readonly { reason: string, amount: number }[], unit: string }} props */
function Reasons({ title, rows, unit }) {
  const most = Math.max(...rows.map(({ amount }) => amount), 1);
  return (
    <>
      <h3 class="sub-title">{title}</h3>
      <ul class="scrap-reasons" data-testid="reasons">
        {rows.map(({ reason, amount }) => (
          <li key={reason}>
            <span class={reason === NO_REASON ? "muted" : ""}>{reason === NO_REASON ? text.work.order.noReason : reasonName(reason)}</span>
            <Bar ratio={amount / most} label={`${sensible(amount)} ${unit}`} />
            <b class="num">
              {sensible(amount)} <span class="unit">{unit}</span>
            </b>
          </li>
        ))}
      </ul>
    </>
  );
}

/** @param {{ made: readonly Stretch[], chosen: string, choose: (stretch: Stretch) => void }} props */
function Bars({ made, chosen, choose }) {
  const most = Math.max(1, ...made.map(({ good, scrap, rework }) => Math.max(0, good) + Math.max(0, scrap) + Math.max(0, rework)));
  const zone = site.value.timeZone;
  const share = (/** @type {number} */ amount) => `${(100 * Math.max(0, amount)) / most}%`;
  return (
    <div class="bars" role="group" aria-label={text.work.order.overTime}>
      {made.map((stretch) => {
        const words = `${moment(stretch.start, zone, now.value)} – ${moment(stretch.end, zone, now.value)}: ${text.orders.counted(sensible(stretch.good), sensible(stretch.scrap))}`;
        return (
          <button
            key={stretch.start}
            type="button"
            class={`bar-column ${stretch.start === chosen ? "is-chosen" : ""}`}
            disabled={stretch.reports === 0}
            aria-pressed={stretch.start === chosen}
            aria-label={words}
            title={words}
            onClick={() => choose(stretch)}
          >
            <span class="column-bad" style={{ height: share(stretch.scrap + stretch.rework) }} />
            <span class="column-good" style={{ height: share(stretch.good) }} />
          </button>
        );
      })}
    </div>
  );
}

/** The single reports of a stretch of time. @param {{ order: WholeOrder, since: string, until: string }} props */
function Reports({ order, since, until }) {
  const [reports] = useState(() => /** @type {Resource<{ history: HistoryEntry[], cursor: string | null }>} */ (new Resource()));
  useEffect(() => {
    void reports.load(`/api/order-reports/${encodeURIComponent(order.id)}?${new URLSearchParams({ since, until })}`);
  }, [order.id, since, until]);
  const { data, problem } = reports.state.value;
  const zone = site.value.timeZone;
  return (
    <div class="reports" data-testid="reports">
      <h3 class="sub-title">{text.work.order.reportsOf(moment(since, zone, now.value), moment(until, zone, now.value))}</h3>
      {data ? (
        data.history.length === 0 ? (
          <p class="muted">{text.work.order.reportsNone}</p>
        ) : (
          <ol>
            {data.history.map((entry, index) => (
              <li key={`${entry.at} ${index}`}>
                <Moment at={entry.at} />
                <span>{toldOf(entry)}</span>
                <span class="muted small">{entry.actor ? text.work.order.reported(entry.actor) : text.work.order.counted}</span>
              </li>
            ))}
          </ol>
        )
      ) : problem ? (
        <Failed problem={problem} title={text.work.order.problem} retry={() => void reports.reload()} />
      ) : (
        <Skeleton lines={3} />
      )}
    </div>
  );
}

/** @param {HistoryEntry} entry */
function toldOf({ payload }) {
  const { good = "0", scrap = "0", rework = "0", scrap_reason: scrapReason, rework_reason: reworkReason } = /** @type {Record<string, string>} */ (payload);
  return [
    text.orders.counted(decimal(good), decimal(scrap)),
    scrapReason ? reasonName(scrapReason) : "",
    Number(rework) !== 0 ? `${decimal(rework)} ${text.work.order.rework} ${reworkReason ? reasonName(reworkReason) : ""}` : "",
  ]
    .filter(Boolean)
    .join(" · ");
}
