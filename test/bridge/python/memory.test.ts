/** What a robot in Python sees, remembers and is told, against what TypeScript makes of the same and what the simulator says. */

import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, it } from "vitest";
import { servePolicy } from "../../../bridge/policy-server.ts";
import {
  carryAlong,
  followCommand,
  lastSeenColumns,
  memoryColumns,
  nearestKnown,
  noteFound,
  recall,
} from "../../../core/last-seen.ts";
import { createRng, type Rng } from "../../../core/rng.ts";
import { Sightings } from "../../../core/sightings.ts";
import type { PolicyInterface } from "../../../policies/manifest.ts";
import { loadPolicy } from "../../../policies/runtime/node.ts";
import { cameraOf } from "../../../rollout/camera-spec.ts";
import { type CameraMount, cameraSettings, mountOf } from "../../../sim/camera.ts";
import { idOf } from "../../../sim/eyes.ts";
import { Ground } from "../../../sim/ground.ts";
import { Camera } from "../../../sim/pictures.ts";
import { exact } from "../../../sim/randomization.ts";
import { d435Filled } from "../../../sim/render/sensor.ts";
import { SceneBatch } from "../../../sim/scene-batch.ts";
import { findScene } from "../../../sim/scenes/index.ts";
import { symmetry_rad } from "../../../sim/shape.ts";
import { blocksOf, runBlock } from "../../support/run-block.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { basics, pythonWith, runPython, runPythonFile, startPythonFile } from "./support.ts";

const found = pythonWith(basics);
const withPython = "python" in found ? it : it.skip;
const python = "python" in found ? found.python : "";

const folder = temporaryFolder();
const root = path.resolve(import.meta.dirname, "../../..");
const bundle = path.join(root, "policies/zoo/push-cross");
const manifest = JSON.parse(readFileSync(path.join(bundle, "policy.json"), "utf8"));

/** What is seen, told and done in one control step; things are numbered from 1 on. */
interface Step {
  readonly ids: Uint8Array;
  readonly depth_m: Float32Array;
  readonly action: readonly [forward: number, turn: number];
  readonly forget: boolean;
  readonly roles: { readonly active: number; readonly anchor: number; readonly obstacle: number[] };
  readonly goal: {
    readonly offset_m: readonly [number, number];
    readonly yaw_rad: number;
    readonly heading_rad: number;
    readonly shape: string;
  };
}

/** The rows that Python has of each input, and what it `found`: [things + 1, 4] seen, cut, x and y. */
async function rememberInPython(
  name: string,
  robot: PolicyInterface,
  things: number,
  steps: readonly Step[],
): Promise<Readonly<Record<string, readonly Float32Array[]>>> {
  const home = path.join(folder, name);
  mkdirSync(home, { recursive: true });
  const told = steps.map(({ ids: _, depth_m: __, ...step }) => step);
  writeFileSync(
    path.join(home, "told.json"),
    JSON.stringify({ interface: robot, things, steps: told }),
  );
  for (const picture of ["ids", "depth_m"] as const) {
    const bytes = steps.map((step) => step[picture]);
    writeFileSync(
      path.join(home, picture),
      Buffer.concat(bytes.map(({ buffer }) => Buffer.from(buffer))),
    );
  }
  await runPython(python, "remember.py", home);
  const names = [...robot.inputs.map((input) => input.name), "found"];
  return Object.fromEntries(
    names.map((each) => {
      const { buffer } = Uint8Array.from(readFileSync(path.join(home, each)));
      const size = buffer.byteLength / 4 / steps.length;
      return [each, steps.map((_, t) => new Float32Array(buffer, 4 * t * size, size))];
    }),
  );
}

/** The largest difference of two rows. */
function apart(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  let most = 0;
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(a[i] - b[i]));
  return most;
}

const [FORWARD_mps, TURN_radps, STEP_s, LAG_s] = [0.4, 2.84, 0.1, 0.1];
const [WIDTH, HEIGHT] = [30, 20];
const THINGS = 6;

/** Push-cross's robot with another camera, and smaller images that are not as high as they are wide. */
function robotWith(mount: CameraMount): PolicyInterface {
  const camera = {
    ...cameraOf(mount, ["active", "anchor", "obstacle"]),
    width: WIDTH,
    height: HEIGHT,
  };
  const [layers, ...others] = manifest.inputs;
  const inputs = [{ ...layers, shape: [3, HEIGHT, WIDTH], camera }, ...others];
  return { ...manifest, inputs };
}

