// The address bar holds view, place and filters: `/orders/Acme/Dallas/Packaging/Line1?order=JO-4801`.
// Any view can be sent as a link; switching the view keeps the place.

import { signal } from "@preact/signals";

/** @typedef {import("../types.d.ts").Route} Route */
/** @typedef {import("../types.d.ts").ViewName} ViewName */

/** @type {readonly ViewName[]} */
export const VIEWS = ["place", "orders", "oee", "nodes", "events"];
/** Views without the frame: not in its navigation. @type {readonly ViewName[]} */
export const BARE_VIEWS = ["board"];

/** Views that stand under the tab of another. @type {Partial<Record<ViewName, ViewName>>} */
export const UNDER = { dispatch: "orders", operate: "orders", order: "orders", masters: "orders" };

/** @type {readonly ViewName[]} */
const ALL = [...VIEWS, ...BARE_VIEWS, .../** @type {ViewName[]} */ (Object.keys(UNDER))];

/** @type {import("@preact/signals").Signal<Route>} */
export const route = signal(readAddress(location.pathname, location.search));

addEventListener("popstate", () => {
  route.value = readAddress(location.pathname, location.search);
});

/**
 * @param {string} pathname
 * @param {string} search
 * @returns {Route}
 */
export function readAddress(pathname, search) {
  const [first = "", ...rest] = pathname.split("/").filter(Boolean).map(decode);
  const view = ALL.find((name) => name === first) ?? "place";
  return { view, place: rest.join("/"), query: Object.fromEntries(new URLSearchParams(search)) };
}

/**
 * @param {Partial<Route>} change
 * @param {Route} from
 * @returns {string} the address of the changed route
 */
export function address(change, from) {
  const view = change.view ?? from.view;
  const place = change.place ?? from.place;
  const query = change.query ?? {};
  const path = place.split("/").filter(Boolean).map(encodeURIComponent).join("/");
  const search = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== "")).toString();
  return `/${view}${path ? `/${path}` : ""}${search ? `?${search}` : ""}`;
}

/** @param {Partial<Route>} change */
export const linkTo = (change) => address(change, route.value);

/**
 * @param {Partial<Route>} change
 * @param {{ replace?: boolean }} [how]
 */
export function go(change, how = {}) {
  const target = linkTo(change);
  if (target === location.pathname + location.search) return;
  if (how.replace) history.replaceState(null, "", target);
  else history.pushState(null, "", target);
  route.value = readAddress(location.pathname, location.search);
}

/** Follow links inside the page without loading it anew. @param {MouseEvent} event */
export function followLink(event) {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
  const link = event.target instanceof Element ? event.target.closest("a[href^='/']") : null;
  const href = link?.getAttribute("href");
  if (!href || link?.hasAttribute("download")) return;
  event.preventDefault();
  if (href !== location.pathname + location.search) history.pushState(null, "", href);
  route.value = readAddress(location.pathname, location.search);
}

/** @param {string} part */
function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
