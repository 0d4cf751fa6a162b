// The intervals behind a figure, page by page; each leads to its place in the timeline.

import { useEffect, useState } from "preact/hooks";
import { Problem, ask } from "../model/api.js";
import { now } from "../model/clock.js";
import { reasonPath } from "../model/reasons.js";
import { route, linkTo } from "../model/router.js";
import { lookOf } from "../model/intervals.js";
import { site } from "../model/session.js";
import { exact, length, momentWithSeconds } from "../format.js";
import { text } from "../text/index.js";
import { StateShape } from "../ui/icons.jsx";
import { Empty, Failed, Skeleton } from "../ui/parts.jsx";
import { intervalAddress } from "./oee-interval-link.js";

/** @typedef {import("../model/intervals.js").Interval} Interval */

/**
 * @param {{ place: string, query: string, order: "newest" | "longest", setOrder: (order: "newest" | "longest") => void }} props
 *   `query` holds since, until and what to filter by
 */
export function IntervalList({ place, query, order, setOrder }) {
  const [rows, setRows] = useState(/** @type {Interval[] | null} */ (null));
  const [cursor, setCursor] = useState(/** @type {string | null} */ (null));
  const [problem, setProblem] = useState(/** @type {Problem | null} */ (null));
  const [asked, setAsked] = useState(0);
  const address = `/api/oee/intervals?place=${encodeURIComponent(place)}&order=${order}&limit=50&most=50&${query}`;
  /** @param {string} from @param {Interval[]} before @param {() => boolean} isWanted */
  const load = async (from, before, isWanted) => {
    try {
      /** @type {{ data: Interval[], cursor: string | null }} */
      const answer = await ask("GET", from);
      if (!isWanted()) return;
      setRows([...before, ...answer.data]);
      setCursor(answer.cursor);
      setProblem(null);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (isWanted()) setProblem(error);
    }
  };
  useEffect(() => {
    let wanted = true;
    setRows(null);
    void load(address, [], () => wanted);
    return () => {
      wanted = false;
    };
  }, [address, asked]);
  const zone = site.value.timeZone;
  return (
    <div class="interval-list">
      <div class="segmented" role="group" aria-label={text.oee.intervals.order}>
        {/** @type {const} */ (["longest", "newest"]).map((name) => (
          <button key={name} type="button" aria-pressed={order === name} onClick={() => setOrder(name)}>
            {text.oee.intervals[name]}
          </button>
        ))}
      </div>
      {problem ? (
        <Failed problem={problem} title={text.oee.intervals.problem} retry={() => setAsked(asked + 1)} />
      ) : rows === null ? (
        <Skeleton lines={5} />
      ) : rows.length === 0 ? (
        <Empty icon="clock" title={text.oee.intervals.none} hint={text.oee.intervals.noneHint} />
      ) : (
        <ol class="panel intervals" data-testid="intervals">
          {rows.map((row) => (
            <li key={`${row.place} ${row.start}`}>
              <a href={linkTo({ ...intervalAddress(row, route.value.place), view: "oee" })}>
                <StateShape state={lookOf(row)} size={18} />
                <span class="interval-where">
                  <b>{row.place.split("/").at(-1)}</b>
                  <span class="muted">{row.place.split("/").slice(2, -1).join(" › ")}</span>
                </span>
                <span class="interval-why">
                  {row.reason_code ? reasonPath(row.reason_code).join(" › ") : (text.oee.causes[row.reason.split(" (")[0] ?? ""] ?? row.reason)}
                  {row.job_order && <span class="muted small">{row.job_order}</span>}
                </span>
                <time class="num muted" title={exact(row.start, zone)}>
                  {momentWithSeconds(row.start, zone, now.value)}
                </time>
                <b class="num interval-length">{length(Date.parse(row.end) - Date.parse(row.start))}</b>
              </a>
            </li>
          ))}
        </ol>
      )}
      {cursor && rows && (
        <button type="button" class="button" onClick={() => void load(`${address}&cursor=${encodeURIComponent(cursor)}`, rows, () => true)}>
          {text.oee.intervals.more}
        </button>
      )}
    </div>
  );
}