/** A picture of some of the things: rectangles, some of them cut by the borders, with a stranger and depths that are none. */
function drawPicture(rng: Rng, shown: readonly boolean[]) {
  const ids = new Uint8Array(WIDTH * HEIGHT);
  const depth_m = new Float32Array(WIDTH * HEIGHT);
  const stranger = THINGS + 3;
  const odd = [0, Number.NaN, Number.POSITIVE_INFINITY, 0.05, 11, -1];
  for (const id of [stranger, ...shown.keys()]) {
    if (id !== stranger && !shown[id]) continue;
    const [left, top] = [rng.uniform(-6, WIDTH - 1), rng.uniform(0, HEIGHT - 2)].map(Math.floor);
    const [columns, rows] = [rng.uniform(2, 10), rng.uniform(2, 8)].map(Math.floor);
    const near_m = rng.uniform(0.2, 4);
    for (let row = top; row < Math.min(HEIGHT, top + rows); row++) {
      for (let column = Math.max(0, left); column < Math.min(WIDTH, left + columns); column++) {
        ids[row * WIDTH + column] = id === stranger ? stranger : id + 1;
        const depth = rng.next() < 0.05 ? odd[Math.floor(rng.uniform(0, odd.length))] : near_m;
        depth_m[row * WIDTH + column] = depth + rng.uniform(0, 0.1);
      }
    }
  }
  return { ids, depth_m };
}

/** Things come and go for seconds at a time, parts are played by others every few seconds, and a new episode begins now and then. */
function makeUp(rng: Rng, count: number): Step[] {
  const shown = Array.from({ length: THINGS }, () => false);
  let action: [number, number] = [0, 0];
  let order = [1, 2, 3, 4, 5, 6];
  return Array.from({ length: count }, (_, t) => {
    for (let i = 0; i < THINGS; i++) if (rng.next() < 0.06) shown[i] = !shown[i];
    if (t % 10 === 0) action = [rng.uniform(-1, 1), rng.next() < 0.2 ? 0 : rng.uniform(-1, 1)];
    if (t % 35 === 0) order = order.map((thing) => (thing % THINGS) + 1);
    const [active, anchor, ...obstacle] = order;
    const offset_m = [rng.uniform(-1, 1), rng.uniform(-1, 1)] as const;
    const [yaw_rad, heading_rad] = [rng.uniform(-4, 4), rng.uniform(-4, 4)];
    return {
      ...drawPicture(rng, shown),
      action: [Math.fround(action[0]), Math.fround(action[1])],
      forget: t % 180 === 0,
      roles: { active, anchor, obstacle: obstacle.slice(0, 1 + (t % 4)) },
      goal: { offset_m, yaw_rad, heading_rad, shape: "cube" },
    };
  });
}

/** The same by the functions of core/, as docs/your-robot.md has it. */
function rememberHere(mount: CameraMount, steps: readonly Step[]) {
  const camera = {
    ...mount,
    ...{ width: WIDTH, height: HEIGHT, tanHalfX: Math.tan(mount.horizontalFov_rad / 2) },
    tanHalfY: Math.tan(mount.verticalFov_rad / 2),
  };
  const sightings = new Sightings(camera, THINGS);
  const memory = new Float32Array((THINGS + 1) * memoryColumns.size);
  let forward = { mean: 0, last: 0 };
  let turn = { mean: 0, last: 0 };
  return steps.map(({ ids, depth_m, roles, forget }, t) => {
    if (forget) {
      memory.fill(0);
      forward = { mean: 0, last: 0 };
      turn = { mean: 0, last: 0 };
    } else {
      const before = steps[t - 1].action;
      forward = followCommand(forward.last, before[0] * FORWARD_mps, LAG_s, STEP_s);
      turn = followCommand(turn.last, before[1] * TURN_radps, LAG_s, STEP_s);
      carryAlong(memory, 0, THINGS + 1, forward.mean, turn.mean, STEP_s);
    }
    const inverse = depth_m.map((depth) => (depth >= 0.12 && depth <= 10 ? 1 / depth : 0));
    sightings.look(ids, 0, 1, inverse, 0, 1);
    const found = new Float32Array(4 * (THINGS + 1));
    for (let thing = 1; thing <= THINGS; thing++) {
      const place = [0, 0];
      const kind = sightings.find(thing - 1, place);
      noteFound(memory, thing, kind, place[0], place[1]);
      if (kind) found.set([1, kind === "cut" ? 1 : 0, ...place], 4 * thing);
    }
    const layers = new Float32Array(3 * ids.length);
    const cast = [[roles.active], [roles.anchor], roles.obstacle];
    ids.forEach((id, i) => {
      const layer = cast.findIndex((things) => things.includes(id));
      if (layer >= 0) layers[layer * ids.length + i] = inverse[i];
    });
    const near = nearestKnown(memory, 0, roles.obstacle);
    const lastSeen = new Float32Array(5 * lastSeenColumns.size);
    for (const [i, thing] of [roles.active, roles.anchor, near[0], near[1], near[2]].entries()) {
      recall(memory, thing ?? 0, lastSeen, i * lastSeenColumns.size);
    }
    return { layers, lastSeen, found };
  });
}

