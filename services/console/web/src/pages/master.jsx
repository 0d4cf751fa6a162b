// One work master: its versions side by side, the chosen one whole, the other one to compare it with, the open orders made from it.

import { useEffect } from "preact/hooks";
import { now } from "../model/clock.js";
import { standingOf } from "../model/masters.js";
import { events } from "../model/namespace.js";
import { Resource } from "../model/resource.js";
import { linkTo, route } from "../model/router.js";
import { decimal, unitSymbol } from "../format.js";
import { text } from "../text/index.js";
import { Icon } from "../ui/icons.jsx";
import { Empty, Fact, Failed, Moment, Skeleton } from "../ui/parts.jsx";
import { ConfirmMaster, MasterChange } from "./master-change.jsx";
import { MasterOperations } from "./master-operations.jsx";
import { Effective, MasterVersions, StandingChip } from "./master-versions.jsx";
import { StaleNotice } from "./masters.jsx";
import { OrderState } from "./order-cards.jsx";
import { OrderViews } from "./order-views.jsx";
import { refreshed } from "./orders.jsx";

/** @typedef {import("../types.d.ts").MasterStory} MasterStory */
/** @typedef {import("../types.d.ts").WorkOrder} WorkOrder */

/** @type {Resource<MasterStory>} */
const story = new Resource();
const REFRESH_MS = 20_000;

/** @param {{ id: string }} props */
export function MasterPage({ id }) {
  const { version = "", against = "" } = route.value.query;
  useEffect(() => {
    const load = () => void story.load(`/api/work-masters/${encodeURIComponent(id)}?${new URLSearchParams({ version, against })}`, id);
    load();
    const timer = setInterval(load, REFRESH_MS);
    return () => clearInterval(timer);
  }, [id, version, against]);
  const newest = events.value.find((event) => event.subject === id || event.type.startsWith("JobOrder"))?.id;
  useEffect(() => {
    if (newest || refreshed.value) void story.reload();
  }, [newest, refreshed.value]);
  const { data, problem } = story.state.value;
  return (
    <div class="page page-tight masters">
      <div class="section-head">
        <h1 class="page-h1">{id}</h1>
        <OrderViews />
        <a class="text-link master-back" href={linkTo({ query: {} })}>
          <Icon name="left" size={16} />
          {text.masters.back}
        </a>
      </div>
      {problem?.status === 404 ? (
        <Empty icon="route" title={text.masters.unknown} hint={text.masters.unknownHint} />
      ) : data ? (
        <>
          {problem && <StaleNotice />}
          <Story story={data} old={problem !== null} />
        </>
      ) : problem ? (
        <Failed problem={problem} title={text.masters.oneProblem} retry={() => void story.reload()} />
      ) : (
        <Skeleton lines={8} tall />
      )}
      <ConfirmMaster />
    </div>
  );
}

/** @param {{ story: MasterStory, old: boolean }} props */
function Story({ story: { id, versions, inForce, shown, against, orders, ordersCut }, old }) {
  const words = text.masters;
  const brief = versions.find(({ version }) => version === shown.version);
  const standing = standingOf(shown, inForce, now.value);
  return (
    <div class={`master-parts ${old ? "is-old" : ""}`}>
      <section aria-label={words.versions}>
        {shown.description && <p class="order-lead">{shown.description}</p>}
        <h2 class="section-title">{words.versionCount(versions.length)}</h2>
        <MasterVersions id={id} versions={versions} inForce={inForce} shown={shown.version} against={against?.version ?? null} />
      </section>
      <section class="panel master-panel" aria-label={words.versionOf(shown.version)}>
        <div class="master-head">
          <h2>{words.versionOf(shown.version)}</h2>
          <StandingChip standing={standing} />
          <span class="muted">{words.standingLong[standing]}</span>
          <MasterChange id={id} version={shown} inForce={inForce} off={old} />
        </div>
        <dl class="facts master-facts">
          {shown.material && <Fact name={words.material}>{shown.material}</Fact>}
          <Fact name={words.unit}>{unitSymbol(shown.unit) || shown.unit}</Fact>
          <Fact name={words.effective}>
            <Effective of={shown} />
          </Fact>
          {brief && (
            <Fact name={words.stored}>
              <Moment at={brief.storedAt} />
            </Fact>
          )}
        </dl>
        <MasterOperations shown={shown} against={against} />
      </section>
      <section class="panel master-panel" aria-label={words.orders}>
        <h2 class="section-title">{words.orders}</h2>
        <Orders orders={orders} />
        {ordersCut && <p class="muted small">{words.ordersCut(orders.length)}</p>}
      </section>
    </div>
  );
}

/** @param {{ orders: readonly WorkOrder[] }} props */
function Orders({ orders }) {
  const words = text.masters;
  if (orders.length === 0) return <p class="muted">{words.noOrders}</p>;
  return (
    <table class="stack-table master-orders">
      <thead>
        <tr>
          <th scope="col">{text.views.order}</th>
          <th scope="col">{words.state}</th>
          <th scope="col">{words.version}</th>
          <th scope="col">{words.operation}</th>
          <th scope="col">{text.orders.place}</th>
          <th scope="col" class="right">
            {text.orders.good}
          </th>
          <th scope="col">{text.work.due}</th>
        </tr>
      </thead>
      <tbody>
        {orders.map((order) => (
          <tr key={order.id} data-order={order.id}>
            <th scope="row">
              <a class="text-link" href={linkTo({ view: "order", place: order.workCenter, query: { order: order.id } })}>
                {order.id}
              </a>
            </th>
            <td data-label={words.state}>
              <OrderState state={order.state} />
            </td>
            <td data-label={words.version} class="num">
              {order.workMasterVersion ?? <span class="muted">{words.noVersion}</span>}
            </td>
            <td data-label={words.operation}>{order.operation ?? <span class="muted">–</span>}</td>
            <td data-label={text.orders.place}>{order.workCenter.split("/").slice(2).join(" › ")}</td>
            <td data-label={text.orders.good} class="right num">
              {decimal(order.good)} {order.ordered && text.orders.of(decimal(order.ordered.value))} {unitSymbol(order.unit)}
            </td>
            <td data-label={text.work.due}>
              <Moment at={order.due} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
