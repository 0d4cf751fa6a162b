// Icons: drawn here, 1.75 px strokes on a 20 px grid; the shapes of states are told apart without colour.

/** @typedef {import("../types.d.ts").StateName} StateName */

/** @type {Record<string, string>} */
const PATHS = {
  place: "M10 17s5.5-4.6 5.5-9A5.5 5.5 0 0 0 4.5 8c0 4.4 5.5 9 5.5 9Z M10 9.8a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6Z",
  orders: "M5 3.5h10v13H5z M8 7.5h4 M8 10.5h4 M8 13.5h2",
  route: "M4.5 4.5h5v4h-5z M10.5 11.5h5v4h-5z M7 8.500v5h3.5 M9.5 6.500h3.5v5",
  oee: "M3.5 13.5a6.5 6.5 0 1 1 13 0 M10 13.5l3-4.5",
  nodes: "M10 6.5v4 M10 10.5 5.5 14 M10 10.5l4.5 3.5 M10 3.200a1.7 1.7 0 1 0 .01 0 M4.7 13.700a1.7 1.7 0 1 0 .01 0 M15.3 13.700a1.7 1.7 0 1 0 .01 0",
  events: "M3 10h3l2-5 4 10 2-5h3",
  search: "M8.8 14.300a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11Z M13 13l4 4",
  menu: "M3.5 5.500h13 M3.5 10h13 M3.5 14.500h13",
  close: "M5 5l10 10 M15 5 5 15",
  chevron: "M8 5.5 12.5 10 8 14.5",
  left: "M12 5.5 7.5 10 12 14.5",
  minus: "M4.5 10h11",
  split: "M10 3.500v13 M6.5 7.500 3.5 10l3 2.5 M13.5 7.5 16.5 10l-3 2.5",
  board: "M2.5 4h15v10h-15z M7 17h6 M6 11l3-3 2 2 3-3.5",
  full: "M3.5 7.500v-4h4 M12.5 3.500h4v4 M16.5 12.500v4h-4 M7.5 16.500h-4v-4",
  down: "M5.5 8 10 12.5 14.5 8",
  more: "M10 5.200v.01 M10 10v.01 M10 14.800v.01",
  plus: "M10 4.500v11 M4.5 10h11",
  check: "M4.5 10.5 8.5 14.5 15.5 6",
  warning: "M10 3.5 17.5 16.500h-15Z M10 8.500v3.5 M10 14.200v.01",
  clock: "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14Z M10 6v4.200l2.8 1.6",
  cross: "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14Z M7.5 7.500l5 5 M12.5 7.500l-5 5",
  user: "M10 10a3.2 3.2 0 1 0 0-6.400A3.2 3.2 0 0 0 10 10Z M3.8 17c.6-3 3-4.5 6.2-4.500s5.6 1.5 6.2 4.5",
  out: "M8 3.500H4.500v13H8 M12 6.5 15.5 10 12 13.5 M15.5 10H8",
  play: "M6.5 4.5 15 10l-8.5 5.500Z",
  pause: "M7 5v10 M13 5v10",
  stop: "M5.5 5.500h9v9h-9z",
  ban: "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14Z M5.2 5.200l9.6 9.6",
  unlock: "M5 9.500h10v7H5z M7 9.500V7a3 3 0 0 1 5.8-1",
  undo: "M7 5 3.5 8.5 7 12 M3.5 8.500H12a4 4 0 0 1 0 8H9",
  filter: "M3.5 5h13l-5 6v5l-3-1.500V11z",
  erase: "M7 5h10v10H7l-4.500-5z M10 8l4 4 M14 8l-4 4",
  pin: "M7 3.500h6l-1 5 2.500 3H5.500l2.500-3z M10 11.500V17",
  keyboard: "M2.5 5.500h15v9h-15z M5.5 8.500v.01 M8.5 8.500v.01 M11.5 8.500v.01 M14.5 8.500v.01 M6.5 11.800h7",
  sun: "M10 13.200a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.400Z M10 2.500v1.8 M10 15.700v1.8 M2.5 10h1.8 M15.7 10h1.8 M4.7 4.7 6 6 M14 14l1.3 1.3 M15.3 4.7 14 6 M6 14l-1.3 1.3",
  link: "M8.5 11.500a3 3 0 0 0 4.2 0l2.6-2.600a3 3 0 0 0-4.2-4.200l-1 1 M11.5 8.500a3 3 0 0 0-4.2 0l-2.6 2.600a3 3 0 0 0 4.2 4.200l1-1",
};