const mounts = {
  "EgoPush's camera": cameraSettings.parse({}),
  "a wide, steep and high one": cameraSettings.parse({
    ...{ x_m: 0.1, z_m: 0.5, pitch_deg: 40, horizontalFov_deg: 87, heightToWidth: 0.5625 },
  }),
};

/** Push-cross, driven by its student, in which a robot in Python sees whole pictures. */
async function driveInSimulation(count: number) {
  const policy = await loadPolicy(bundle);
  const scene = findScene("push-cross");
  const groups = ["layers", "proprioception", "goal", "lastSeen"] as const;
  const batch = await SceneBatch.create({
    ...{ scene, config: policy.manifest.sceneConfig, envs: 1, seed: 2, purpose: "evaluation" },
    ...{ groups, randomization: exact },
    // the range of a sensor, without its noise
    sensor: { ...d435Filled, sigmaInverseDepth: 0, stepInverseDepth: 0 },
  });
  batch.reset();
  const camera = await Camera.open(batch);
  const ground = new Ground(batch.world);
  const steps: Step[] = [];
  const rows: Record<string, Float32Array>[] = [];
  let forget = true;
  for (let t = 0; t < count; t++) {
    if (forget) ground.markStart();
    camera.look();
    const { ids, depth_m } = camera.picture(0);
    const action = await policy.act(batch.groups);
    rows.push(
      Object.fromEntries(Object.entries(batch.groups).map(([name, row]) => [name, row.slice()])),
    );
    steps.push({
      // the room and the robot are no things; body 1, the anchor, is thing 1
      ids: ids.map((id) => Math.max(0, id - idOf(0))),
      depth_m,
      action: [action[0], action[1]],
      forget,
      ...partsOf(batch, ground),
    });
    batch.step(action);
    forget = batch.ends.length > 0;
    if (forget) policy.reset();
  }
  const things = batch.world.bodies.length - 1;
  const robot = { ...policy.manifest };
  await policy.close();
  batch.free();
  return { steps, rows, things, robot };
}

/** Who plays which part, and the arrangement as it lies about the anchor. */
function partsOf(batch: SceneBatch, ground: Ground): Pick<Step, "roles" | "goal"> {
  const { active, anchor, obstacles } = batch.scene.roles[batch.stageOf(0)];
  const target = batch.targetOf(0);
  if (anchor === undefined || !target) throw new Error("internal: push-cross has both.");
  const yaw_rad = ground.yaw_rad(anchor);
  const [dx, dy] = [target.x_m - ground.x_m(anchor), target.y_m - ground.y_m(anchor)];
  const [cos, sin] = [Math.cos(yaw_rad), Math.sin(yaw_rad)];
  expect(symmetry_rad(batch.scene.cast.bodies[active - 1].shape)).toBe(Math.PI / 2);
  return {
    roles: { active, anchor, obstacle: [...obstacles] },
    goal: {
      offset_m: [cos * dx + sin * dy, -sin * dx + cos * dy],
      yaw_rad: target.yaw_rad - yaw_rad,
      // the robot knows which way the anchor faced at first
      heading_rad: ground.yaw_rad(0) - ground.starts[anchor].yaw_rad,
      shape: "cube",
    },
  };
}

describe("a memory in Python", () => {
  withPython("says what was worked out by hand, and refuses what it cannot know", async () => {
    const out = await runPython(python, "check_memory.py", path.join(bundle, "policy.json"));
    expect(out).toContain("passed");
  });

  withPython.each(Object.entries(mounts))(
    "comes to what TypeScript comes to, with %s",
    async (name, settings) => {
      const mount = mountOf(settings);
      const steps = makeUp(createRng(17), 400);
      const there = await rememberInPython(name, robotWith(mount), THINGS, steps);
      const here = rememberHere(mount, steps);
      let [whole, cut, stale] = [0, 0, 0];
      for (const [t, { layers, lastSeen, found }] of here.entries()) {
        expect(apart(there.layers[t], layers), `layers of step ${t}`).toBe(0);
        expect(apart(there.found[t], found), `found in step ${t}`).toBeLessThan(1e-5);
        expect(apart(there.lastSeen[t], lastSeen), `lastSeen of step ${t}`).toBeLessThan(1e-5);
        const before = t > 0 && !steps[t].forget ? steps[t - 1].action : [0, 0];
        expect([...there.proprioception[t]]).toEqual(before);
        for (let i = 0; i < found.length; i += 4) {
          if (found[i + 1]) cut++;
          else if (found[i]) whole++;
        }
        for (let i = 0; i < lastSeen.length; i += 4) if (lastSeen[i] && lastSeen[i + 3]) stale++;
      }
      // there was something to compare
      for (const count of [whole, cut, stale]) expect(count).toBeGreaterThan(100);
    },
  );

  withPython("gives a student what the simulator gives it", async () => {
    const { steps, rows, things, robot } = await driveInSimulation(300);
    const there = await rememberInPython("simulated", robot, things, steps);
    let fading = 0;
    for (const [t, row] of rows.entries()) {
      for (const [name, here] of Object.entries(row)) {
        expect(apart(there[name][t], here), `${name} of step ${t}`).toBeLessThan(1e-5);
      }
      for (let i = 0; i < row.lastSeen.length; i += 4) {
        if (row.lastSeen[i] && row.lastSeen[i + 3]) fading++;
      }
    }
    expect(fading).toBeGreaterThan(100);
    // the stages changed, and who is pushed with them
    expect(new Set(steps.map(({ roles }) => roles.active)).size).toBeGreaterThan(1);
  });
});

