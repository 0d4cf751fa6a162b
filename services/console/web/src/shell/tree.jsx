// The equipment tree: only the rows in sight are drawn, so thousands of places scroll like ten.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { allPlaces, children, havePicture, placeAt, placesVersion } from "../model/namespace.js";
import { openBranches, setBranch } from "../model/preferences.js";
import { go, linkTo } from "../model/router.js";
import { site } from "../model/session.js";
import { text } from "../text/index.js";
import { Icon, StateShape } from "../ui/icons.jsx";
import { Empty, Skeleton } from "../ui/parts.jsx";
import { stateName } from "../ui/state.jsx";
import { SEARCH_ID } from "./keys.jsx";
import { UNPLACED, foundRows, openRows } from "./rows.js";

/** @typedef {import("./rows.js").Row} Row */

const OVERSCAN = 8;
const ORDER_ID = /^[A-Za-z]{1,8}[-_]?\d{2,}\S*$/;

/** Keys that move in the tree while the search field is typed in. */
const MOVES = new Set(["ArrowDown", "ArrowUp", "Enter", "Escape"]);

/** @param {{ place: string }} props */
export function PlaceTree({ place }) {
  const [query, setQuery] = useState("");
  const box = useRef(/** @type {HTMLDivElement | null} */ (null));
  const view = useWindow(box);
  const [cursor, setCursor] = useState(place);
  const searching = query.trim() !== "";
  const version = placesVersion.value;
  const branches = openBranches.value;
  const sitePath = site.value.path;

  useEffect(() => {
    setCursor(place);
    for (let path = place; path.includes("/"); ) {
      path = path.slice(0, path.lastIndexOf("/"));
      if (!openBranches.peek().has(path)) setBranch(path, true);
    }
  }, [place]);
  useEffect(() => {
    if (!openBranches.peek().has(sitePath)) setBranch(sitePath, true);
  }, [sitePath]);

  const rows = useMemo(
    () => (searching ? foundRows(allPlaces(), query.trim(), sitePath) : openRows(children.value, [sitePath, UNPLACED], branches)),
    [searching, query, sitePath, branches, version],
  );
  const at = Math.max(0, rows.findIndex((row) => row.place.path === cursor));
  useEffect(() => view.reveal(at), [cursor, query]);

  const clear = () => {
    setQuery("");
    setCursor(place);
  };
  /** @param {string} typed */
  const search = (typed) => {
    setQuery(typed);
    setCursor(typed ? "" : place);
  };

  /** @param {number} index */
  const moveTo = (index) => {
    const row = rows[Math.max(0, Math.min(rows.length - 1, index))];
    if (row) setCursor(row.place.path);
  };
  /** @param {KeyboardEvent} event */
  const pressed = (event) => {
    if (event.target instanceof HTMLInputElement && !MOVES.has(event.key)) return undefined;
    const row = rows[at];
    if (event.key === "Escape" && searching) return clear();
    if (!row) return undefined;
    if (event.key === "ArrowDown") moveTo(at + 1);
    else if (event.key === "ArrowUp") moveTo(at - 1);
    else if (event.key === "Home") moveTo(0);
    else if (event.key === "End") moveTo(rows.length - 1);
    else if (event.key === "ArrowRight" && row.hasChildren && !row.open) setBranch(row.place.path, true);
    else if (event.key === "ArrowRight") moveTo(at + (row.hasChildren ? 1 : 0));
    else if (event.key === "ArrowLeft" && row.open) setBranch(row.place.path, false);
    else if (event.key === "ArrowLeft") setCursor(aboveIn(rows, row) ?? cursor);
    else if (event.key === "Enter") {
      clear();
      go({ place: row.place.path });
    } else return undefined;
    event.preventDefault();
    return undefined;
  };

  const orderId = searching && ORDER_ID.test(query.trim()) ? asId(query.trim()) : "";
  const shown = rows.slice(view.first, view.last);
  return (
    <div class="tree-area" onKeyDown={pressed}>
      <label class="search">
        <Icon name="search" size={18} />
        <input
          id={SEARCH_ID}
          type="search"
          autocomplete="off"
          spellcheck={false}
          placeholder={text.tree.search}
          aria-label={text.tree.search}
          value={query}
          onInput={(event) => search(event.currentTarget.value)}
        />
        <kbd aria-hidden="true">{text.tree.searchKey}</kbd>
      </label>
      {havePicture.value ? null : <Skeleton lines={9} />}
      <div class="tree-box" ref={box} onScroll={view.measure}>
        {orderId && (
          <a class="tree-order" href={linkTo({ view: "order", place: sitePath, query: { order: orderId } })} onClick={clear}>
            <Icon name="orders" size={18} />
            {text.tree.order(orderId)}
          </a>
        )}
        {rows.length === 0 && !orderId && <Empty icon="search" title={text.tree.none(query.trim())} hint={text.tree.noneHint} />}
        <div
          class={`tree ${searching ? "tree-found" : ""}`}
          role="tree"
          aria-label={text.tree.title}
          tabIndex={0}
          aria-activedescendant={`row-${at}`}
          style={{ height: `${rows.length * view.rowHeight}px` }}
        >
          {shown.map((row, offset) => (
            <TreeRow
              key={row.place.path}
              row={row}
              index={view.first + offset}
              top={(view.first + offset) * view.rowHeight}
              current={row.place.path === place}
              cursor={view.first + offset === at}
              choose={clear}
            />
          ))}
        </div>
      </div>
    </div>
  );
}

