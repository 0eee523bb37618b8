/** Curves of an episode over its frames, for the chart under the timeline. Values that nobody knows are null. */

import type { SceneSketch } from "./messages.ts";
import { type Frame, POSE, type Tape } from "./tape.ts";

export const plotNames = ["actions", "distance to target", "return", "reward by term"] as const;
export type PlotName = (typeof plotNames)[number];

export interface Curve {
  readonly label: string;
  /** Name of a colour of the style sheet. */
  readonly colour: string;
  readonly values: readonly (number | null)[];
}

/** One value a frame for each curve of a plot. */
export function curvesOf(plot: PlotName, tape: Tape, sketch: SceneSketch): Curve[] {
  const { frames } = tape;
  switch (plot) {
    case "actions":
      return (["forward", "turn"] as const).map((label, column) => ({
        label,
        colour: label,
        values: frames.map(({ action }) => action?.[column] ?? null),
      }));
    case "distance to target":
      return [
        {
          label: "m",
          colour: "forward",
          values: frames.map((frame) => distanceToTarget_m(sketch, frame) ?? null),
        },
      ];
    case "return":
      // a recording may not say what was earned
      return frames.slice(1).every(({ reward }) => reward === undefined)
        ? []
        : [{ label: "return", colour: "forward", values: running(frames) }];
    case "reward by term":
      return termCurves(frames, sketch.terms);
  }
}

/** Running sums of the terms that paid anything, those that paid most first. */
function termCurves(frames: readonly Frame[], terms: readonly string[]): Curve[] {
  const sums = ledgerAt(frames, frames.length - 1, terms.length);
  return terms
    .map((label, column) => ({ label, column, weight: Math.abs(sums[column]) }))
    .filter(({ weight }) => weight > 0)
    .toSorted((a, b) => b.weight - a.weight)
    .slice(0, 6)
    .map(({ label, column }, i) => ({
      label,
      colour: `curve-${i + 1}`,
      values: running(frames, ({ paid }) => paid[column]),
    }));
}

/** Sums of a value from the first frame on, which has none. */
function running(
  frames: readonly Frame[],
  worth: (frame: Frame) => number | undefined = ({ reward }) => reward,
): number[] {
  let sum = 0;
  return frames.map((frame) => {
    sum += worth(frame) ?? 0;
    return sum;
  });
}

/** What each term has paid up to a frame. */
export function ledgerAt(frames: readonly Frame[], index: number, terms: number): Float64Array {
  const ledger = new Float64Array(terms);
  for (const { paid } of frames.slice(0, index + 1)) {
    for (let column = 0; column < paid.length; column++) ledger[column] += paid[column];
  }
  return ledger;
}

/** Whether a body takes part in the episode; one that does not waits far beyond the walls. */
export function takesPart({ arenaSide_m }: SceneSketch, { poses }: Frame, row: number): boolean {
  return poses[row * POSE] < arenaSide_m;
}

/** Distance of the active object to where it belongs, in the plane. */
export function distanceToTarget_m(sketch: SceneSketch, frame: Frame): number | undefined {
  if (!frame.target) return undefined;
  const at = (sketch.stages[frame.stage]?.roles.active ?? 0) * POSE;
  return Math.hypot(frame.poses[at] - frame.target.x_m, frame.poses[at + 1] - frame.target.y_m);
}

/** A stage that was completed: at which frame, and which. */
export interface Mark {
  readonly frame: number;
  readonly stage: number;
}

export function marksOf({ frames }: Tape): Mark[] {
  return frames.flatMap(({ completed }, frame) =>
    completed ? [{ frame, stage: frames[frame - 1]?.stage ?? 0 }] : [],
  );
}
