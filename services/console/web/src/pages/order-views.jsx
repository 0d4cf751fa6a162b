// The ways to look at job orders, side by side: board, dispatch, operator, work masters. The place stays.

import { UNDER, linkTo, route } from "../model/router.js";
import { text } from "../text/index.js";

/** @typedef {import("../types.d.ts").ViewName} ViewName */

const VIEWS = /** @type {const} */ (["orders", "dispatch", "operate", "masters"]);

export function OrderViews() {
  const { view } = route.value;
  const current = UNDER[view] === undefined ? "orders" : view;
  return (
    <nav class="segmented order-views" aria-label={text.work.viewsTitle}>
      {VIEWS.map((name) => (
        <a key={name} href={linkTo({ view: name })} aria-current={name === current ? "page" : undefined}>
          {text.work.views[name]}
        </a>
      ))}
    </nav>
  );
}
