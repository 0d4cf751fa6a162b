// The wall board of a line: OEE and its factors, every unit's state and age, the count against its target, readable from five metres.

import { useEffect, useState } from "preact/hooks";
import { now } from "../model/clock.js";
import { allPlaces, children, havePicture, metricAt, metricsVersion, placeAt } from "../model/namespace.js";
import { linkTo } from "../model/router.js";
import { site } from "../model/session.js";
import { liveness } from "../model/stream.js";
import { DASH, age, clock, number, percent, sensible, unitSymbol } from "../format.js";
import { LiveBanner } from "../shell/live.jsx";
import { text } from "../text/index.js";
import { Icon, StateShape } from "../ui/icons.jsx";
import { Empty, Skeleton } from "../ui/parts.jsx";
import { stateDetail, stateName } from "../ui/state.jsx";
import { TopLoss } from "./board-loss.jsx";

/** @typedef {import("../types.d.ts").Place} Place */

const FACTORS = /** @type {const} */ ([
  ["Availability", "availability"],
  ["Effectiveness", "effectiveness"],
  ["QualityRatio", "quality"],
]);
const GOOD = 192;
/** More units than this stand in two columns. */
const MANY = 4;

/** @param {{ place: string }} props */
export function BoardPage({ place: path }) {
  const place = placeAt(path);
  const line = place?.level === "WorkUnit" ? placeAt(path.slice(0, path.lastIndexOf("/"))) : place;
  useEffect(() => stayAwake(), []);
  if (!havePicture.value) return <Skeleton lines={6} tall />;
  return (
    <div class="wall" data-live={liveness.value} data-testid="wall">
      <LiveBanner />
      {line?.level === "WorkCenter" ? <Line line={line} /> : <Choose path={path} />}
    </div>
  );
}

/** @param {{ line: Place }} props */
function Line({ line }) {
  const units = (children.value.get(line.path) ?? []).map((unit) => placeAt(unit.path) ?? unit);
  const oee = metricAt(line.path, "OEE/OEE");
  const stale = oee !== undefined && oee.quality !== GOOD;
  const shift = textAt(line.path, "OEE/Shift");
  return (
    <>
      <header class="wall-head">
        <h1>
          <StateShape state={line.shown} size={44} />
          {line.name}
          <span>{line.path.split("/").slice(2, -1).join(" › ")}</span>
        </h1>
        <div class="wall-when">
          {shift && <span>{text.oee.shift(shift)}</span>}
          <b class="num">{clock(now.value, site.value.timeZone)}</b>
        </div>
        <WallButtons path={line.path} />
      </header>
      <main class="wall-main" id="content">
        <section class={`wall-oee ${stale ? "wall-stale" : ""}`} aria-label={text.oee.oee}>
          <div class="wall-index">
            <span>{text.oee.oee}</span>
            <b class={`num ${typeof oee?.value === "number" && oee.value >= 10 ? "is-long" : ""}`} data-testid="wall-oee">
              {typeof oee?.value === "number" ? number(oee.value * 100, oee.value >= 1 ? 0 : 1) : DASH}
              {typeof oee?.value === "number" && <i>%</i>}
            </b>
            {typeof oee?.value !== "number" && <small>{text.oee.undefinedBecause(textAt(line.path, "OEE/Reason"))}</small>}
            {typeof oee?.value === "number" && oee.value > 1 && <small class="wall-warning">{text.oee.over}</small>}
            {stale && <small class="wall-warning">{text.board.stale(age(oee.timestamp, now.value))}</small>}
          </div>
          <div class="wall-factors">
            {FACTORS.map(([metric, key]) => (
              <Factor key={metric} label={text.oee[key]} value={numberAt(line.path, `OEE/${metric}`)} />
            ))}
          </div>
        </section>
        <section class="wall-count" aria-label={text.board.count}>
          <Order path={line.path} />
          <ShiftCount path={line.path} />
        </section>
        <section class="wall-units" aria-label={text.oee.units} data-many={units.length > MANY ? units.length : undefined}>
          {units.map((unit) => (
            <Unit key={unit.path} unit={unit} />
          ))}
        </section>
        <TopLoss path={line.path} since={numberAt(line.path, "OEE/WindowStart") ?? textAt(line.path, "OEE/WindowStart")} />
      </main>
    </>
  );
}

/** @param {{ label: string, value: number | null }} props */
function Factor({ label, value }) {
  return (
    <div class="wall-factor">
      <span>{label}</span>
      <b class="num">{percent(value, 0)}</b>
      <span class="wall-bar" aria-hidden="true">
        <span style={{ width: `${Math.min(100, Math.max(0, (value ?? 0) * 100))}%` }} />
      </span>
    </div>
  );
}

