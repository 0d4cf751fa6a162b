// Places on the left: a sheet on small screens. Holds the mark, the search field and the tree.

import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { linkTo, route } from "../model/router.js";
import { site } from "../model/session.js";
import { text } from "../text/index.js";
import { Icon, Mark } from "../ui/icons.jsx";
import { SEARCH_ID, sheetOpen } from "./keys.jsx";
import { PlaceTree } from "./tree.jsx";

export const query = signal("");

/** @param {{ place: string }} props */
export function Sidebar({ place }) {
  useEffect(() => {
    sheetOpen.value = false;
  }, [route.value]);
  return (
    <>
      {sheetOpen.value && <div class="scrim only-small" onClick={() => (sheetOpen.value = false)} />}
      <aside class="sidebar" data-open={sheetOpen.value} aria-label={text.tree.title}>
        <div class="sidebar-head">
          <a class="brand" href={linkTo({ view: "place", place: site.value.path })}>
            <Mark />
            <span>
              <b>{text.product}</b>
              <span>{site.value.path.split("/").join(" · ")}</span>
            </span>
          </a>
          <button type="button" class="icon-button only-small" aria-label={text.shell.closeMenu} onClick={() => (sheetOpen.value = false)}>
            <Icon name="close" />
          </button>
        </div>
        <label class="search">
          <Icon name="search" size={18} />
          <input
            id={SEARCH_ID}
            type="search"
            autocomplete="off"
            spellcheck={false}
            placeholder={text.tree.search}
            aria-label={text.tree.search}
            value={query.value}
            onInput={(event) => (query.value = event.currentTarget.value)}
          />
          <kbd aria-hidden="true">{text.tree.searchKey}</kbd>
        </label>
        <PlaceTree place={place} query={query.value} clear={() => (query.value = "")} />
      </aside>
    </>
  );
}
