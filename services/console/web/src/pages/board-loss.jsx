// What costs this shift most, for the wall board.

import { useEffect } from "preact/hooks";
import { now } from "../model/clock.js";
import { pareto } from "../model/losses.js";
import { loadReasons, reasonPath } from "../model/reasons.js";
import { Resource } from "../model/resource.js";
import { linkTo } from "../model/router.js";
import { duration, percent } from "../format.js";
import { text } from "../text/index.js";

/** @typedef {import("../model/losses.js").Loss} Loss */

const EVERY_MS = 20_000;
const SHOWN = 3;

/** @type {Resource<{ data: Loss[] }>} */
const ledger = new Resource();

/** @param {{ path: string, since: number | string }} props `since`: begin of the shift, ms or ISO 8601; "" while there is none */
export function TopLoss({ path, since }) {
  const begin = since ? new Date(since).toISOString() : "";
  const turn = Math.floor(now.value / EVERY_MS);
  useEffect(() => void loadReasons(), []);
  useEffect(() => {
    if (!begin) return;
    const until = new Date(now.peek() + 60_000).toISOString();
    void ledger.load(`/api/oee/losses?place=${encodeURIComponent(path)}&since=${begin}&until=${until}&include_open=true`, `${path} ${begin}`);
  }, [path, begin, turn]);
  const { data, problem } = ledger.state.value;
  const bars = data ? pareto(data.data, { by: "time", level: 4 }).slice(0, SHOWN) : [];
  return (
    <section class="wall-loss" aria-label={text.board.topLoss} data-testid="top-loss">
      <span class="wall-label">{text.board.topLoss}</span>
      {bars.length === 0 ? (
        <b class="wall-big">{problem ? text.board.lossUnknown : data ? text.oee.pareto.none : "…"}</b>
      ) : (
        <ol>
          {bars.map((bar, index) => (
            <li key={bar.key} class={index === 0 ? "is-top" : ""}>
              <a href={linkTo({ view: "oee", place: path, query: { show: "losses", reason: bar.reason || "-", loss: bar.reason ? "" : bar.loss } })}>
                <b>{bar.named ? reasonPath(bar.reason).at(-1) : (text.oee.causes[bar.reason] ?? (bar.reason || (text.oee.losses[bar.loss] ?? bar.loss)))}</b>
                <span class="num">
                  {duration(bar.ms)} · {percent(bar.share, 0)}
                </span>
              </a>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
