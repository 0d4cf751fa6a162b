// Work masters: the list, each by the version in force; with `?master=` one of them.

import { useEffect } from "preact/hooks";
import { now } from "../model/clock.js";
import { standingOf } from "../model/masters.js";
import { events } from "../model/namespace.js";
import { Resource } from "../model/resource.js";
import { go, linkTo, route } from "../model/router.js";
import { text } from "../text/index.js";
import { Icon } from "../ui/icons.jsx";
import { Empty, Failed, Skeleton } from "../ui/parts.jsx";
import { MasterPage } from "./master.jsx";
import { Effective, StandingChip } from "./master-versions.jsx";
import { OrderViews } from "./order-views.jsx";
import { refreshed } from "./orders.jsx";

/** @typedef {import("../types.d.ts").MasterItem} MasterItem */

/** @type {Resource<{ items: MasterItem[], cut: boolean }>} */
const list = new Resource();
const REFRESH_MS = 30_000;
const TYPING_MS = 200;

/** @param {{ place: string }} _ */
export function MastersPage(_) {
  const { master } = route.value.query;
  return master ? <MasterPage key={master} id={master} /> : <MasterList />;
}

function MasterList() {
  const search = route.value.query.q ?? "";
  useEffect(() => {
    const load = () => void list.load(`/api/work-masters?${new URLSearchParams({ search })}`, "work masters");
    const first = setTimeout(load, search ? TYPING_MS : 0);
    const timer = setInterval(load, REFRESH_MS);
    return () => {
      clearTimeout(first);
      clearInterval(timer);
    };
  }, [search]);
  const newest = events.value.find((event) => event.type.startsWith("WorkMaster"))?.id;
  useEffect(() => {
    if (newest || refreshed.value) void list.reload();
  }, [newest, refreshed.value]);
  const { data, problem } = list.state.value;
  /** @param {string} q */
  const ask = (q) => go({ query: q ? { q } : {} }, { replace: true });
  return (
    <div class="page page-tight masters">
      <div class="section-head">
        <h1 class="page-h1">{text.masters.title}</h1>
        <OrderViews />
        <label class="search search-small grow">
          <Icon name="search" size={16} />
          <input
            type="search"
            placeholder={text.masters.search}
            aria-label={text.masters.search}
            value={search}
            maxLength={100}
            onInput={(event) => ask(event.currentTarget.value)}
          />
        </label>
      </div>
      {problem && data && <StaleNotice />}
      {data?.cut && <p class="notice">{text.masters.cut(data.items.length)}</p>}
      {!data ? (
        problem ? (
          <Failed problem={problem} title={text.masters.problem} retry={() => void list.reload()} />
        ) : (
          <Skeleton lines={6} tall />
        )
      ) : data.items.length > 0 ? (
        <MasterTable items={data.items} old={problem !== null} />
      ) : search ? (
        <Empty icon="search" title={text.masters.noMatch(search)} hint={text.masters.noMatchHint}>
          <button type="button" class="button" onClick={() => ask("")}>
            {text.masters.clear}
          </button>
        </Empty>
      ) : (
        <Empty icon="route" title={text.masters.none} hint={text.masters.noneHint} />
      )}
    </div>
  );
}

export const StaleNotice = () => (
  <p class="notice notice-bad" role="alert" data-testid="stale-masters">
    <Icon name="warning" size={18} />
    {text.masters.stale}
  </p>
);

/** @param {{ items: readonly MasterItem[], old: boolean }} props */
function MasterTable({ items, old }) {
  const words = text.masters;
  return (
    <div class={`panel ${old ? "is-old" : ""}`}>
      <table class="stack-table master-table">
        <thead>
          <tr>
            <th scope="col">{words.master}</th>
            <th scope="col">{words.material}</th>
            <th scope="col">{words.state}</th>
            <th scope="col">{words.effective}</th>
            <th scope="col" class="right">
              {words.version}
            </th>
            <th scope="col" class="right">
              {words.operations}
            </th>
          </tr>
        </thead>
        <tbody>
          {items.map((item) => (
            <tr key={item.id} data-master={item.id}>
              <th scope="row">
                <a class="master-link" href={linkTo({ query: { master: item.id } })}>
                  {item.id}
                </a>
                {item.description && <span class="muted small">{item.description}</span>}
              </th>
              <td data-label={words.material}>{item.material ?? <span class="muted">–</span>}</td>
              <td data-label={words.state}>
                <StandingChip standing={standingOf(item, item.inForce, now.value)} />
              </td>
              <td data-label={words.effective}>
                <Effective of={item} />
              </td>
              <td class="right num" data-label={words.version}>
                {item.version}
                {item.newest.version !== item.version && <span class="muted small"> {words.newest(item.newest.version)}</span>}
              </td>
              <td class="right num" data-label={words.operations}>
                {item.operationCount}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
