// Places on the left: a sheet on small screens. Holds the mark, the search field and the tree.

import { useEffect } from "preact/hooks";
import { linkTo, route } from "../model/router.js";
import { site } from "../model/session.js";
import { text } from "../text/index.js";
import { Icon, Mark } from "../ui/icons.jsx";
import { sheetOpen } from "./keys.jsx";
import { PlaceTree } from "./tree.jsx";

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
        <PlaceTree place={place} />
      </aside>
    </>
  );
}