/** The order that runs: what is made of what was asked. @param {{ path: string }} props */
function Order({ path }) {
  const id = textAt(path, "JobOrder/Active/ID");
  const good = numberAt(path, "JobOrder/Active/Good");
  const scrap = numberAt(path, "JobOrder/Active/Scrap") ?? 0;
  const ordered = numberAt(path, "JobOrder/Active/QuantityOrdered");
  const unit = unitSymbol(textAt(path, "JobOrder/Active/Unit"));
  if (!id) {
    return (
      <div class="wall-block">
        <span class="wall-label">{text.board.order}</span>
        <b class="wall-big">{text.orders.noActive}</b>
      </div>
    );
  }
  const ratio = ordered && good !== null ? good / ordered : null;
  return (
    <div class="wall-block">
      <span class="wall-label">
        {id} · {textAt(path, "JobOrder/Active/WorkMaster")}
      </span>
      <b class="wall-big num">
        {good === null ? DASH : sensible(good)} <small>{ordered ? `/ ${sensible(ordered)} ${unit}` : unit}</small>
      </b>
      {ratio !== null && (
        <span class="wall-progress" role="img" aria-label={percent(ratio, 0)}>
          <span class="progress-good" style={{ width: `${Math.min(100, ratio * 100)}%` }} />
        </span>
      )}
      <span class="wall-note num">
        {ratio !== null && percent(ratio, 0)} · {text.board.scrap(sensible(scrap))}
      </span>
    </div>
  );
}

/** What the shift made, against what it could have made at the ideal cycle. @param {{ path: string }} props */
function ShiftCount({ path }) {
  const good = numberAt(path, "OEE/GQ");
  const oee = numberAt(path, "OEE/OEE");
  const possible = good !== null && oee ? good / oee : null;
  return (
    <div class="wall-block">
      <span class="wall-label">{text.board.shift}</span>
      <b class="wall-big num">
        {good === null ? DASH : sensible(good)} <small>{possible === null ? "" : `/ ${sensible(Math.round(possible))}`}</small>
      </b>
      {possible !== null && good !== null && (
        <span class="wall-progress" role="img" aria-label={percent(good / possible, 0)}>
          <span class="progress-good" style={{ width: `${Math.min(100, (good / possible) * 100)}%` }} />
        </span>
      )}
      <span class="wall-note">{possible === null ? "" : text.board.possible}</span>
    </div>
  );
}

/** @param {{ unit: Place }} props */
function Unit({ unit }) {
  return (
    <a class={`wall-unit s-${unit.shown ?? "none"} ${unit.stale ? "wall-stale" : ""}`} href={linkTo({ view: "oee", place: unit.path, query: { show: "timeline" } })} data-unit={unit.path}>
      <StateShape state={unit.shown} size={48} />
      <span class="wall-unit-words">
        <b>{unit.name}</b>
        <span>
          {stateName(unit.shown)}
          {stateDetail(unit) ? ` · ${stateDetail(unit)}` : ""}
        </span>
      </span>
      <b class="num wall-age">{age(unit.since, now.value)}</b>
    </a>
  );
}

/** @param {{ path: string }} props */
function WallButtons({ path }) {
  const [full, setFull] = useState(document.fullscreenElement !== null);
  useEffect(() => {
    const changed = () => setFull(document.fullscreenElement !== null);
    addEventListener("fullscreenchange", changed);
    return () => removeEventListener("fullscreenchange", changed);
  }, []);
  return (
    <div class="wall-buttons">
      {!full && document.fullscreenEnabled && (
        <button type="button" class="icon-button" aria-label={text.board.full} title={text.board.full} onClick={() => void document.documentElement.requestFullscreen()}>
          <Icon name="full" />
        </button>
      )}
      <a class="icon-button" href={linkTo({ view: "oee", place: path, query: {} })} aria-label={text.board.leave} title={text.board.leave}>
        <Icon name="close" />
      </a>
    </div>
  );
}

/** Every line at or below a place, to choose from. @param {{ path: string }} props */
function Choose({ path }) {
  metricsVersion.value;
  const lines = allPlaces().filter((place) => place.level === "WorkCenter" && (place.path === path || place.path.startsWith(`${path}/`))).sort((a, b) => a.order - b.order);
  if (lines.length === 0) return <Empty icon="board" title={text.board.none} hint={text.board.noneHint} />;
  return (
    <>
      <header class="wall-head">
        <h1>{text.board.choose}</h1>
        <WallButtons path={path} />
      </header>
      <main class="wall-choose" id="content">
        {lines.map((listed) => {
          const line = placeAt(listed.path) ?? listed;
          const oee = numberAt(line.path, "OEE/OEE");
          return (
            <a key={line.path} class="wall-unit wall-line" href={linkTo({ view: "board", place: line.path, query: {} })}>
              <StateShape state={line.shown} size={48} />
              <span class="wall-unit-words">
                <b>{line.name}</b>
                <span>{line.path.split("/").slice(2, -1).join(" › ")}</span>
              </span>
              <b class="num wall-age">{percent(oee)}</b>
            </a>
          );
        })}
      </main>
    </>
  );
}

/** Keep the screen on while the board is shown, where the browser can; asked again when the page is seen again. */
function stayAwake() {
  /** @type {WakeLockSentinel | null} */
  let held = null;
  const hold = () => {
    if (document.visibilityState !== "visible" || !("wakeLock" in navigator)) return;
    navigator.wakeLock.request("screen").then(
      (lock) => {
        held = lock;
      },
      () => undefined,
    );
  };
  hold();
  addEventListener("visibilitychange", hold);
  return () => {
    removeEventListener("visibilitychange", hold);
    void held?.release();
  };
}

/** @param {string} path @param {string} name */
function numberAt(path, name) {
  const value = metricAt(path, name)?.value;
  return typeof value === "number" ? value : null;
}

/** @param {string} path @param {string} name */
function textAt(path, name) {
  const value = metricAt(path, name)?.value;
  return typeof value === "string" ? value : "";
}
