/** Facts about the moment that is shown, in words and numbers. */

import type { ReplayFacts, SceneSketch } from "./messages.ts";
import { byId } from "./page.ts";
import { type Frame, POSE, type Tape } from "./tape.ts";

export class EpisodePanel {
  readonly #facts = byId("facts", HTMLDListElement);
  readonly #poses = byId("poses", HTMLTableSectionElement);

  show(sketch: SceneSketch, tape: Tape, index: number, replay: ReplayFacts | undefined): void {
    const frame = tape.frames[index];
    const rows = replay ? replayRows(replay) : liveRows(sketch, tape, index);
    const distance = distanceToTarget_m(sketch, frame);
    const all: [string, string][] = [
      ...rows,
      ["to target", distance === undefined ? "none" : `${distance.toFixed(3)} m`],
      ["action", frame.action ? frame.action.map((value) => value.toFixed(2)).join(", ") : "none"],
    ];
    this.#facts.replaceChildren(
      ...all.flatMap(([term, value]) => [cell("dt", term), cell("dd", value)]),
    );
    const names = ["robot", ...sketch.bodies.map(({ name }) => name)];
    this.#poses.replaceChildren(
      ...names.map((name, row) => poseRow(name, frame.poses, row * POSE)),
    );
  }
}

function liveRows(sketch: SceneSketch, tape: Tape, index: number): [string, string][] {
  const { stage } = tape.frames[index];
  const { name, budgetSteps } = sketch.stages[stage];
  let paid = 0;
  let begun = 0;
  for (let i = 0; i <= index; i++) {
    paid += tape.frames[i].reward ?? 0;
    if (i > 0 && tape.frames[i].stage !== tape.frames[i - 1].stage) begun = i;
  }
  return [
    ["stage", sketch.stages.length > 1 ? `${stage + 1} of ${sketch.stages.length}, ${name}` : name],
    ["steps", `${index - begun} of ${budgetSteps}`],
    ["return", paid.toFixed(2)],
  ];
}

function replayRows(replay: ReplayFacts): [string, string][] {
  return [
    ["outcome", replay.outcome],
    ["driven by", replay.policy],
    ["seed, start", `${replay.seed}, ${replay.start}`],
    ["return", replay.return.toFixed(2)],
  ];
}

function distanceToTarget_m(sketch: SceneSketch, frame: Frame): number | undefined {
  if (!frame.target) return undefined;
  const at = sketch.stages[frame.stage].roles.active * POSE;
  return Math.hypot(frame.poses[at] - frame.target.x_m, frame.poses[at + 1] - frame.target.y_m);
}

function poseRow(name: string, poses: Float32Array, at: number): HTMLTableRowElement {
  const [x, y, , qx, qy, qz, qw] = poses.subarray(at, at + POSE);
  const yaw_rad = Math.atan2(2 * (qw * qz + qx * qy), 1 - 2 * (qy * qy + qz * qz));
  const row = document.createElement("tr");
  const head = cell("th", name);
  head.setAttribute("scope", "row");
  const values = [x.toFixed(3), y.toFixed(3), ((yaw_rad * 180) / Math.PI).toFixed(0)];
  row.append(head, ...values.map((value) => cell("td", value.replace("-", "−"))));
  return row;
}

function cell(tag: "dt" | "dd" | "th" | "td", text: string): HTMLElement {
  const element = document.createElement(tag);
  element.textContent = text;
  return element;
}
