// Saying why a unit stood: a reason out of the site's tree, for the whole stop, for its parts, or for several stops as one.

import { useEffect, useState } from "preact/hooks";
import { Problem, ask } from "../model/api.js";
import { now } from "../model/clock.js";
import { command, dismiss, intentOn, isOpen } from "../model/commands.js";
import { isStop } from "../model/intervals.js";
import { loadReasons, reasons, reasonsProblem } from "../model/reasons.js";
import { may, site } from "../model/session.js";
import { liveness } from "../model/stream.js";
import { forgetTimeline, timelineVersion } from "../model/timeline-data.js";
import { clock, length, momentWithSeconds } from "../format.js";
import { text } from "../text/index.js";
import { Icon } from "../ui/icons.jsx";
import { Dialog, Failed } from "../ui/parts.jsx";
import { tell } from "../ui/toasts.jsx";
import { PartBar, PartEnd, SMALLEST_MS, divided, joined, startOf } from "./classify-parts.jsx";
import { ReasonPicker } from "./reason-picker.jsx";

/** @typedef {import("../model/intervals.js").IntervalDetail} IntervalDetail */
/** @typedef {import("../model/intervals.js").Interval} Interval */
/** @typedef {import("./classify-parts.jsx").Part} Part */

const FOLLOWING = 6;
const LOOK_MS = 1000;
const PATIENCE_MS = 30_000;

