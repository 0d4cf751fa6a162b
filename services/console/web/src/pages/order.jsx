// Everything about one job order at an address of its own: where it stands, what happened when, what was made and why not good,
// its operations, material, labor and machine, its responses - and every command that makes sense for it now.

import { useEffect } from "preact/hooks";
import { events } from "../model/namespace.js";
import { isHeard } from "../model/heard.js";
import { Resource } from "../model/resource.js";
import { go, linkTo, route } from "../model/router.js";
import { now } from "../model/clock.js";
import { may } from "../model/session.js";
import { liveness } from "../model/stream.js";
import { intentOn, isBusy, isOpen } from "../model/commands.js";
import { formsFor } from "../model/forms.js";
import { decimal, duration, unitSymbol } from "../format.js";
import { text } from "../text/index.js";
import { Icon } from "../ui/icons.jsx";
import { LatenessChip } from "../ui/lateness.jsx";
import { Empty, Fact, Failed, Moment, Skeleton } from "../ui/parts.jsx";
import { Obstacle } from "./dispatch-orders.jsx";
import { ActionNews, ConfirmAction, OrderActions } from "./order-actions.jsx";
import { OrderState, Progress } from "./order-cards.jsx";
import { OrderForm, askFor } from "./order-forms.jsx";
import { OrderHistory } from "./order-history.jsx";
import { OrderOperations } from "./order-operations.jsx";
import { OrderMaterial, OrderResponses, OrderTimes } from "./order-parts.jsx";
import { OrderQuantities } from "./order-quantities.jsx";
import { OrderTimeline } from "./order-timeline.jsx";
import { OrderViews } from "./order-views.jsx";
import { refreshed, withLiveCounts } from "./orders.jsx";

/** @typedef {import("../types.d.ts").OrderStory} OrderStory */
/** @typedef {import("../types.d.ts").WholeOrder} WholeOrder */
/** @typedef {import("../types.d.ts").CountRow} CountRow */

/** @type {Resource<OrderStory>} */
const story = new Resource();
/** @type {Resource<{ counts: CountRow[] }>} */
const counts = new Resource();
const REFRESH_MS = 15_000;

/** @param {{ place: string }} props */
export function OrderPage({ place }) {
  const id = route.value.query.order ?? "";
  useEffect(() => {
    if (!id) return undefined;
    load(id);
    const timer = setInterval(() => load(id), REFRESH_MS);
    return () => clearInterval(timer);
  }, [id]);
  const newest = events.value.find((event) => event.jobOrder === id && event.type !== "QuantityReported")?.id;
  useEffect(() => {
    if (id && (newest || refreshed.value)) void story.reload();
  }, [newest, refreshed.value]);
  const { data, problem } = story.state.value;
  const home = data?.order.workCenter;
  useEffect(() => {
    if (home && home !== place) go({ place: home, query: route.value.query }, { replace: true });
  }, [home, place]);
  return (
    <div class="page page-tight order-page">
      <div class="section-head">
        <h1 class="page-h1">{id || text.views.order}</h1>
        {data && (data.order.removed ? <Removed order={data.order} /> : <OrderState state={data.order.state} />)}
        <OrderViews />
      </div>
      {home && !isHeard(home) && (
        <p class="notice notice-bad" role="alert" data-testid="unheard">
          <Icon name="warning" size={18} />
          {text.work.unheard}
        </p>
      )}
      {home && isHeard(home) && problem && (
        <p class="notice notice-bad" role="alert" data-testid="stale-order">
          <Icon name="warning" size={18} />
          {text.problem.notAnswered}
        </p>
      )}
      {!id ? (
        <Empty icon="orders" title={text.work.order.choose} hint={text.work.order.chooseHint} />
      ) : data ? (
        <Story story={{ ...data, order: /** @type {WholeOrder} */ (withLiveCounts(data.order)) }} rows={counts.state.value.data?.counts ?? []} />
      ) : problem ? (
        <Failed problem={problem} title={text.work.order.problem} retry={() => load(id)} />
      ) : (
        <Skeleton lines={8} tall />
      )}
      <ConfirmAction />
      <OrderForm />
    </div>
  );
}

/** @param {string} id */
function load(id) {
  void story.load(`/api/order-stories/${encodeURIComponent(id)}`);
  void counts.load(`/api/order-counts/${encodeURIComponent(id)}?buckets=60`);
}

/** @param {{ order: WholeOrder }} props */
const Removed = ({ order }) => (
  <span class="chip">{/** @type {Record<string, string>} */ (text.orders.removed)[order.removed ?? ""] ?? order.removed}</span>
);

/** @param {{ story: OrderStory, rows: readonly CountRow[] }} props */
function Story({ story: whole, rows }) {
  const { order } = whole;
  return (
    <div class={`order-grid ${isHeard(order.workCenter) && !story.state.value.problem ? "" : "is-old"}`}>
      <section class="panel order-now">
        <Now whole={whole} />
      </section>
      <section class="panel order-commands" aria-label={text.work.order.change}>
        <Commands whole={whole} />
      </section>
      <section class="panel order-wide" aria-label={text.work.order.timeline}>
        <h2 class="section-title">{text.work.order.timeline}</h2>
        <OrderTimeline story={whole} rows={rows} />
      </section>
      <section class="panel" id="quantities" aria-label={text.work.order.quantities}>
        <h2 class="section-title">{text.work.order.quantities}</h2>
        <OrderQuantities order={order} rows={rows} />
      </section>
      <section class="panel" aria-label={text.work.order.times}>
        <h2 class="section-title">{text.work.order.times}</h2>
        <OrderTimes story={whole} />
      </section>
      <section class="panel order-wide" aria-label={text.work.order.operations}>
        <h2 class="section-title">{text.work.order.operations}</h2>
        <OrderOperations story={whole} />
      </section>
      <section class="panel" aria-label={text.work.order.materials}>
        <h2 class="section-title">{text.work.order.materials}</h2>
        <OrderMaterial story={whole} />
      </section>
      <section class="panel" aria-label={text.work.order.responses}>
        <h2 class="section-title">{text.work.order.responses}</h2>
        <OrderResponses history={whole.history} unit={order.unit} />
      </section>
      <section class="panel order-wide" aria-label={text.work.order.history}>
        <h2 class="section-title">{text.work.order.history}</h2>
        <OrderHistory history={whole.history} />
      </section>
    </div>
  );
}