/** @param {{ row: Row, index: number, top: number, current: boolean, cursor: boolean, choose: () => void }} props */
function TreeRow({ row, index, top, current, cursor, choose }) {
  const place = placeAt(row.place.path) ?? row.place;
  const unplaced = place.path === UNPLACED;
  const name = unplaced ? text.tree.unplaced : place.name;
  const allStale = place.metrics > 0 && place.staleMetrics === place.metrics;
  return (
    <div
      id={`row-${index}`}
      class={`row ${current ? "row-current" : ""} ${cursor ? "row-cursor" : ""} ${allStale || place.stale ? "row-stale" : ""}`}
      role="treeitem"
      aria-level={row.depth + 1}
      aria-expanded={row.hasChildren ? row.open : undefined}
      aria-selected={current}
      style={{ transform: `translateY(${top}px)`, paddingLeft: `${8 + row.depth * 16}px` }}
    >
      <button
        type="button"
        class={`row-toggle ${row.open ? "is-open" : ""} ${row.hasChildren ? "" : "is-leaf"}`}
        tabIndex={-1}
        aria-label={row.open ? text.tree.close : text.tree.open}
        onClick={() => setBranch(row.place.path)}
      >
        <Icon name="chevron" size={16} />
      </button>
      <a href={linkTo({ place: place.path })} tabIndex={-1} onClick={choose} title={place.description || undefined}>
        <StateShape state={place.shown} size={14} />
        <span class="row-name">
          {name}
          {row.trail && <span class="row-trail">{row.trail}</span>}
        </span>
        <span class="visually-hidden">{stateName(place.shown)}</span>
        {place.staleMetrics > 0 && <Icon name="clock" size={14} class="row-clock" />}
      </a>
    </div>
  );
}

/** Ids are written large; who types one large letter means it as typed. @param {string} typed */
const asId = (typed) => (typed === typed.toLowerCase() ? typed.toUpperCase() : typed);

/** @param {readonly Row[]} rows @param {Row} row */
function aboveIn(rows, row) {
  const path = row.place.path.slice(0, row.place.path.lastIndexOf("/"));
  return rows.some((other) => other.place.path === path) ? path : null;
}

/**
 * The part of a long list that is in sight.
 *
 * @param {{ current: HTMLElement | null }} box
 */
function useWindow(box) {
  const rowHeight = matchMedia("(pointer: coarse)").matches ? 48 : 34;
  const [sight, setSight] = useState({ top: 0, height: 900 });
  const measure = () => {
    const element = box.current;
    if (element) setSight({ top: element.scrollTop, height: element.clientHeight });
  };
  useEffect(() => {
    measure();
    addEventListener("resize", measure);
    return () => removeEventListener("resize", measure);
  }, []);
  /** @param {number} index */
  const reveal = (index) => {
    const element = box.current;
    if (!element) return;
    const top = index * rowHeight;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + rowHeight > element.scrollTop + element.clientHeight) element.scrollTop = top + rowHeight - element.clientHeight;
  };
  return {
    rowHeight,
    first: Math.max(0, Math.floor(sight.top / rowHeight) - OVERSCAN),
    last: Math.ceil((sight.top + sight.height) / rowHeight) + OVERSCAN,
    measure,
    reveal,
  };
}
