// OEE of a place and everything below it, in four views: now, the timeline of states, where the time went, how it changed.

import { linkTo, route } from "../model/router.js";
import { placeAt } from "../model/namespace.js";
import { text } from "../text/index.js";
import { Icon } from "../ui/icons.jsx";
import { OeeLosses } from "./oee-losses.jsx";
import { OeeNow } from "./oee-now.jsx";
import { OeeTimeline } from "./oee-timeline.jsx";
import { OeeTrend } from "./oee-trend.jsx";

const SHOWN = { now: OeeNow, timeline: OeeTimeline, losses: OeeLosses, trend: OeeTrend };

/** @typedef {keyof typeof SHOWN} Shown */

/** @param {{ place: string }} props */
export function OeePage({ place }) {
  const { query } = route.value;
  const shown = /** @type {Shown} */ (query.show && query.show in SHOWN ? query.show : "now");
  const View = SHOWN[shown];
  return (
    <div class="page oee-page">
      <div class="oee-head">
        <nav class="segmented" aria-label={text.oee.title}>
          {/** @type {Shown[]} */ (Object.keys(SHOWN)).map((name) => (
            <a key={name} href={linkTo({ query: name === "now" ? {} : { show: name } })} aria-current={name === shown ? "true" : undefined} data-show={name}>
              {text.oee.show[name]}
            </a>
          ))}
        </nav>
        {placeAt(place)?.level === "WorkCenter" && (
          <a class="button" href={linkTo({ view: "board", query: {} })} aria-label={text.board.open} title={text.board.open}>
            <Icon name="board" size={18} />
            <span class="wide-only">{text.board.open}</span>
          </a>
        )}
      </div>
      <View key={shown} place={place} />
    </div>
  );
}
