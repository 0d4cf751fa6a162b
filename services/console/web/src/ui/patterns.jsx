// The patterns of states, the same on canvas, in SVG and in legends, so that a state is told apart without its colour.

import { computed, signal } from "@preact/signals";
import { theme } from "../model/preferences.js";

/** @typedef {import("../types.d.ts").StateName} StateName */

/** Marks on a tile of 8 px; `light` states are drawn on the ground, the others on their colour. @type {Record<StateName, { light: boolean, marks: string }>} */
const PATTERNS = {
  running: { light: false, marks: "" },
  unplanned_stop: { light: false, marks: "M-2 10 10 -2 M-6 6 6 -6 M2 14 14 2" },
  blocked: { light: false, marks: "M2 0V8 M6 0V8" },
  setup: { light: false, marks: "M4 2v4 M2 4h4" },
  idle: { light: true, marks: "M0 2H8 M0 6H8" },
  planned_stop: { light: true, marks: "M-2 -2 10 10 M-6 2 6 14 M2 -6 14 6" },
  unknown: { light: true, marks: "M-2 10 10 -2 M-2 -2 10 10" },
};

/** Running is the ground that stops stand out from: its colour, softer. */
const TILE = 8;
const NAMES = /** @type {StateName[]} */ (Object.keys(PATTERNS));

/** Colours of the theme that is on, by custom property. @param {string} name such as `--line` */
export const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const system = matchMedia("(prefers-color-scheme: dark)");
const systemIsDark = signal(system.matches);
/** Changes with everything that changes colours; whoever draws on a canvas draws again then. */
export const inks = computed(() => `${theme.value} ${systemIsDark.value}`);
system.addEventListener("change", () => (systemIsDark.value = system.matches));

/**
 * What states are painted with on a canvas.
 *
 * @typedef {{ ground: string, ink: string, of: (state: StateName) => CanvasPattern | string }} Paints
 */

/** @type {{ key: string, paints: Paints } | null} */
let known = null;

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} scale device pixels per CSS pixel
 * @returns {Paints}
 */
export function paints(context, scale) {
  const key = `${inks.peek()} ${scale}`;
  if (known?.key !== key) {
    const fills = new Map(NAMES.map((name) => [name, tile(context, name, scale)]));
    const fallback = colour("--line-strong");
    known = { key, paints: { ground: colour("--hover"), ink: colour("--ink"), of: (state) => fills.get(state) ?? fallback } };
  }
  return known.paints;
}

/** @param {CanvasRenderingContext2D} context @param {StateName} state @param {number} scale @returns {CanvasPattern | string} */
function tile(context, state, scale) {
  const { light, marks } = PATTERNS[state];
  const own = colour(`--${state.replace("_", "-")}`);
  if (!marks) return colour("--running-soft");
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = TILE * scale;
  const paint = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  paint.scale(scale, scale);
  paint.fillStyle = light ? colour("--surface") : own;
  paint.fillRect(0, 0, TILE, TILE);
  paint.globalAlpha = light ? 0.75 : 0.5;
  paint.strokeStyle = light ? own : colour("--on-state");
  paint.lineWidth = light ? 1.2 : 1.4;
  paint.stroke(new Path2D(marks));
  return context.createPattern(canvas, "repeat") ?? own;
}

/** @param {StateName} state */
const groundOf = (state) => (PATTERNS[state].light ? "pattern-ground" : PATTERNS[state].marks ? "pattern-full" : "pattern-calm");

/** The same for SVG: fill with `url(#p-STATE)`. */
export function StatePatterns() {
  return (
    <defs>
      {NAMES.map((state) => (
        <pattern key={state} id={`p-${state}`} class={`s-${state}`} width={TILE} height={TILE} patternUnits="userSpaceOnUse">
          <rect width={TILE} height={TILE} class={groundOf(state)} />
          <path d={PATTERNS[state].marks} class={PATTERNS[state].light ? "pattern-light" : "pattern-marks"} />
        </pattern>
      ))}
    </defs>
  );
}

/** @param {{ state: StateName, size?: number }} props */
export function Swatch({ state, size = 14 }) {
  return (
    <svg class="swatch" width={size} height={size} aria-hidden="true">
      <StatePatternsOnce state={state} />
      <rect x="0.5" y="0.5" width={size - 1} height={size - 1} rx="3" fill={`url(#w-${state})`} class={`s-${state} swatch-edge`} />
    </svg>
  );
}

/** @param {{ state: StateName }} props */
function StatePatternsOnce({ state }) {
  const { light, marks } = PATTERNS[state];
  return (
    <defs>
      <pattern id={`w-${state}`} class={`s-${state}`} width={TILE} height={TILE} patternUnits="userSpaceOnUse">
        <rect width={TILE} height={TILE} class={groundOf(state)} />
        <path d={marks} class={light ? "pattern-light" : "pattern-marks"} />
      </pattern>
    </defs>
  );
}
