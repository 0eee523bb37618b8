/**
 * Physics steps per second on one core: `npx tsx bench/physics.ts`.
 *
 * Scene: six boxes, the robot and four walls in a 3 m arena. A script drives each robot at one box after another, and
 * every environment starts anew every 200 control steps, each at its own time. MuJoCo (WebAssembly) runs the same scene
 * with the same script in turn with it; its robot's speed is set, so its drive costs nothing.
 *
 * `npx tsx bench/physics.ts --resets 1000000` measures instead how memory grows over that many episode starts.
 */

import { parseArgs } from "node:util";
import loadMujoco from "@mujoco/mujoco";
import { createRng, type Rng } from "../core/rng.ts";
import { rapierBuild, rapierMemory } from "../sim/rapier.ts";
import { egoPushRobot } from "../sim/robots/diff-drive.ts";
import { pushable } from "../sim/shape.ts";
import { type BodySpec, bodyState, type ContactMode, World, type WorldSpec } from "../sim/world.ts";
import { type Contender, interleavedMedians, writeResults } from "./harness.ts";

const BOXES = 6;
const ENVS = 60;
const SUBSTEPS = 6;
const EPISODE_STEPS = 200;
const TARGET_STEPS = 40;

/** What the main issue asks for, physics steps a second on one core. */
const required = { planar: 140_000, coulomb: 100_000, timesMujoco: 2 };

/** Where bodies are, whoever simulates them. */
interface Scene {
  readonly envs: number;
  /** x, y and yaw of body 0 (the robot) or of a box. */
  x_m(env: number, body: number): number;
  y_m(env: number, body: number): number;
  yaw_rad(env: number): number;
  place(env: number, body: number, x_m: number, y_m: number, yaw_rad: number): void;
  /** One control step. */
  step(commands: Float32Array): void;
}

/** The script: starts episodes, drives the robots, steps. */
function play(scene: Scene): () => void {
  const rng = createRng(1);
  const commands = new Float32Array(2 * scene.envs);
  for (let env = 0; env < scene.envs; env++) start(scene, env, rng);
  let t = 0;
  return () => {
    for (let env = 0; env < scene.envs; env++) {
      const age = t + 31 * env;
      if (age % EPISODE_STEPS === 0) start(scene, env, rng);
      const target = 1 + (Math.floor(age / TARGET_STEPS) % BOXES);
      const dx_m = scene.x_m(env, target) - scene.x_m(env, 0);
      const dy_m = scene.y_m(env, target) - scene.y_m(env, 0);
      const off_rad = Math.atan2(dy_m, dx_m) - scene.yaw_rad(env);
      const turn_rad = Math.atan2(Math.sin(off_rad), Math.cos(off_rad));
      commands[2 * env] = 0.05 + 0.35 * Math.max(0, Math.cos(turn_rad));
      commands[2 * env + 1] = Math.max(-2, Math.min(2, 3 * turn_rad));
    }
    scene.step(commands);
    t++;
  };
}

function start(scene: Scene, env: number, rng: Rng): void {
  scene.place(env, 0, -1.2, rng.uniform(-1, 1), rng.uniform(-1, 1));
  for (let box = 0; box < BOXES; box++) {
    const x_m = -0.6 + 0.6 * (box % 3) + rng.uniform(-0.1, 0.1);
    const y_m = -0.4 + 0.8 * Math.floor(box / 3) + rng.uniform(-0.2, 0.2);
    scene.place(env, 1 + box, x_m, y_m, rng.uniform(0, 6));
  }
}

function spec(contact: ContactMode): WorldSpec {
  const bodies = Array.from(
    { length: BOXES },
    (_, i): BodySpec => ({
      name: `box ${i}`,
      shape: pushable("cube"),
      mass_kg: 0.4,
      friction: 0.5,
      motion: "dynamic",
    }),
  );
  const steps = { physicsStep_s: 1 / 60, substeps: SUBSTEPS };
  return { robot: egoPushRobot, bodies, arenaSide_m: 3, contact, ...steps };
}

