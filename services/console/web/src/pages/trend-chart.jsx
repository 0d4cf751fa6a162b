// The trend as a chart (uPlot): one line a figure, points by status, restated ones ringed.

import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { site } from "../model/session.js";
import { numberOf } from "../model/trend.js";
import { axisLabel, percent } from "../format.js";
import { text } from "../text/index.js";
import { colour, inks } from "../ui/patterns.jsx";
import { useWidth } from "../ui/width.js";

/** @typedef {import("../model/trend.js").Row} Row */
/** @typedef {"oee" | "availability" | "effectiveness" | "quality_ratio"} FigureName */

/** Figures are told apart by dash as well as by tint. @type {Record<FigureName, { tint: string, dash: number[], width: number }>} */
const LINES = {
  oee: { tint: "--ink", dash: [], width: 2.5 },
  availability: { tint: "--accent", dash: [6, 3], width: 1.75 },
  effectiveness: { tint: "--setup", dash: [2, 3], width: 1.75 },
  quality_ratio: { tint: "--running", dash: [8, 3, 2, 3], width: 1.75 },
};
const HEIGHT = 300;

/**
 * @param {{ rows: Row[], figures: readonly FigureName[], isRestated: (row: Row) => boolean, choose: (row: Row) => void, chosen: string, range: { from: number, to: number } }} props
 */
export function TrendChart({ rows, figures, isRestated, choose, chosen, range }) {
  const [box, width] = useWidth();
  const latest = useRef({ rows, choose });
  latest.current = { rows, choose };
  const ink = inks.value;
  const key = JSON.stringify([rows.map((row) => [row.key, row.status, figures.map((name) => row.figures[name]?.value), isRestated(row)]), figures, chosen, range.from, range.to]);
  useEffect(() => {
    const element = box.current;
    if (!element || width === 0) return undefined;
    const at = rows.map(({ start, end }) => (Date.parse(start) + Math.min(Date.parse(end), range.to)) / 2000);
    const values = figures.map((name) => rows.map((row) => numberOf(row.figures[name])));
    const most = Math.max(1, ...values.flat().filter((value) => value !== null)) * 1.02;
    const chart = new uPlot(
      {
        width,
        height: HEIGHT,
        cursor: { y: false, points: { size: 9 } },
        legend: { show: false },
        tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), site.peek().timeZone),
        scales: { x: { time: true, range: [range.from / 1000, range.to / 1000] }, y: { range: [0, most] } },
        axes: [
          { stroke: colour("--ink-3"), grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line-strong") }, font: font(), space: 84, values: (_self, splits, _axis, _space, step) => splits.map((at) => axisLabel(at * 1000, step * 1000, site.peek().timeZone)) },
          {
            stroke: colour("--ink-3"),
            grid: { stroke: colour("--line"), width: 1 },
            ticks: { show: false },
            font: font(),
            size: 54,
            values: (_, splits) => splits.map((value) => percent(value, 0)),
          },
        ],
        series: [{}, ...figures.map((name) => series(name, rows, isRestated))],
        hooks: {
          ready: [
            (self) => {
              self.over.addEventListener("click", () => {
                const row = self.cursor.idx === null || self.cursor.idx === undefined ? undefined : latest.current.rows[self.cursor.idx];
                if (row) latest.current.choose(row);
              });
            },
          ],
          drawClear: [(self) => band(self, rows, chosen)],
        },
      },
      [at, ...values],
      element,
    );
    return () => chart.destroy();
  }, [key, width, ink]);
  return <div ref={box} class="trend-chart" role="img" aria-label={text.oee.trend.title} data-points={rows.length} />;
}

/** @param {FigureName} name @param {Row[]} rows @param {(row: Row) => boolean} isRestated @returns {import("uplot").Series} */
function series(name, rows, isRestated) {
  const { tint, dash, width } = LINES[name];
  const stroke = colour(tint);
  return {
    label: text.oee.figures[name],
    stroke,
    width,
    dash,
    spanGaps: false,
    points: {
      show: (self, index) => {
        points(self, index, rows, isRestated, stroke);
        return false;
      },
    },
  };
}

/** Points: full when final, hollow while provisional, a bar while open; a ring where something was restated. @param {uPlot} self @param {number} index @param {Row[]} rows @param {(row: Row) => boolean} isRestated @param {string} stroke */
function points(self, index, rows, isRestated, stroke) {
  const { ctx } = self;
  const scale = uPlot.pxRatio;
  ctx.save();
  ctx.setLineDash([]);
  rows.forEach((row, at) => {
    const value = self.data[index]?.[at];
    if (value === null || value === undefined) return;
    const x = self.valToPos(/** @type {number} */ (self.data[0][at]), "x", true);
    const y = self.valToPos(value, "y", true);
    const radius = 4.5 * scale;
    ctx.lineWidth = 2 * scale;
    ctx.strokeStyle = stroke;
    ctx.fillStyle = row.status === "final" ? stroke : colour("--surface");
    ctx.beginPath();
    if (row.status === "open") ctx.rect(x - radius, y - radius, 2 * radius, 2 * radius);
    else ctx.arc(x, y, radius, 0, 2 * Math.PI);
    ctx.fill();
    ctx.stroke();
    if (index === 1 && isRestated(row)) {
      ctx.strokeStyle = colour("--warn");
      ctx.beginPath();
      ctx.arc(x, y, 9 * scale, 0, 2 * Math.PI);
      ctx.stroke();
    }
  });
  ctx.restore();
}

/** The chosen point stands on a band. @param {uPlot} self @param {Row[]} rows @param {string} chosen */
function band(self, rows, chosen) {
  const row = rows.find(({ key }) => key === chosen);
  if (!row) return;
  const { ctx, bbox } = self;
  const left = self.valToPos(Date.parse(row.start) / 1000, "x", true);
  const right = self.valToPos(Date.parse(row.end) / 1000, "x", true);
  ctx.save();
  ctx.fillStyle = colour("--accent-soft");
  ctx.fillRect(Math.max(left, bbox.left), bbox.top, Math.min(right, bbox.left + bbox.width) - Math.max(left, bbox.left), bbox.height);
  ctx.restore();
}

const font = () => `12px ${colour("--sans")}`;
