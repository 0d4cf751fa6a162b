// The frame around every page: sign-in or shell, the page of the current route, what happens when live data is lost.

import { useEffect } from "preact/hooks";
import { placeAt, havePicture } from "../model/namespace.js";
import { BARE_VIEWS, followLink, go, route } from "../model/router.js";
import { findSession, session, sessionProblem, site } from "../model/session.js";
import { liveness, watch } from "../model/stream.js";
import { BoardPage } from "../pages/board.jsx";
import { DispatchPage } from "../pages/dispatch.jsx";
import { EventsPage } from "../pages/events.jsx";
import { MastersPage } from "../pages/masters.jsx";
import { NodesPage } from "../pages/nodes.jsx";
import { OeePage } from "../pages/oee.jsx";
import { OperatePage } from "../pages/operate.jsx";
import { OrderPage } from "../pages/order.jsx";
import { OrdersPage } from "../pages/orders.jsx";
import { PlacePage } from "../pages/place.jsx";
import { SignInPage } from "../pages/sign-in.jsx";
import { text } from "../text/index.js";
import { Mark } from "../ui/icons.jsx";
import { Failed, Skeleton } from "../ui/parts.jsx";
import { Toasts } from "../ui/toasts.jsx";
import { KeysDialog, useKeys } from "./keys.jsx";
import { LiveBanner } from "./live.jsx";
import { Sidebar } from "./sidebar.jsx";
import { BottomNav, TopBar } from "./topbar.jsx";
import { watchFor } from "./watches.js";

const PAGES = {
  place: PlacePage,
  orders: OrdersPage,
  dispatch: DispatchPage,
  operate: OperatePage,
  order: OrderPage,
  masters: MastersPage,
  oee: OeePage,
  nodes: NodesPage,
  events: EventsPage,
  board: BoardPage,
};

export function App() {
  if (session.value === null) return <SignInPage />;
  if (session.value === undefined) return <Waiting />;
  return <Shell />;
}

function Waiting() {
  const problem = sessionProblem.value;
  return (
    <main class="waiting">
      <Mark size={40} />
      {problem ? <Failed problem={problem} title={text.stream.never} retry={() => void findSession()} /> : null}
    </main>
  );
}

function Shell() {
  const { view } = route.value;
  const place = route.value.place || site.value.path;
  useEffect(() => {
    if (!route.value.place) go({ place: site.value.path, query: route.value.query }, { replace: true });
  });
  const level = placeAt(place)?.level ?? "";
  useEffect(() => watch(watchFor(view, place, level)), [view, place, level]);
  useEffect(() => {
    const name = placeAt(place)?.name ?? place.split("/").at(-1);
    document.title = `${name} · ${text.views[view]} · ${text.product}`;
  });
  useKeys(place);
  const Page = PAGES[view];
  const current = liveness.value;
  if (BARE_VIEWS.includes(view)) {
    return (
      <div class="bare" onClick={followLink}>
        <Page key={view} place={place} />
      </div>
    );
  }
  return (
    <div class="shell" data-live={current} onClick={followLink}>
      <a class="skip" href="#content">
        {text.shell.skip}
      </a>
      <Sidebar place={place} />
      <div class="stage">
        <TopBar place={place} view={view} />
        <LiveBanner />
        <main id="content" class="content" tabIndex={-1}>
          {havePicture.value ? <Page key={view} place={place} /> : <Skeleton lines={7} tall />}
        </main>
      </div>
      <BottomNav view={view} />
      <KeysDialog />
      <Toasts />
    </div>
  );
}
