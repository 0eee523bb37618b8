/** Simulated episodes as the recorder wants them: robots, their bodies and a time that goes on. */

import type {
  DrawnBody,
  DrawnPart,
  RecordedBody,
  Recorder,
} from "../../bridge/recorder/recorder.ts";
import type { Stamp_ns } from "../../bridge/recorder/sink.ts";
import type { PolicyManifest } from "../../policies/manifest.ts";
import { COLOURS } from "../../sim/eyes.ts";
import { robotParts } from "../../sim/robots/diff-drive.ts";
import type { AssembledScene } from "../../sim/scene.ts";
import type { Shape } from "../../sim/shape.ts";
import type { SimulatedStep } from "./simulate.ts";

/** Starts that run together are apart in the picture, not in the physics. */
const apart_m = 1;

export class RecordedSimulation {
  readonly #recorder: Recorder;
  readonly #scene: AssembledScene;
  readonly #manifest: PolicyManifest;
  readonly #start_ns: Stamp_ns;
  readonly #sequences = new Map<number, number>();
  readonly #stepTime_ns: bigint;

  /** Time begins at `start_ns` and goes on by a control step with each observation of a robot. */
  constructor(
    recorder: Recorder,
    scene: AssembledScene,
    manifest: PolicyManifest,
    robots: number,
    start_ns: Stamp_ns,
  ) {
    this.#recorder = recorder;
    this.#scene = scene;
    this.#manifest = manifest;
    this.#start_ns = start_ns;
    this.#stepTime_ns = BigInt(Math.round(1e9 * manifest.controlStep_s));
    const drawn = Array.from({ length: robots }, (_, robot) => drawnBodies(scene, robot));
    recorder.bodies(start_ns, drawn.flat());
  }

  record(step: SimulatedStep): void {
    const { robot, inputs, action, end } = step;
    const name = `robot_${robot}`;
    const sequence = this.#sequences.get(robot) ?? 0;
    this.#sequences.set(robot, sequence + 1);
    const stamp_ns = this.#start_ns + BigInt(sequence) * this.#stepTime_ns;
    const arrays = this.#manifest.inputs.map(({ name, shape }) => {
      return { name, shape, values: inputs[name] };
    });
    const observation = { sequence, reset: step.step === 0, arrays };
    this.#recorder.observation(name, stamp_ns, observation);
    this.#recorder.action(name, stamp_ns, sequence, action);
    this.#recorder.poses(stamp_ns, this.#bodies(robot, step.poses));
    if (!end) return;
    const { outcome, steps, return: total } = end;
    this.#recorder.episode(name, stamp_ns, { episode: step.start, outcome, steps, return: total });
  }

  #bodies(robot: number, poses: Float32Array): RecordedBody[] {
    const names = ["robot", ...this.#scene.cast.bodies.map((body) => body.name)];
    const shift_m = robot * (this.#scene.cast.arenaSide_m + apart_m);
    return names.map((name, i) => {
      const [x, y, z, qx, qy, qz, qw] = poses.subarray(7 * i, 7 * (i + 1));
      const position = [x + shift_m, y, z] as const;
      return { name: frameOf(robot, name), position, rotation: [qx, qy, qz, qw] };
    });
  }
}

const frameOf = (robot: number, body: string) =>
  body === "robot" ? `robot_${robot}` : `robot_${robot}/${body}`;

function drawnBodies({ cast }: AssembledScene, robot: number): DrawnBody[] {
  const own: DrawnPart[] = robotParts(cast.robot).map(({ half_m: [x, y, z], centre_m }) => ({
    kind: "box",
    size_m: [2 * x, 2 * y, 2 * z],
    centre_m,
    rgb: [0.2, 0.2, 0.25],
  }));
  const others = cast.bodies.map(({ name, shape }, i) => ({
    name: frameOf(robot, name),
    parts: [partOf(shape, COLOURS[i % COLOURS.length])],
  }));
  return [{ name: frameOf(robot, "robot"), parts: own }, ...others];
}

function partOf(shape: Shape, rgb: DrawnPart["rgb"]): DrawnPart {
  const centre_m = [0, 0, 0] as const;
  switch (shape.kind) {
    case "box":
      return { kind: "box", size_m: shape.size_m, centre_m, rgb };
    case "cylinder": {
      const { diameter_m, height_m } = shape;
      return { kind: "cylinder", size_m: [diameter_m, diameter_m, height_m], centre_m, rgb };
    }
    case "prism": {
      const { side_m, height_m } = shape;
      return { kind: "prism", size_m: [side_m, side_m, height_m], centre_m, rgb };
    }
  }
}