/** Serves the student of push-cross while `use` runs, so patiently that a busy machine makes no answer stale. */
async function served(use: (endpoint: string) => Promise<void>): Promise<void> {
  const policy = await loadPolicy(bundle);
  const server = await servePolicy({ policy, endpoint: "tcp://127.0.0.1:*", ttl_ms: 60_000 });
  try {
    await use(server.endpoint);
  } finally {
    await server.close();
    await policy.close();
  }
}

describe("a control loop in Python", () => {
  withPython(
    "examples/python/drive_student.py drives as the one of docs/your-robot.md",
    async () => {
      const scratch = path.join(root, "runs", `memory-test-${process.pid}`);
      const script = path.join(root, "examples/python/drive_student.py");
      const speedsIn = (said: string) =>
        [...said.matchAll(/^(\S+) m\/s, (\S+) rad\/s$/gm)].map(([, v, omega]) => [+v, +omega]);
      try {
        const loop = blocksOf("docs/your-robot.md")[1];
        const here = speedsIn(await runBlock(loop, path.join(scratch, "loop.ts")));
        await served(async (endpoint) => {
          const words = ["--robot", bundle, "--endpoint", endpoint, "--patience", "60"];
          const there = speedsIn(await runPythonFile(python, script, ...words));
          expect(there).toHaveLength(21);
          // printed to hundredths
          for (const [t, speeds] of there.entries()) {
            expect(apart(speeds, here[t]), `step ${t}`).toBeLessThan(0.011);
          }
          expect(here.flat().some((speed) => Math.abs(speed) > 0.1)).toBe(true);
        });
      } finally {
        rmSync(scratch, { recursive: true, force: true });
      }
    },
  );

  withPython("examples/python/drive_student.py leaves the robot at rest on Ctrl-C", async () => {
    const script = path.join(root, "examples/python/drive_student.py");
    await served(async (endpoint) => {
      const words = ["--robot", bundle, "--endpoint", endpoint, "--patience", "60"];
      const child = startPythonFile(python, script, ...words, "--steps", "100000");
      const said: string[] = [];
      for await (const line of createInterface(child.stdout)) {
        said.push(line);
        if (said.length === 5) child.kill("SIGINT");
      }
      expect(said.slice(0, 5)).not.toContain("0.00 m/s, 0.00 rad/s");
      expect(said.at(-1)).toBe("0.00 m/s, 0.00 rad/s");
    });
  });

  withPython(
    "docs/python.md drives a robot of which these are the sensors and motors",
    async () => {
      const page = readFileSync(path.join(root, "docs/python.md"), "utf8");
      const [loop] = [...page.matchAll(/^```python\n(.*?)^```/gms)]
        .map(([, code]) => code)
        .filter((code) => code.includes("Memory("));
      const file = path.join(folder, "loop.py");
      await served(async (endpoint) => {
        const stubs = `import numpy as np
ids, depth_m = np.zeros((64, 64), int), np.full((64, 64), 0.8)
ids[24:36, 36:46] = 1
read_sensors = lambda: (ids, depth_m, 0.1)
drive = lambda forward_mps, turn_radps: print(f"{forward_mps} {turn_radps}")
`;
        const patient = loop
          .replace("tcp://127.0.0.1:5601", endpoint)
          .replace("range(300)", "range(5)")
          .replace("wait()", "wait(30)")
          .replace("timeout_s=0.08", "timeout_s=60");
        writeFileSync(file, stubs + patient);
        const lines = (await runPythonFile(python, file)).trim().split("\n");
        expect(lines).toHaveLength(6);
        expect(lines[5]).toBe("0 0");
        // zeros would be no answer
        for (const line of lines.slice(0, 5)) {
          expect(Math.hypot(...line.split(" ").map(Number))).toBeGreaterThan(0.01);
        }
      });
    },
  );
});