/** @param {{ whole: OrderStory }} props */
function Now({ whole: { order, route: master } }) {
  const words = text.work.order;
  const personnel = master?.operations.find(({ id }) => id === order.operation)?.personnelClass;
  return (
    <>
      <p class="order-lead">
        {order.description || order.workMaster || order.id}
        {order.operation && <span class="chip">{order.operation}</span>}
      </p>
      {order.startedAt && <Progress order={order} />}
      <Obstacle order={order} />
      <dl class="facts">
        <Fact name={text.orders.place}>
          <a href={linkTo({ view: "dispatch", place: order.workCenter })}>{order.workCenter.split("/").slice(2).join(" › ")}</a>
        </Fact>
        <Fact name={order.endedAt ? words.against : words.forecast}>
          <LatenessChip order={order} long />{" "}
          {order.forecast?.expectedEnd && !order.endedAt && (
            <span class="muted">
              {text.work.expected} <Moment at={order.forecast.expectedEnd} />
            </span>
          )}
        </Fact>
        {(order.due ?? order.plannedEnd) && (
          <Fact name={text.work.due}>
            <Moment at={order.due ?? order.plannedEnd} />
          </Fact>
        )}
        {order.ordered && (
          <Fact name={text.orders.ordered}>
            {decimal(order.ordered.value)} {unitSymbol(order.unit)}
          </Fact>
        )}
        {order.customerReference && <Fact name={words.customer}>{order.customerReference}</Fact>}
        {order.workRequest && <Fact name={text.orders.workRequest}>{order.workRequest}</Fact>}
        {order.workMaster && (
          <Fact name={text.orders.product}>
            {order.workMasterVersion ? (
              <a href={linkTo({ view: "masters", query: { master: order.workMaster, version: String(order.workMasterVersion) } })} data-testid="master">
                {words.masterVersion(order.workMaster, order.workMasterVersion)}
              </a>
            ) : (
              order.workMaster
            )}
            {master?.material && <span class="muted"> · {master.material}</span>}
          </Fact>
        )}
        {personnel && <Fact name={text.masters.columns.personnel}>{personnel}</Fact>}
        <Fact name={text.orders.priority}>{order.priority}</Fact>
        {(order.plannedStart || order.plannedEnd) && (
          <Fact name={text.orders.planned}>
            <Moment at={order.plannedStart} /> – <Moment at={order.plannedEnd} />
          </Fact>
        )}
        {order.startedAt && (
          <Fact name={order.endedAt ? words.took : text.orders.elapsed}>
            {duration((order.endedAt ? Date.parse(order.endedAt) : now.value) - Date.parse(order.startedAt))}
          </Fact>
        )}
        <Fact name={words.countsBy}>
          {words.sources[order.quantitySource]}
          {order.operatorDeclares && <span class="muted"> · {words.declares}</span>}
        </Fact>
        {order.splitFrom && (
          <Fact name={words.splitFrom}>
            <OrderLink id={order.splitFrom} />
          </Fact>
        )}
        {order.reworkOf && (
          <Fact name={words.reworkOf}>
            <OrderLink id={order.reworkOf} />
          </Fact>
        )}
        <Fact name={text.orders.version}>{order.version}</Fact>
      </dl>
    </>
  );
}

/** @param {{ whole: OrderStory }} props */
function Commands({ whole: { order, orders } }) {
  const busy = isOpen(intentOn(order.id));
  const off = isBusy(order.id) || liveness.value !== "live" || !isHeard(order.workCenter);
  const forms = formsFor(order).filter((name) => may(name));
  const nothing = forms.length === 0 && !may("Begin");
  return (
    <>
      <h2 class="section-title">{text.work.order.execute}</h2>
      {nothing && <p class="muted">{text.orders.viewOnly}</p>}
      <OrderActions order={order} all />
      {forms.length > 0 && <h2 class="section-title">{text.work.order.change}</h2>}
      <div class="actions actions-all">
        {forms.map((name) => (
          <button
            key={name}
            type="button"
            class={`button ${name === "Hold" ? "danger" : ""}`}
            disabled={off}
            aria-busy={busy && intentOn(order.id)?.name === name}
            onClick={() => askFor(name, order, orders)}
            data-action={name}
          >
            {text.work.actions[name]}…
          </button>
        ))}
      </div>
      <ActionNews order={order} />
      <a class="text-link" href={linkTo({ view: "operate", place: order.workCenter })}>
        <Icon name="user" size={16} /> {text.work.dispatch.operate}
      </a>
    </>
  );
}

/** @param {{ id: string }} props */
const OrderLink = ({ id }) => (
  <a class="text-link" href={linkTo({ view: "order", query: { order: id } })}>
    {id}
  </a>
);
