// Small parts that every page uses: waiting, emptiness, failure, times, trends, dialogs.

import { useEffect, useRef } from "preact/hooks";
import { now } from "../model/clock.js";
import { site } from "../model/session.js";
import { age, exact, moment } from "../format.js";
import { text } from "../text/index.js";
import { Icon } from "./icons.jsx";

/** @typedef {import("preact").ComponentChildren} Children */
/** @typedef {import("../model/api.js").Problem} Problem */

/** @param {{ lines?: number, tall?: boolean }} props */
export function Skeleton({ lines = 4, tall = false }) {
  return (
    <div class="skeleton" role="status" aria-label={text.problem.loading}>
      {Array.from({ length: lines }, (_, index) => (
        <span key={index} class={tall ? "tall" : ""} style={{ width: `${92 - ((index * 17) % 40)}%` }} />
      ))}
    </div>
  );
}

/** @param {{ title: string, hint?: string, icon?: string, children?: Children }} props */
export function Empty({ title, hint, icon = "place", children }) {
  return (
    <div class="empty">
      <span class="empty-icon">
        <Icon name={icon} size={26} />
      </span>
      <h3>{title}</h3>
      {hint && <p>{hint}</p>}
      {children}
    </div>
  );
}

/** @param {{ problem: Problem, title: string, retry: () => void }} props */
export function Failed({ problem, title, retry }) {
  const sentence =
    problem.status === 0
      ? text.problem.unreachable
      : problem.status === 504
        ? text.problem.notAnswered
        : problem.status === 403
          ? text.problem.forbidden
          : problem.message;
  return (
    <div class="empty failed" role="alert">
      <span class="empty-icon">
        <Icon name="warning" size={26} />
      </span>
      <h3>{title}</h3>
      <p>{sentence}</p>
      {problem.status === 504 && <p class="muted small">{problem.message}</p>}
      <button type="button" class="button" onClick={retry}>
        {text.problem.retry}
      </button>
    </div>
  );
}

/** How old something is; hovering shows the exact time with its offset. @param {{ at: string | null, class?: string }} props */
export function Age({ at, class: className = "" }) {
  return (
    <time class={`num ${className}`} dateTime={at ?? undefined} title={exact(at, site.value.timeZone)}>
      {age(at, now.value)}
    </time>
  );
}

/** A point in time in the site's zone. @param {{ at: string | null }} props */
export function Moment({ at }) {
  return (
    <time class="num" dateTime={at ?? undefined} title={exact(at, site.value.timeZone)}>
      {moment(at, site.value.timeZone, now.value)}
    </time>
  );
}

/** The last values seen, as a line without axes. @param {{ points: readonly number[], width?: number, height?: number }} props */
export function Trend({ points, width = 96, height = 22 }) {
  const low = Math.min(...points);
  const span = Math.max(...points) - low;
  if (points.length < 2 || span === 0) return null;
  const step = width / (points.length - 1);
  const line = points.map((value, index) => `${(index * step).toFixed(1)},${(height - 2 - ((value - low) / span) * (height - 4)).toFixed(1)}`);
  return (
    <svg class="trend" width={width} height={height} viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
      <polyline points={line.join(" ")} fill="none" stroke="currentColor" stroke-width="1.5" stroke-linejoin="round" />
    </svg>
  );
}

/**
 * A modal dialog: the browser keeps the focus inside and closes it with Escape.
 *
 * @param {{ title: string, onClose: () => void, children: Children, class?: string }} props
 */
export function Dialog({ title, onClose, children, class: className = "" }) {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      class={`dialog ${className}`}
      aria-label={title}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        if (event.target === dialog.current) onClose();
      }}
    >
      <div class="dialog-body">
        <header class="dialog-head">
          <h2>{title}</h2>
          <button type="button" class="icon-button" aria-label={text.keys.close} onClick={onClose}>
            <Icon name="close" />
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}

/** @param {{ ratio: number, kind?: string, label: string }} props */
export function Bar({ ratio, kind = "", label }) {
  return (
    <span class={`bar ${kind}`} role="img" aria-label={label}>
      <span style={{ width: `${Math.min(100, Math.max(0, ratio * 100))}%` }} />
    </span>
  );
}

/** @param {{ level: string, kind: string }} props */
export function LevelChip({ level, kind }) {
  return <span class="chip">{text.levels[kind] ?? text.levels[level] ?? kind ?? level}</span>;
}

/** A line of a list of facts. @param {{ name: string, children: Children }} props */
export const Fact = ({ name, children }) => (
  <div>
    <dt>{name}</dt>
    <dd class="num">{children}</dd>
  </div>
);