function rapierScene(contact: ContactMode): Scene {
  const world = new World(spec(contact), ENVS);
  const { states } = world;
  const { position, orientation } = bodyState.at;
  const at = (env: number, body: number) => (env * (BOXES + 1) + body) * bodyState.size;
  return {
    envs: ENVS,
    x_m: (env, body) => states[at(env, body) + position],
    y_m: (env, body) => states[at(env, body) + position + 1],
    yaw_rad: (env) =>
      2 * Math.atan2(states[at(env, 0) + orientation + 2], states[at(env, 0) + orientation + 3]),
    place: (env, body, x_m, y_m, yaw_rad) => world.place(env, body, x_m, y_m, yaw_rad),
    step: (commands) => world.step(commands),
  };
}

const mujoco = await loadMujoco();

/** One model, one data an environment. The robot's joints come first: slide x, slide y, hinge z. */
function mujocoScene(sleep: boolean): Scene {
  const model = mujoco.MjModel.from_xml_string(mujocoModel(sleep));
  const all = Array.from({ length: ENVS }, () => new mujoco.MjData(model));
  let qpos: Float64Array[] = [];
  let qvel: Float64Array[] = [];
  // views detach when MuJoCo's memory grows
  const view = () => {
    if (qpos[0]?.length) return;
    qpos = all.map((data) => data.qpos as Float64Array);
    qvel = all.map((data) => data.qvel as Float64Array);
  };
  view();
  const at = (box: number) => 3 + 7 * (box - 1);
  return {
    envs: ENVS,
    x_m: (env, body) => {
      view();
      return qpos[env][body === 0 ? 0 : at(body)];
    },
    y_m: (env, body) => qpos[env][body === 0 ? 1 : at(body) + 1],
    yaw_rad: (env) => qpos[env][2],
    place: (env, body, x_m, y_m, yaw_rad) => {
      // an episode starts with its robot
      view();
      if (body === 0) mujoco.mj_resetData(model, all[env]);
      if (body === 0) qpos[env].set([x_m, y_m, yaw_rad]);
      else {
        const rotation = [Math.cos(yaw_rad / 2), 0, 0, Math.sin(yaw_rad / 2)];
        qpos[env].set([x_m, y_m, 0.075, ...rotation], at(body));
      }
    },
    step: (commands) => {
      for (let env = 0; env < ENVS; env++) {
        for (let s = 0; s < SUBSTEPS; s++) {
          qvel[env][0] = commands[2 * env] * Math.cos(qpos[env][2]);
          qvel[env][1] = commands[2 * env] * Math.sin(qpos[env][2]);
          qvel[env][2] = commands[2 * env + 1];
          mujoco.mj_step(model, all[env]);
          view();
        }
      }
    },
  };
}

function mujocoModel(sleep: boolean): string {
  const boxes = Array.from(
    { length: BOXES },
    (_, i) => `<body pos="${0.4 * i} 0 0.075"><freejoint/>
      <geom type="box" size="0.075 0.075 0.075" mass="0.4"/></body>`,
  );
  const walls = [
    [1.55, 0, 0.05, 1.6],
    [-1.55, 0, 0.05, 1.6],
    [0, 1.55, 1.6, 0.05],
    [0, -1.55, 1.6, 0.05],
  ].map(([x, y, a, b]) => `<geom type="box" pos="${x} ${y} 0.25" size="${a} ${b} 0.25"/>`);
  return `<mujoco>
    <option timestep="${1 / 60}">${sleep ? '<flag sleep="enable"/>' : ""}</option>
    <default><geom friction="0.5"/></default>
    <worldbody>
      <geom type="plane" size="5 5 0.1"/>${walls.join("")}
      <body pos="0 0 0.0735">
        <joint type="slide" axis="1 0 0"/><joint type="slide" axis="0 1 0"/><joint type="hinge" axis="0 0 1"/>
        <geom type="box" size="0.07 0.07 0.0715" mass="6"/>
        <geom type="box" pos="0.1075 0 -0.0215" size="0.0375 0.07 0.05" mass="0.01"/>
      </body>
      ${boxes.join("")}
    </worldbody>
  </mujoco>`;
}