/** @param {{ found: IntervalDetail, onClose: () => void, reload: () => void }} props */
export function ClassifyDialog({ found, onClose, reload }) {
  const begin = Date.parse(found.start);
  const finish = Date.parse(found.end);
  const subject = found.place;
  const [parts, setParts] = useState(/** @type {Part[]} */ ([{ end: finish, code: found.source === "person" ? (found.reason_code ?? "") : "" }]));
  const [chosen, setChosen] = useState(0);
  const [merged, setMerged] = useState(0);
  const [why, setWhy] = useState("");
  const [checked, setChecked] = useState(false);
  const [waiting, setWaiting] = useState(false);
  const following = useFollowing(found);
  const intent = intentOn(subject);
  const busy = isOpen(intent) || waiting;
  useEffect(() => {
    void loadReasons();
    dismiss(subject);
  }, []);

  const until = merged > 0 ? Date.parse(following[merged - 1]?.end ?? found.end) : finish;
  const missing = parts.findIndex(({ code }) => code === "");
  const split = parts.length > 1;
  const canSplit = may("SplitStop", "oee") && merged === 0 && (parts[chosen]?.end ?? 0) - startOf(parts, chosen, begin) > 2 * SMALLEST_MS;

  /** @param {string} name @param {Record<string, import("../types.d.ts").Json>} args */
  const send = async (name, args) => {
    const answer = await command(subject, name, { target: "oee", args, reason: why.trim() });
    if (answer.status !== "done") return;
    setWaiting(true);
    const seen = await isJudged(found, answer.id);
    setWaiting(false);
    forgetTimeline();
    timelineVersion.value += 1;
    reload();
    dismiss(subject);
    tell(seen ? text.oee.classify.done : text.oee.classify.noted);
    onClose();
  };
  /** @param {Event} event */
  const submit = (event) => {
    event.preventDefault();
    setChecked(true);
    if (busy || missing >= 0 || why.trim() === "") return;
    const start = found.start;
    const only = /** @type {Part} */ (parts[0]);
    if (split) void send("SplitStop", { start, parts: parts.map(({ end, code }) => ({ end: iso(end), reason_code: code })) });
    else if (merged > 0) void send("MergeStops", { start, end: iso(until), reason_code: only.code });
    else void send("ClassifyStop", { start, end: iso(finish), reason_code: only.code });
  };
  const takeBack = () => {
    setChecked(true);
    if (!busy && why.trim() !== "") void send("ClassifyStop", { start: found.start, end: iso(finish), reason_code: null });
  };
  const zone = site.value.timeZone;
  return (
    <Dialog title={text.oee.classify.title} onClose={() => !busy && onClose()} class="dialog-wide">
      <form class="classify" onSubmit={submit} noValidate>
        <p class="classify-what num">
          <b>{found.place.split("/").at(-1)}</b> · {momentWithSeconds(found.start, zone, now.value)} – {clock(until, zone)} · <b>{length(until - begin)}</b>
          <span class="muted"> · {text.oee.causes[found.reason.split(" (")[0] ?? ""] ?? found.reason}</span>
        </p>
        <PartBar parts={parts} begin={begin} finish={until} chosen={chosen} choose={setChosen} merged={merged > 0} />
        <div class="classify-tools">
          <button type="button" class="button" disabled={!canSplit || busy} onClick={() => setParts(divided(parts, chosen, begin))} data-testid="split">
            <Icon name="split" size={18} />
            {text.oee.classify.split}
          </button>
          {split && (
            <>
              <PartEnd parts={parts} chosen={chosen} begin={begin} change={setParts} />
              <button
                type="button"
                class="button"
                disabled={busy}
                onClick={() => {
                  setParts(joined(parts, chosen));
                  setChosen(Math.max(0, Math.min(chosen, parts.length - 2)));
                }}
              >
                {text.oee.classify.unsplit}
              </button>
            </>
          )}
          {!split && following.length > 0 && may("MergeStops", "oee") && (
            <label class="field field-inline">
              <span>{text.oee.classify.merge}</span>
              <select value={String(merged)} disabled={busy} onChange={(event) => setMerged(Number(event.currentTarget.value))} data-testid="merge">
                <option value="0">{text.oee.classify.mergeNone}</option>
                {following.map((stop, index) => (
                  <option key={stop.start} value={String(index + 1)}>
                    {text.oee.classify.mergeUpTo(clock(stop.start, zone), length(Date.parse(stop.end) - Date.parse(stop.start)))}
                  </option>
                ))}
              </select>
            </label>
          )}
        </div>
        {reasonsProblem.value ? (
          <Failed problem={reasonsProblem.value} title={text.oee.classify.reasonsProblem} retry={() => void loadReasons()} />
        ) : (
          <ReasonPicker
            key={chosen}
            tree={reasons.value}
            code={parts[chosen]?.code ?? ""}
            choose={(code) => setParts(parts.map((part, index) => (index === chosen ? { ...part, code } : part)))}
            bad={checked && (parts[chosen]?.code ?? "") === ""}
          />
        )}
        {checked && missing >= 0 && <p class="field-problem">{split ? text.oee.classify.chooseFor(missing + 1) : text.oee.classify.choose}</p>}
        <label class={`field ${checked && why.trim() === "" ? "field-bad" : ""}`}>
          <span>{text.oee.classify.why}</span>
          <input name="why" value={why} maxLength={400} disabled={busy} placeholder={text.oee.classify.whyHint} onInput={(event) => setWhy(event.currentTarget.value)} />
          {checked && why.trim() === "" && <span class="field-problem">{text.oee.classify.whyMissing}</span>}
        </label>
        <ClassifyNews subject={subject} waiting={waiting} />
        <footer class="dialog-foot">
          {found.words.length > 0 && found.source === "person" && (
            <button type="button" class="button large classify-back" disabled={busy || liveness.value !== "live"} onClick={takeBack}>
              {text.oee.classify.takeBack}
            </button>
          )}
          <button type="button" class="button large" disabled={busy} onClick={onClose}>
            {text.create.cancel}
          </button>
          <button type="submit" class="button large primary" aria-busy={busy} disabled={busy || liveness.value !== "live"} data-testid="classify-send">
            {busy && <span class="spinner" aria-hidden="true" />}
            {busy ? text.oee.classify.busy : text.oee.classify.submit}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

/** @param {{ subject: string, waiting: boolean }} props */
function ClassifyNews({ subject, waiting }) {
  const intent = intentOn(subject);
  if (waiting) {
    return (
      <div class="notice" role="status" data-testid="classify-news">
        <Icon name="clock" size={18} />
        <div>{text.oee.classify.waiting}</div>
      </div>
    );
  }
  if (!intent || intent.status === "pending" || intent.status === "done") return null;
  const silent = intent.status === "silent";
  return (
    <div class={`notice ${silent ? "" : "notice-bad"}`} role="alert" data-testid="classify-news">
      <Icon name={silent ? "clock" : "warning"} size={18} />
      <div>
        {!silent && <b>{text.oee.classify.refused}</b>}
        <span>{silent ? text.orders.silent : intent.message === "no_answer" ? text.oee.classify.noAnswer : intent.message}</span>
      </div>
    </div>
  );
}

/** Stops that follow, each behind the one before or a short run between. @param {IntervalDetail} found */
function useFollowing(found) {
  const [stops, setStops] = useState(/** @type {Interval[]} */ ([]));
  useEffect(() => {
    let wanted = true;
    const until = found.window?.end ?? new Date(Date.parse(found.end) + 3_600_000).toISOString();
    const query = new URLSearchParams({ place: found.place, since: found.end, until, limit: "200", most: "400" });
    ask("GET", `/api/oee/intervals?${query}`).then(
      (/** @type {any} */ answer) => {
        if (!wanted) return;
        const later = /** @type {Interval[]} */ (answer.data).filter((row) => isStop(row) && Date.parse(row.start) >= Date.parse(found.end)).toReversed();
        setStops(later.slice(0, FOLLOWING));
      },
      (error) => {
        if (!(error instanceof Problem)) throw error;
      },
    );
    return () => {
      wanted = false;
    };
  }, [found.place, found.end]);
  return stops;
}

/** Wait until the unit was judged with the word. @param {IntervalDetail} found @param {string} commandId */
async function isJudged(found, commandId) {
  const address = `/api/oee/interval?place=${encodeURIComponent(found.place)}&at=${found.start}`;
  for (const giveUpAt = Date.now() + PATIENCE_MS; Date.now() < giveUpAt; ) {
    try {
      /** @type {{ data: IntervalDetail }} */
      const answer = await ask("GET", address);
      if (answer.data.words.some((word) => word.command_id === commandId && word.is_taken)) return true;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  return false;
}

/** @param {number} at */
const iso = (at) => new Date(at).toISOString();
