/** One diagram of a report as inline SVG, drawn for the width of a phone and scaled up from there. */

import { formatCount } from "./format.ts";
import type { ReportCurve, ReportSeries } from "./report-data.ts";
import { escapeText } from "./report-markup.ts";

const WIDTH = 360;
const HEIGHT = 220;
const PLOT = { left: 48, right: 350, top: 10, bottom: 182 } as const;
/** More points than this are averaged: a line cannot show them anyway. */
const MOST_POINTS = 240;
/** As many colours as the style sheet has. */
const COLOURS = 6;

type Point = readonly [x: number, y: number];

export function curveFigure(curve: ReportCurve): string {
  const series = curve.series.map(({ name, points }) => ({ name, points: thin(finite(points)) }));
  const all = series.flatMap(({ points }) => points);
  const title = escapeText(curve.title);
  if (all.length === 0) {
    return `<figure><figcaption>${title}</figcaption><p class="quiet">Nothing was recorded.</p></figure>`;
  }
  const keys = series.map(({ name }, i) => key(name, i)).join("");
  return [
    `<figure><figcaption>${title}<span class="keys">${keys}</span></figcaption>`,
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}">`,
    drawing(curve, series, all),
    "</svg></figure>",
  ].join("\n");
}

function key(name: string, i: number): string {
  return `<span class="key k${i % COLOURS}">${escapeText(name)}</span>`;
}

function drawing(
  curve: ReportCurve,
  series: readonly ReportSeries[],
  all: readonly Point[],
): string {
  const xs = all.map(([x]) => x);
  const ys = [...all.map(([, y]) => y), ...(curve.target === undefined ? [] : [curve.target])];
  const xTicks = ticks(Math.min(0, ...xs), Math.max(...xs), 4);
  const yTicks = curve.isShare
    ? [0, 0.25, 0.5, 0.75, 1]
    : ticks(Math.min(...ys), Math.max(...ys), 4);
  const across = scale([Math.min(0, ...xs), Math.max(...xs)], [PLOT.left, PLOT.right]);
  const up = scale([yTicks[0], yTicks[yTicks.length - 1]], [PLOT.bottom, PLOT.top]);
  const writeY = (y: number) => (curve.isShare ? `${Math.round(y * 100)} %` : tickLabel(y));
  return [
    ...yTicks.map((y) => rule(up(y), writeY(y))),
    ...xTicks.filter((x) => across(x) <= PLOT.right).map((x) => mark(across(x), tickLabel(x))),
    `<text class="axis" x="${PLOT.right}" y="${HEIGHT - 6}" text-anchor="end">${escapeText(curve.x)}</text>`,
    curve.target === undefined
      ? ""
      : `<line class="target" x1="${PLOT.left}" x2="${PLOT.right}" y1="${px(up(curve.target))}" y2="${px(up(curve.target))}"/>`,
    ...series.map(({ points }, i) => line(points, i, across, up)),
  ].join("\n");
}

function rule(y: number, label: string): string {
  return `<line class="rule" x1="${PLOT.left}" x2="${PLOT.right}" y1="${px(y)}" y2="${px(y)}"/><text x="${PLOT.left - 6}" y="${px(y + 4)}" text-anchor="end">${label}</text>`;
}

function mark(x: number, label: string): string {
  return `<text x="${px(x)}" y="${PLOT.bottom + 16}" text-anchor="middle">${label}</text>`;
}

function line(
  points: readonly Point[],
  i: number,
  across: (x: number) => number,
  up: (y: number) => number,
): string {
  if (points.length === 1) {
    const [[x, y]] = points;
    return `<circle class="dot k${i % COLOURS}" cx="${px(across(x))}" cy="${px(up(y))}" r="3"/>`;
  }
  const path = points.map(([x, y]) => `${px(across(x))},${px(up(y))}`).join(" ");
  return `<polyline class="line k${i % COLOURS}" points="${path}"/>`;
}

/** `2.50M` is `2.5M` on an axis. */
function tickLabel(value: number): string {
  return formatCount(value).replace(/\.(\d*?)0+(?=\D*$)/, (_, kept) => (kept ? `.${kept}` : ""));
}

function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function finite(points: readonly Point[]): Point[] {
  return points.filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y));
}

/** At most `MOST_POINTS` points, each the mean of a run of neighbours. */
export function thin(points: readonly Point[]): readonly Point[] {
  if (points.length <= MOST_POINTS) return points;
  const thinned: Point[] = [];
  for (let i = 0; i < MOST_POINTS; i++) {
    const from = Math.floor((i * points.length) / MOST_POINTS);
    const run = points.slice(from, Math.floor(((i + 1) * points.length) / MOST_POINTS));
    const mean = (pick: (point: Point) => number) =>
      run.reduce((sum, point) => sum + pick(point), 0) / run.length;
    thinned.push([mean(([x]) => x), mean(([, y]) => y)]);
  }
  return thinned;
}

/** Round numbers from at or below `low` to at or above `high`, about `count` steps. */
export function ticks(low: number, high: number, count: number): number[] {
  const largest = Math.max(Math.abs(low), Math.abs(high));
  const isFlat = high - low < 1e-9 * largest || high - low < 1e-30;
  const span = isFlat ? (largest > 1e-30 ? largest : 1) : high - low;
  const rough = span / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 2.5, 5, 10].find((m) => m * power >= rough * 0.999) ?? 10);
  const first = Math.floor(low / step + 1e-9);
  const last = Math.max(first + 1, Math.ceil(high / step - 1e-9));
  // multiples, not sums: 0.1 + 0.2 would not be 0.3
  return Array.from({ length: last - first + 1 }, (_, i) =>
    Number(((first + i) * step).toPrecision(12)),
  );
}

function scale(from: readonly [number, number], to: readonly [number, number]) {
  const span = from[1] - from[0] || 1;
  return (value: number) => to[0] + ((value - from[0]) / span) * (to[1] - to[0]);
}