async function steps(): Promise<void> {
  const units = ENVS * SUBSTEPS;
  const contender = (name: string, scene: Scene): Contender => {
    const work = play(scene);
    // warm up, and spread the environments over their episodes
    for (let t = 0; t < 2 * EPISODE_STEPS; t++) work();
    return { name, units, work };
  };
  const contenders = [
    contender("planar", rapierScene("planar")),
    contender("coulomb", rapierScene("coulomb")),
    contender("MuJoCo", mujocoScene(false)),
    contender("MuJoCo, sleep on", mujocoScene(true)),
  ];
  const timings = await interleavedMedians(contenders, { rounds: 9, round_ms: 400 });
  const [planar, coulomb, awake, asleep] = timings.map((timing) => timing.unitsPerSecond);
  const mujocoBest = Math.max(awake, asleep);
  const mujoco = (ours: number) =>
    `MuJoCo's WebAssembly build ${thousands(mujocoBest)} (${(ours / mujocoBest).toFixed(1)}x)`;
  const file = writeResults("physics", {
    unit: "physics step",
    rapier: rapierBuild,
    scene: { boxes: BOXES, envs: ENVS, step_s: 1 / 60, episodeSteps: EPISODE_STEPS },
    required,
    timings,
    headlines: [
      {
        what: "physics, planar mode, 6 boxes + robot + walls, resets, one core",
        value: `${thousands(planar)} steps/s`,
        against: mujoco(planar),
      },
      {
        what: "physics, coulomb mode, the same",
        value: `${thousands(coulomb)} steps/s`,
        against: mujoco(coulomb),
      },
    ],
  });
  for (const { name, unitsPerSecond } of timings) {
    console.log(`${name.padEnd(18)} ${thousands(unitsPerSecond)} steps/s`);
  }
  console.log(file);
}

/** Starts episodes, one physics step long, and watches the process's memory. */
function memory(resets: number): void {
  const scene = rapierScene("planar");
  const commands = new Float32Array(2 * ENVS);
  const rng = createRng(1);
  const round = () => {
    for (let env = 0; env < ENVS; env++) start(scene, env, rng);
    scene.step(commands);
  };
  for (let i = 0; i < 200; i++) round();
  const rounds = Math.ceil(resets / ENVS);
  const samples = [usage()];
  for (let i = 1; i <= rounds; i++) {
    round();
    if (i % Math.ceil(rounds / 30) === 0) samples.push(usage());
  }
  // the least of the last ten against the least of the first ten: garbage comes and goes, leaks stay
  const least = (some: typeof samples) => Math.min(...some.map((sample) => sample.rss_MB));
  const growth_MB = Number((least(samples.slice(-10)) - least(samples.slice(0, 10))).toFixed(1));
  const headlines = [
    {
      what: `memory growth over ${thousands(rounds * ENVS)} episode starts`,
      value: `${growth_MB} MB`,
    },
  ];
  const file = writeResults("memory", { resets: rounds * ENVS, growth_MB, samples, headlines });
  console.log(`${rounds * ENVS} resets: ${growth_MB} MB more\n${file}`);
}

function usage() {
  const megabytes = (bytes: number) => Number((bytes / 1e6).toFixed(1));
  return {
    rss_MB: megabytes(process.memoryUsage().rss),
    rapier_MB: megabytes(rapierMemory?.buffer.byteLength ?? 0),
  };
}

function thousands(value: number): string {
  return Math.round(value).toLocaleString("en");
}

const { values } = parseArgs({ options: { resets: { type: "string" } } });
if (values.resets) memory(Number(values.resets));
else await steps();