/** @param {{ name: string, size?: number, class?: string }} props */
export function Icon({ name, size = 20, class: className = "" }) {
  return (
    <svg class={`icon ${className}`} width={size} height={size} viewBox="0 0 20 20" aria-hidden="true">
      <path d={PATHS[name]} fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round" />
    </svg>
  );
}

/** The product's mark: a place inside a place. @param {{ size?: number }} props */
export function Mark({ size = 28 }) {
  return (
    <svg class="mark" width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="var(--brand)" />
      <path d="M8 8.500h6.500V15H8z M17.5 17H24v6.500h-6.500z M11.2 15v5.200h6.3" fill="none" stroke="#fff" stroke-width="2.3" stroke-linejoin="round" />
    </svg>
  );
}

/**
 * The shape of a state: solid disc with play, ring, diamond, square with pause, octagon, triangle, dashed ring.
 *
 * @param {{ state: StateName | null, size?: number }} props
 */
export function StateShape({ state, size = 16 }) {
  return (
    <svg class={`shape s-${state ?? "none"}`} width={size} height={size} viewBox="0 0 16 16" aria-hidden="true">
      {SHAPES[state ?? "none"]}
    </svg>
  );
}

const INNER = "var(--on-state)";

/** @type {Record<string, import("preact").JSX.Element>} */
const SHAPES = {
  running: (
    <g>
      <circle cx="8" cy="8" r="7" fill="currentColor" />
      <path d="M6.3 4.9 11.2 8l-4.9 3.100Z" fill={INNER} />
    </g>
  ),
  idle: <circle cx="8" cy="8" r="5.8" fill="none" stroke="currentColor" stroke-width="2.2" />,
  setup: (
    <g>
      <path d="M8 .8 15.2 8 8 15.2.8 8Z" fill="currentColor" />
      <path d="M8 5v6 M5 8h6" stroke={INNER} stroke-width="1.8" />
    </g>
  ),
  planned_stop: (
    <g>
      <rect x="1.5" y="1.5" width="13" height="13" rx="3" fill="currentColor" />
      <path d="M6 5v6 M10 5v6" stroke={INNER} stroke-width="2" />
    </g>
  ),
  unplanned_stop: (
    <g>
      <path d="M5 .8h6L15.2 5v6L11 15.200H5L.8 11V5Z" fill="currentColor" />
      <path d="M8 4v5 M8 11.400v.6" stroke={INNER} stroke-width="2.1" />
    </g>
  ),
  blocked: (
    <g>
      <path d="M8 1 15.6 14.600H.4Z" fill="currentColor" />
      <path d="M5 11.300h6" stroke={INNER} stroke-width="2" />
    </g>
  ),
  unknown: (
    <g>
      <circle cx="8" cy="8" r="6.2" fill="none" stroke="currentColor" stroke-width="1.8" stroke-dasharray="2.6 2.270" />
      <path d="M6.4 6.600c.1-1 .8-1.5 1.7-1.500s1.6.6 1.6 1.400c0 1.2-1.6 1.3-1.6 2.5 M8.1 10.900v.5" fill="none" stroke="currentColor" stroke-width="1.5" />
    </g>
  ),
  none: <circle cx="8" cy="8" r="2.2" fill="currentColor" />,
};
