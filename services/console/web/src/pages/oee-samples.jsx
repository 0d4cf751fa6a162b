// The samples an interval was judged from, as the historian journaled them: each change of a signal, counters first and last.

import { useEffect, useState } from "preact/hooks";
import { Resource } from "../model/resource.js";
import { condensed } from "../model/samples.js";
import { site } from "../model/session.js";
import { clockWithMs, exact, shownValue } from "../format.js";
import { text } from "../text/index.js";
import { Icon } from "../ui/icons.jsx";
import { Failed, Skeleton } from "../ui/parts.jsx";

/** @typedef {import("../model/intervals.js").IntervalDetail} IntervalDetail */
/** @typedef {import("../model/samples.js").Sample} Sample */

const MARGIN_MS = 2_000;
const SHOWN = 60;

/** @type {Resource<{ data: Sample[], cursor: string | null }>} */
const samples = new Resource();

/** @param {{ found: IntervalDetail }} props */
export function Samples({ found }) {
  const [open, setOpen] = useState(false);
  const query = new URLSearchParams({
    place: found.place,
    since_ms: String(Date.parse(found.start) - MARGIN_MS),
    until_ms: String(Date.parse(found.end) + MARGIN_MS),
    limit: "1000",
    most: "2000",
  });
  for (const metric of found.metrics) query.append("metrics", metric);
  const address = `/api/samples?${query}`;
  useEffect(() => {
    if (open) void samples.load(address);
  }, [open, address]);
  const { data, problem } = samples.state.value;
  return (
    <section>
      <button type="button" class="lane-fold" aria-expanded={open} onClick={() => setOpen(!open)} data-testid="samples">
        <Icon name="chevron" size={16} />
        <h3 class="section-title">{text.oee.interval.samples}</h3>
      </button>
      {open &&
        (problem ? (
          <Failed problem={problem} title={text.oee.interval.samplesProblem} retry={() => void samples.reload()} />
        ) : data === null ? (
          <Skeleton lines={4} />
        ) : (
          <Table rows={condensed(data.data)} cut={data.cursor !== null} />
        ))}
    </section>
  );
}

/** @param {{ rows: import("../model/samples.js").Condensed[], cut: boolean }} props */
function Table({ rows, cut }) {
  const zone = site.value.timeZone;
  if (rows.length === 0) return <p class="muted small">{text.oee.interval.noSamples}</p>;
  return (
    <>
      <table class="samples">
        <tbody>
          {rows.slice(0, SHOWN).map(({ sample, more }) => {
            const { value, unit } = shownValue({ value: sample.value, unit: null, metric: sample.metric ?? sample.name });
            return (
              <tr key={`${sample.timestamp_ms} ${sample.metric} ${String(sample.value)}`}>
                <td>
                  <time class="num" title={exact(sample.timestamp, zone)}>
                    {clockWithMs(sample.timestamp_ms, zone)}
                  </time>
                </td>
                <td>
                  {sample.metric ?? sample.name}
                  {sample.historical && <span class="chip">{text.oee.interval.late}</span>}
                </td>
                <td class="num right">
                  <b>{value}</b> {unit}
                  {more > 0 && <span class="muted small"> {text.oee.interval.between(more)}</span>}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {(cut || rows.length > SHOWN) && <p class="muted small">{text.oee.interval.cut}</p>}
    </>
  );
}
