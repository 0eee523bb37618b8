import { readFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { McapFile } from "../../bridge/recorder/mcap-file.ts";
import { Recorder } from "../../bridge/recorder/recorder.ts";
import { commands } from "../../cli/commands/index.ts";
import { readBundle } from "../../policies/bundle.ts";
import { loadWebPolicy } from "../../policies/runtime/web.ts";
import { egoPushCamera } from "../../sim/camera.ts";
import { SceneBatch } from "../../sim/scene-batch.ts";
import { findScene, scenes } from "../../sim/scenes/index.ts";
import { posesOutput } from "../../student/interface.ts";
import { readDropped } from "../../viewer/dropped.ts";
import { type Disturbance, keypointStates, undisturbed } from "../../viewer/messages.ts";
import { curvesOf, ledgerAt, marksOf, takesPart } from "../../viewer/plots.ts";
import { headBeliefs, imageBeliefs, memoryBeliefs, placed } from "../../viewer/worker/beliefs.ts";
import { demonstrate, policyDriver, simpleDriver } from "../../viewer/worker/drivers.ts";
import { LiveEpisode } from "../../viewer/worker/live-episode.ts";
import { episodesOf } from "../../viewer/worker/mcap-episodes.ts";
import { freePlace } from "../../viewer/worker/obstacles.ts";
import { ReplayedEpisode } from "../../viewer/worker/replayed-episode.ts";
import { sketchOf } from "../../viewer/worker/still.ts";
import { configOf, hashOf, laterBy, surveyStart } from "../../viewer/worker/survey.ts";
import { runCommand } from "../cli/run-command.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { saveFreshStudent, simulationOf } from "../support/tiny-runs.ts";
import { recordCurve, servoManifest } from "./recordings.ts";

const demo = simpleDriver(demonstrate);
const reach = { scene: "reach-box", seed: 1, start: 0 };

describe("a live episode", () => {
  it("tells what each term paid: the sums are the simulation's own ledger", async () => {
    const episode = await LiveEpisode.open(reach);
    while (!episode.end) await episode.step(demo);
    const { frames } = episode.tape;
    const sums = ledgerAt(frames, frames.length - 1, episode.terms.length);
    expect(episode.terms).toEqual(["reach/approach", "reach/reach", "failure"]);
    expect(episode.end.outcome).toBe("success");
    sums.forEach((sum, i) => {
      expect(sum).toBeCloseTo(episode.end?.ledger[i] ?? Number.NaN, 4);
    });
    expect(marksOf(episode.tape)).toEqual([{ frame: frames.length - 1, stage: 0 }]);
    episode.free();
  });

  it("charges for a failure in a column of its own", async () => {
    const config = { reward: { failure: 3 } };
    const episode = await LiveEpisode.open({ scene: "push-pair", config, seed: 1, start: 0 });
    // the anchor may not be moved
    episode.place(1, { x_m: -1, y_m: -1, yaw_rad: 0 });
    await episode.step(demo);
    expect(episode.end?.outcome).toBe("anchor moved");
    expect(episode.newest.paid.at(-1)).toBeCloseTo(-3, 4);
    episode.free();
  });

  it("is again what its start drew once it is no longer disturbed", async () => {
    const pair = { scene: "push-pair", seed: 3, start: 1 };
    const end = async (...disturbances: Partial<Disturbance>[]) => {
      const episode = await LiveEpisode.open(pair);
      for (const change of disturbances) episode.setProperties({ ...undisturbed, ...change });
      for (let t = 0; t < 100; t++) await episode.step(demo);
      const hash = hashOf(episode.newest.poses);
      episode.free();
      return hash;
    };
    const asDrawn = await end();
    expect(await end({ friction: 0.3, mass: 4 })).not.toBe(asDrawn);
    expect(await end({ friction: 0.3, mass: 4 }, {})).toBe(asDrawn);
    expect(await end({ friction: 0.3 }, { mass: 4 })).toBe(await end({ mass: 4 }));
  });

  it("goes on where it was in a world with one more obstacle, and another camera", async () => {
    const episode = await LiveEpisode.open(reach);
    for (let t = 0; t < 6; t++) await episode.step(demo);
    const before = episode.newest.poses;
    const paid = episode.tape.frames.map(({ reward }) => reward);
    const again = await episode.reopened({ ...undisturbed, obstacles: 1, noise: 3 }, []);
    const { poses } = again.newest;
    expect(poses.length).toBe(before.length + 7);
    before.forEach((value, i) => {
      expect(poses[i]).toBeCloseTo(value, 4);
    });
    expect(again.tape.frames.map(({ reward }) => reward)).toEqual(
      paid.map((reward) => (reward === undefined ? undefined : expect.closeTo(reward, 4))),
    );
    // inside the arena, and clear of robot and box
    const [x, y] = poses.subarray(14);
    expect(Math.max(Math.abs(x), Math.abs(y))).toBeLessThan(1.5);
    for (const row of [0, 1]) {
      expect(Math.hypot(x - poses[row * 7], y - poses[row * 7 + 1])).toBeGreaterThan(0.1);
    }
    again.free();
  });

  it("moves a body by hand, never into another", async () => {
    const episode = await LiveEpisode.open(reach);
    const at = (row: number) => [...episode.newest.poses.subarray(row * 7, row * 7 + 2)];
    const [x, y] = at(0);
    episode.place(1, { x_m: x, y_m: y, yaw_rad: 0 });
    const [boxX, boxY] = at(1);
    expect(Math.hypot(boxX - x, boxY - y)).toBeGreaterThan(0.2);
    episode.place(1, { x_m: 1, y_m: -1, yaw_rad: 0 });
    expect(at(1)[0]).toBeCloseTo(1, 5);
    expect(at(1)[1]).toBeCloseTo(-1, 5);
    episode.free();
  });

  it("feels friction: a body that was pushed slides less far on a rougher floor", async () => {
    const slide = async (friction: number | undefined) => {
      const disturbance = { ...undisturbed, friction };
      const episode = await LiveEpisode.open({ ...reach, scene: "push-pair", disturbance });
      episode.place(0, { x_m: -0.4, y_m: 1, yaw_rad: 0 });
      episode.place(2, { x_m: -0.1, y_m: 1, yaw_rad: 0 });
      const push = simpleDriver(() => [1, 0]);
      for (let t = 0; t < 12; t++) await episode.step(push);
      const stop = simpleDriver(() => [-1, 0]);
      for (let t = 0; t < 8; t++) await episode.step(stop);
      const x = episode.newest.poses[14];
      episode.free();
      return x;
    };
    expect(await slide(0.1)).toBeGreaterThan((await slide(3)) + 0.05);
  });

  it("is the one that a plain batch runs, bit by bit", async () => {
    const found = await surveyStart({ ...reach, settings: [], disturbance: undisturbed }, demo);
    const batch = await SceneBatch.create({
      scene: findScene("reach-box"),
      envs: 1,
      seed: 1,
      purpose: "evaluation",
      groups: [],
      onEnd: () => batch.poses(0, last),
    });
    const last = new Float32Array(14);
    const episode = await LiveEpisode.open(reach);
    while (!episode.end) await episode.step(demo);
    batch.reset();
    for (const { action } of episode.tape.frames.slice(1)) {
      batch.step(Float32Array.from(action ?? []));
    }
    expect(found.hash).toBe(hashOf(last));
    expect(found.outcome).toBe("success");
    episode.free();
    batch.free();
  });
});

it.each(scenes.map(({ name }) => name))("%s goes on when an obstacle is added", async (scene) => {
  const episode = await LiveEpisode.open({ scene, seed: 1, start: 0 });
  for (let t = 0; t < 3; t++) await episode.step(demo);
  const again = await episode.reopened({ ...undisturbed, obstacles: 2 }, ["keypoints:fov"]);
  await again.step(demo);
  const { newest, tape } = again;
  expect(tape.frames).toHaveLength(5);
  expect(newest.poses).toHaveLength(again.scene.cast.bodies.length * 7 + 7);
  expect(newest.poses.every(Number.isFinite)).toBe(true);
  again.free();
});

it("is of the scene as it was set, and a survey over seeds takes one start of each", async () => {
  const settings = ["shape=cylinder", "arenaSide_m=2.5"];
  const opening = { scene: "push-pair", settings, seed: 1, start: 4 };
  const episode = await LiveEpisode.open({ ...opening, config: configOf(opening) });
  const { arenaSide_m, bodies } = episode.scene.cast;
  expect([arenaSide_m, bodies[1].shape.kind]).toEqual([2.5, "cylinder"]);
  episode.free();
  expect(() => configOf({ ...opening, settings: ["shap=prism"] })).toThrow(
    'Unknown option "shap" in the scene\'s settings. Did you mean "shape"?',
  );
  expect(laterBy(opening, "seeds", 2)).toEqual({ ...opening, seed: 3 });
  expect(laterBy(opening, "starts", 2)).toEqual({ ...opening, start: 6 });
});

it("hashes by FNV-1a", () => {
  // the test vector of the reference code for the bytes "foob", read as one float
  expect(hashOf(new Float32Array(new TextEncoder().encode("foob").buffer))).toBe("3f5076ef");
});

it("finds a free place inside the arena wherever one is wanted", () => {
  const disc = fc.record({
    x_m: fc.double({ min: -1, max: 1, noNaN: true }),
    y_m: fc.double({ min: -1, max: 1, noNaN: true }),
    radius_m: fc.double({ min: 0.05, max: 0.2, noNaN: true }),
  });
  const anywhere = fc.double({ min: -5, max: 5, noNaN: true });
  fc.assert(
    fc.property(fc.array(disc, { maxLength: 5 }), anywhere, anywhere, (others, x_m, y_m) => {
      const place = freePlace({ x_m, y_m }, 0.1, others, 3);
      const clear = others.every(
        (other) =>
          Math.hypot(place.x_m - other.x_m, place.y_m - other.y_m) >= other.radius_m + 0.1 - 1e-9,
      );
      const inside = Math.max(Math.abs(place.x_m), Math.abs(place.y_m)) <= 1.4 + 1e-9;
      return clear && inside;
    }),
    { numRuns: 200 },
  );
});

describe("what is known of an episode", () => {
  it("a box ahead is believed to be where its near face is, and remembered when it is gone", async () => {
    const episode = await LiveEpisode.open(reach);
    // the robot at the origin looks along x, the box's face 0.525 m before it
    episode.place(0, { x_m: 0, y_m: 0, yaw_rad: 0 });
    episode.place(1, { x_m: 0.6, y_m: 0, yaw_rad: 0 });
    await episode.step(simpleDriver(() => [0, 0]));
    const [belief] = episode.newest.beliefs;
    expect(belief).toMatchObject({ role: "active", by: "image", age_s: 0 });
    expect(belief.x_m).toBeGreaterThan(0.5);
    expect(belief.x_m).toBeLessThan(0.62);
    expect(Math.abs(belief.y_m)).toBeLessThan(0.02);
    const dark = new Float32Array(64 * 64);
    const robot = episode.newest.poses.subarray(0, 7);
    expect(imageBeliefs([belief], ["active"], dark, egoPushCamera, robot, 0.1)).toEqual([
      { ...belief, age_s: 0.1 },
    ]);
    episode.free();
  });

  it("a student's head and memory are placed about the robot, and aged", () => {
    const told = [
      ...headBeliefs(posesOutput(["active"]), Float32Array.of(0.75, 0.5, 0.25)),
      ...memoryBeliefs(
        {
          ...{ name: "lastSeen", shape: [8], dtype: "float32" },
          columns: ["active", "anchor"].flatMap((name) => [
            { name: `${name}.known`, width: 1 },
            { name: `${name}.place`, width: 2 },
            { name: `${name}.staleness`, width: 1 },
          ]),
        },
        // the anchor was never seen; 1 - exp(-3 / 3) is the staleness of 3 s
        Float32Array.of(1, 1, 0, 1 - Math.exp(-1), 0, 0, 0, 1),
      ),
    ];
    // at (1, 2), looking along y: ahead is +y, left is -x
    const half = Math.PI / 4;
    const robot = Float32Array.of(1, 2, 0, 0, 0, Math.sin(half), Math.cos(half));
    const near = (value: number) => expect.closeTo(value, 5);
    expect(placed(told, robot)).toEqual([
      { role: "active", by: "head", x_m: near(0.75), y_m: near(2.5), age_s: 0, seen: 0.75 },
      { role: "active", by: "memory", x_m: near(1), y_m: near(3), age_s: near(3), seen: 1 },
    ]);
  });

  const folder = temporaryFolder();

  it("a student with a goal and a memory runs, and believes what it last saw to be where it was", async () => {
    const simulation = simulationOf("push-cross");
    await saveFreshStudent(folder, simulation, { lastSeen: true });
    const policy = await loadWebPolicy(readBundle(folder));
    const driver = policyDriver(policy, "fresh", "push-cross");
    expect(driver.groups).toEqual(["layers", "proprioception", "goal", "lastSeen"]);
    const { groups } = driver;
    const episode = await LiveEpisode.open({ scene: "push-cross", seed: 1, start: 0, groups });
    episode.place(0, { x_m: -1.2, y_m: 0, yaw_rad: 0 });
    for (let t = 0; t < 3; t++) await episode.step(driver);
    const { beliefs, poses } = episode.tape.frames[2];
    const heads = beliefs.filter(({ by }) => by === "head");
    expect(heads.map(({ role }) => role)).toEqual(["active", "anchor", "obstacle", "reference"]);
    expect(heads.every(({ seen }) => seen > 0 && seen < 1)).toBe(true);
    const anchor = beliefs.find(({ by, role }) => by === "memory" && role === "anchor");
    // it looks at the middle, where the anchor is; the memory is noisy by a centimetre or so
    expect(anchor?.age_s).toBeLessThan(0.01);
    expect(anchor?.x_m).toBeCloseTo(poses[7], 1);
    expect(anchor?.y_m).toBeCloseTo(poses[8], 1);
    const again = await episode.reopened({ ...undisturbed, obstacles: 1 }, groups);
    expect(again.tape.frames[2].beliefs).toEqual(beliefs);
    again.free();
    driver.close();
  });

  it("keypoints are visible ahead, out of view behind the robot, and gated beside the middle", async () => {
    const episode = await LiveEpisode.open({ scene: "push-pair", seed: 1, start: 0 });
    const statesOf = (anchor: readonly [x_m: number, y_m: number]) => {
      episode.place(1, { x_m: 1.3, y_m: -1.3, yaw_rad: 0 });
      episode.place(0, { x_m: 0, y_m: 0, yaw_rad: 0 });
      episode.place(2, { x_m: 0.6, y_m: 0, yaw_rad: 0 });
      const frame = episode.place(1, { x_m: anchor[0], y_m: anchor[1], yaw_rad: 0 });
      const { keypoints } = episode.still.look(0, frame, false, undefined);
      const states = Array.from(keypoints).filter((_, i) => i % 4 === 3);
      // active, anchor and reference, four points each
      return [0, 4, 8].map((at) => states.slice(at, at + 4).map((state) => keypointStates[state]));
    };
    const [active, anchor] = statesOf([-1, 0]);
    expect(active).toEqual(Array(4).fill("visible"));
    expect(anchor).toEqual(Array(4).fill("out of view"));
    // 24 degrees aside of a camera that sees 34.5 and gates at 0.6 of its tangent; the target is before its near face
    const [, aside, reference] = statesOf([1, 0.45]);
    expect(aside).toEqual(Array(4).fill("visible"));
    expect(reference).toEqual(Array(4).fill("gated"));
    episode.free();
  });

  it("a replay is run again: its rewards are found, unless its poses are others", async () => {
    const replay = await recordCurve();
    const known = await ReplayedEpisode.open(replay);
    expect(known.again).toBeDefined();
    expect(known.tape.frames[5].reward).toBeTypeOf("number");
    const sketch = sketchOf(known.scene, known.terms, known.config);
    const [{ values }] = curvesOf("return", known.tape, sketch);
    expect(values).toHaveLength(replay.steps + 1);
    known.free();
    const other = await ReplayedEpisode.open({ ...replay, seed: replay.seed + 1 });
    expect(other.again).toBeUndefined();
    expect(other.tape.frames[5].reward).toBeUndefined();
    // nobody knows what was earned
    expect(curvesOf("return", other.tape, sketch)).toEqual([]);
    other.free();
  });

  it("shows nothing of the objects that an episode does without", async () => {
    const config = { fewest: 2 };
    const parts = [];
    for (let start = 0; start < 8; start++) {
      const opened = { scene: "push-arrangement", config, seed: 1, start };
      const episode = await LiveEpisode.open(opened);
      const sketch = sketchOf(episode.scene, episode.terms, episode.config);
      const { length } = sketch.bodies;
      const rows = Array.from({ length }, (_, i) => i + 1);
      parts.push(rows.filter((row) => takesPart(sketch, episode.newest, row)).length);
      episode.free();
    }
    // the anchor and 2 to all 4 objects
    expect(new Set(parts)).toEqual(new Set([3, 4, 5]));
  });
});

describe("files that are dropped", () => {
  const file = (name: string, text: string) => new File([text], name);

  it("are a bundle when both its files are there, and refused in a sentence when one is missing", async () => {
    const manifest = file("policy.json", '{"name": "p", "scene": "reach-box"}');
    const onnx = file("policy.onnx", "...");
    expect(await readDropped([onnx, manifest])).toMatchObject({ kind: "bundle", name: "p" });
    await expect(readDropped([onnx])).rejects.toThrow('"policy.onnx" came without policy.json');
    await expect(readDropped([onnx, file("policy.json", "{")])).rejects.toThrow("is not JSON");
    await expect(readDropped([onnx, file("policy.json", "null")])).rejects.toThrow("does not name");
    await expect(readDropped([file("a.txt", "")])).rejects.toThrow('got "a.txt"');
  });
});

describe("an MCAP recording", () => {
  const folder = temporaryFolder();

  it("gives back the episodes that `understudy record` wrote, in their own scene", async () => {
    const out = path.join(folder, "pushes.mcap");
    const policy = "policies/zoo/push-pair";
    const words = ["record", "--scene", "push-pair", "--policy", policy, "--seed", "5"];
    const settings = ["--set", "scene.shape=cylinder", "--set", "scene.arenaSide_m=4"];
    const count = ["--episodes", "2", "--robots", "2", "--out", out];
    const { code, err } = await runCommand(commands, [...words, ...settings, ...count]);
    expect(code, err).toBe(0);
    const replays = episodesOf(readFileSync(out), "pushes.mcap");
    expect(replays.map(({ start }) => start).sort()).toEqual([0, 1]);
    for (const replay of replays) {
      expect(replay).toMatchObject({ seed: 5, policy: readBundle(policy).manifest.name });
      expect(replay.config).toMatchObject({ shape: "cylinder", arenaSide_m: 4 });
      // its actions, run again from that seed in that scene, give its poses
      const episode = await ReplayedEpisode.open(replay);
      expect(episode.again?.end).toBeUndefined();
      expect(episode.again?.tape.frames).toHaveLength(replay.steps + 1);
      episode.free();
    }
  });

  it("opens without a seed and settings, and says that it has none", async () => {
    const replay = await recordCurve();
    const out = path.join(folder, "curve.mcap");
    const mcap = await McapFile.create(out, { scene: "reach-box", policy: "a curve" });
    const recorder = new Recorder(servoManifest, [mcap]);
    for (let t = 0; t <= replay.steps; t++) {
      const stamp_ns = BigInt(t) * 100_000_000n;
      const bodies = ["robot_0", "robot_0/box"].map((name, row) => {
        const at = (t * 2 + row) * 7;
        const [x, y, z, qx, qy, qz, qw] = replay.poses.subarray(at, at + 7);
        const rotation = [qx, qy, qz, qw] as const;
        return { name, position: [x, y, z] as const, rotation };
      });
      recorder.action("robot_0", stamp_ns, t, replay.actions.slice(0, 2));
      recorder.poses(stamp_ns, bodies);
    }
    const end = { episode: 0, outcome: "timed out", steps: 31, return: 0.25 };
    recorder.episode("robot_0", 3_000_000_000n, end);
    await recorder.close();
    const [found, ...more] = episodesOf(readFileSync(out), "curve.mcap");
    expect(more).toEqual([]);
    const policy = "a curve (seed and settings were not recorded)";
    expect(found).toEqual({ ...replay, policy, seed: 0, controlStep_s: 0.1 });
    expect(() => episodesOf(new Uint8Array(40).fill(7), "x.mcap")).toThrow(
      '"x.mcap" is not a readable MCAP file',
    );
  });
});
