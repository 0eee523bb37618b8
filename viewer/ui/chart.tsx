/** A chart of streaming curves (uPlot) with a line at the present and marks; a click goes to that moment. */

import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import type { Curve } from "../plots.ts";
import { colour, palette } from "./theme.ts";

export interface ChartProps {
  /** What a screen reader says. */
  readonly name: string;
  readonly xs: readonly number[];
  readonly curves: readonly Curve[];
  /** Right end of the axis. */
  readonly end: number;
  readonly now?: number;
  readonly marks?: readonly { readonly at: number; readonly label: string }[];
  readonly height_px: number;
  readonly seek?: (x: number) => void;
}

/** Room for the numbers of the y axis; the scrubber keeps the same. */
export const AXIS_px = 46;

export function Chart(props: ChartProps) {
  const home = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const latest = useRef(props);
  latest.current = props;
  const kinds = props.curves.map(({ label }) => label).join();

  useEffect(() => {
    const place = home.current;
    if (!place) return;
    const chart = new uPlot(optionsOf(latest, place.clientWidth), dataOf(latest.current), place);
    plot.current = chart;
    const watch = new ResizeObserver(() => {
      chart.setSize({ width: place.clientWidth, height: latest.current.height_px });
    });
    watch.observe(place);
    const click = ({ clientX }: MouseEvent) => {
      latest.current.seek?.(chart.posToVal(clientX - chart.over.getBoundingClientRect().left, "x"));
    };
    chart.over.addEventListener("click", click);
    return () => {
      watch.disconnect();
      chart.destroy();
    };
  }, [kinds, palette.value]);

  useEffect(() => {
    plot.current?.setData(dataOf(props), true);
  }, [props.xs.length, props.curves, props.end]);

  useEffect(() => {
    plot.current?.redraw(false);
  }, [props.now, props.marks?.length]);

  return <div class="chart" ref={home} role="img" aria-label={props.name} />;
}

function dataOf({ xs, curves }: ChartProps): uPlot.AlignedData {
  return [xs as number[], ...curves.map(({ values }) => values as (number | null)[])];
}

function optionsOf(latest: { readonly current: ChartProps }, width: number): uPlot.Options {
  const { curves, height_px } = latest.current;
  const axis = {
    stroke: colour("quiet"),
    grid: { stroke: colour("rule"), width: 1 },
    ticks: { show: false },
    font: "11px system-ui, sans-serif",
  };
  return {
    width,
    height: height_px,
    padding: [6, 8, 0, 0],
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, points: { show: false }, y: false },
    scales: {
      x: { time: false, range: () => [0, latest.current.end] },
      y: {
        // a line that is level runs through the middle
        range: (_, low, high) =>
          low === high ? [(low ?? 0) - 1, (high ?? 0) + 1] : uPlot.rangeNum(low, high, 0.1, true),
      },
    },
    axes: [
      { ...axis, size: 18, gap: 2 },
      { ...axis, size: AXIS_px, gap: 4 },
    ],
    series: [
      {},
      ...curves.map(({ label, colour: name }) => ({
        label,
        stroke: colour(name),
        width: 1.5,
        points: { show: false },
      })),
    ],
    hooks: { draw: [(chart) => drawMarks(chart, latest.current)] },
  };
}

function drawMarks(chart: uPlot, { now, marks = [] }: ChartProps): void {
  const { ctx, bbox } = chart;
  const line = (at: number, style: string, dash: readonly number[]) => {
    const x = Math.round(chart.valToPos(at, "x", true)) + 0.5;
    ctx.beginPath();
    ctx.setLineDash([...dash]);
    ctx.strokeStyle = style;
    ctx.lineWidth = devicePixelRatio;
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  };
  ctx.save();
  for (const { at } of marks) line(at, colour("good"), [4, 3]);
  if (now !== undefined) line(now, colour("ink"), []);
  ctx.restore();
}
