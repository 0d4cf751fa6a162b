// Where am I, what am I looking at, is it live, who am I.

import { useEffect, useRef, useState } from "preact/hooks";
import { now } from "../model/clock.js";
import { allPlaces, placeAt } from "../model/namespace.js";
import { theme } from "../model/preferences.js";
import { UNDER, VIEWS, linkTo } from "../model/router.js";
import { session, signOut, site } from "../model/session.js";
import { clock, exact, zoneName } from "../format.js";
import { text } from "../text/index.js";
import { Icon, StateShape } from "../ui/icons.jsx";
import { keysShown, sheetOpen } from "./keys.jsx";
import { LiveDot } from "./live.jsx";

/** @typedef {import("../types.d.ts").ViewName} ViewName */

/** @param {{ place: string, view: ViewName }} props */
export function TopBar({ place, view }) {
  return (
    <header class="topbar">
      <div class="topbar-row">
        <button type="button" class="icon-button only-small" aria-label={text.shell.menu} onClick={() => (sheetOpen.value = true)}>
          <Icon name="menu" />
        </button>
        <Breadcrumbs place={place} />
        <div class="topbar-side">
          <LiveDot />
          <SiteClock />
          <UserMenu />
        </div>
      </div>
      <nav class="tabs" aria-label={text.console}>
        {VIEWS.map((name) => (
          <a key={name} href={linkTo({ view: name })} aria-current={name === (UNDER[view] ?? view) ? "page" : undefined}>
            <Icon name={name} size={18} />
            {text.views[name]}
          </a>
        ))}
      </nav>
    </header>
  );
}

/** @param {{ view: ViewName }} props */
export function BottomNav({ view }) {
  return (
    <nav class="bottom-nav" aria-label={text.console}>
      {VIEWS.map((name) => (
        <a key={name} href={linkTo({ view: name })} aria-current={name === (UNDER[view] ?? view) ? "page" : undefined}>
          <Icon name={name} size={22} />
          <span>{text.views[name]}</span>
        </a>
      ))}
    </nav>
  );
}

/** @param {{ place: string }} props */
function Breadcrumbs({ place }) {
  const start = place.startsWith("_") ? "" : site.value.path.slice(0, site.value.path.lastIndexOf("/") + 1);
  const names = place.slice(start.length).split("/");
  allPlaces();
  const state = placeAt(place)?.shown ?? null;
  return (
    <nav class="crumbs" aria-label={text.tree.title}>
      <ol>
        {names.map((name, index) => {
          const path = start + names.slice(0, index + 1).join("/");
          const last = index === names.length - 1;
          return (
            <li key={path} class={last ? "here" : ""}>
              {last && <StateShape state={state} size={16} />}
              {last ? <span aria-current="location">{shown(name)}</span> : <a href={linkTo({ place: path })}>{shown(name)}</a>}
            </li>
          );
        })}
      </ol>
    </nav>
  );
}

/** @param {string} name */
const shown = (name) => (name === "_unplaced" ? text.tree.unplaced : name);

function SiteClock() {
  const zone = site.value.timeZone;
  return (
    <time class="site-clock num" title={exact(new Date(now.value).toISOString(), zone)}>
      {clock(now.value, zone)} <span>{zoneName(now.value, zone)}</span>
    </time>
  );
}

function UserMenu() {
  const [open, setOpen] = useState(false);
  const menu = useRef(/** @type {HTMLDivElement | null} */ (null));
  useEffect(() => {
    if (!open) return undefined;
    /** @param {Event} event */
    const outside = (event) => {
      const inside = event.target instanceof Node && menu.current?.contains(event.target);
      if (event instanceof KeyboardEvent ? event.key === "Escape" : !inside) setOpen(false);
    };
    addEventListener("pointerdown", outside);
    addEventListener("keydown", outside);
    return () => {
      removeEventListener("pointerdown", outside);
      removeEventListener("keydown", outside);
    };
  }, [open]);
  const user = session.value?.user;
  if (!user) return null;
  return (
    <div class="user-menu" ref={menu}>
      <button type="button" class="user-button" aria-expanded={open} aria-label={user.name} onClick={() => setOpen(!open)} data-testid="user-menu">
        <span class="avatar" aria-hidden="true">
          {user.name.slice(0, 1).toUpperCase()}
        </span>
        <span class="user-words">
          <b>{user.name}</b>
          <span>{text.shell.role[user.role]}</span>
        </span>
        <Icon name="down" size={16} />
      </button>
      {open && (
        <div class="menu">
          <div class="menu-user">
            <b>{user.name}</b>
            <span>
              {user.id} · {text.shell.role[user.role]}
            </span>
          </div>
          <fieldset class="segmented">
            <legend>{text.shell.theme.title}</legend>
            {/** @type {const} */ (["system", "light", "dark"]).map((name) => (
              <label key={name}>
                <input type="radio" name="theme" checked={theme.value === name} onChange={() => (theme.value = name)} />
                <span>{text.shell.theme[name]}</span>
              </label>
            ))}
          </fieldset>
          <button
            type="button"
            class="menu-item"
            onClick={() => {
              setOpen(false);
              keysShown.value = true;
            }}
          >
            <Icon name="keyboard" />
            {text.shell.keys}
          </button>
          <button type="button" class="menu-item" onClick={() => void signOut()} data-testid="sign-out">
            <Icon name="out" />
            {text.shell.signOut}
          </button>
          <p class="menu-foot">
            {text.product} · {text.shell.version(session.value?.version ?? "")}
          </p>
        </div>
      )}
    </div>
  );
}
