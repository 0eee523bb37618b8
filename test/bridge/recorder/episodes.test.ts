/** Sessions as episodes: where they begin and end, what a robot was told in each step, and the dataset of it. */

import { existsSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { ndarray } from "../../../bridge/adapters/numpy.ts";
import { PolicySession } from "../../../bridge/adapters/policy-session.ts";
import { checkDataset } from "../../../bridge/dataset/check.ts";
import { type EpisodeStep, readEpisodes } from "../../../bridge/recorder/episodes.ts";
import { McapFile } from "../../../bridge/recorder/mcap-file.ts";
import { recordedPolicy } from "../../../bridge/recorder/recorded-policy.ts";
import { serveRecorded } from "../../../bridge/recorder/recorded-server.ts";
import { Recorder } from "../../../bridge/recorder/recorder.ts";
import { replayRecording } from "../../../bridge/recorder/replay.ts";
import { connectRobot } from "../../../bridge/robot-client.ts";
import { convertRecording, remarkOn } from "../../../cli/recording/convert.ts";
import { readBundle, zooFolder } from "../../../policies/bundle.ts";
import type { PolicyManifest } from "../../../policies/manifest.ts";
import { manifestHash } from "../../../policies/manifest-hash.ts";
import { loadPolicyBytes } from "../../../policies/runtime/node.ts";
import {
  believingPolicy,
  chunkPolicy,
  linearPolicy,
  summingPolicy,
} from "../../policies/tiny-policies.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { manifestOf, type Tiny, until } from "../support.ts";

const folder = temporaryFolder();

const load = (tiny: Tiny) => loadPolicyBytes(manifestOf(tiny), tiny.onnx);

async function recorderOf(name: string, manifest: PolicyManifest) {
  const file = path.join(folder, `${name}.mcap`);
  const sink = await McapFile.create(file, { manifest: JSON.stringify(manifest) });
  return { file, recorder: new Recorder(manifest, [sink]) };
}

/** Two robots: the first succeeds after three steps and is reset in its fifth; the second says nothing of ends. */
async function session(name: string): Promise<string> {
  const policy = await load(linearPolicy());
  const { manifest } = policy;
  const { file, recorder } = await recorderOf(name, manifest);
  let now_ns = 0n;
  const server = await serveRecorded({
    policy,
    recorder,
    endpoint: "tcp://127.0.0.1:*",
    clock: () => now_ns++,
  });
  const robot = await connectRobot({ manifest, endpoint: server.endpoint, robots: 2 });
  for (let step = 0; step < 6; step++) {
    // forward is the step's tenth, for the second robot a hundredth
    const state = Float32Array.of(step / 10, 0, 0, step / 100, 0, 0);
    const resets = step === 4 ? Uint8Array.of(1, 0) : undefined;
    await robot.exchange({ state }, undefined, resets);
    if (step === 2) robot.endEpisode("success", { sum: 1.5 });
  }
  // of a robot that there is not
  robot.endEpisode("success", { robot: 7 });
  await until(() => server.report().refused["unknown robot"] === 1, 10_000);
  expect(server.report().episodes).toBe(1);
  await robot.close();
  await until(() => server.report().sessions === 0, 10_000);
  await server.close();
  await policy.close();
  await recorder.close();
  return file;
}

async function stepsIn(file: string): Promise<EpisodeStep[]> {
  const steps: EpisodeStep[] = [];
  await readEpisodes(
    file,
    () => {},
    async (step) => void steps.push(step),
  );
  return steps;
}

describe("episodes of a session", () => {
  it("end where the robot says so, where it is reset, and with the recording", async () => {
    const steps = await stepsIn(await session("ends"));
    const of = (robot: string) => steps.filter((step) => step.robot === robot);
    const [first, second] = [of("session_0_robot_0"), of("session_0_robot_1")];
    expect(first.map(({ end }) => end?.outcome)).toEqual([
      ...[undefined, undefined, "success"],
      ...["unfinished", undefined, "unfinished"],
    ]);
    expect(second.map(({ end }) => end?.outcome)).toEqual([
      ...Array(5).fill(undefined),
      "unfinished",
    ]);
    // each action is the answer to its own observation: [x, 0.5]
    for (const [step, { inputs, action }] of first.entries()) {
      expect(inputs.state[0]).toBeCloseTo(step / 10, 6);
      expect([...action]).toEqual([inputs.state[0], 0.5]);
    }
  });

  it("are read from a recording of a manifest of format 1, which said less of the camera", async () => {
    // of EgoPush's camera, as it is today
    const { manifest } = readBundle(path.join(zooFolder, "push-pair"));
    const [layers, ...inputs] = manifest.inputs;
    const { verticalFov_rad: _, minDepth_m: __, maxDepth_m: ___, ...camera } = layers.camera ?? {};
    const earlier = { ...manifest, format: 1, inputs: [{ ...layers, camera }, ...inputs] };
    const file = path.join(folder, "format-1.mcap");
    const sink = await McapFile.create(file, { manifest: JSON.stringify(earlier) });
    const recorder = new Recorder(manifest, [sink]);
    recorder.log(0n, "info", "a recording of nothing leaves no file");
    await recorder.close();
    const found: PolicyManifest[] = [];
    await readEpisodes(
      file,
      (one) => void found.push(one),
      async () => {},
    );
    expect(found.map(manifestHash)).toEqual([manifestHash(manifest)]);
  });

  it("become a dataset that passes its check", async () => {
    const out = path.join(folder, "dataset");
    const options = { pictures: "none", onlySuccess: false, task: "push" } as const;
    const file = await session("dataset");
    const converted = await convertRecording(file, out, options);
    expect(converted).toEqual({
      episodes: 4,
      frames: 12,
      outcomes: { success: 1, unfinished: 3 },
      spoilt: 0,
      whole: true,
    });
    expect(remarkOn(converted)).toBe("3 episodes did not say how they ended");
    const checked = await checkDataset(out);
    expect(checked).toMatchObject({ episodes: 4, frames: 12, tasks: ["push"], problems: [] });
    // what a robot cannot know is not made up
    expect(checked.features).not.toContain("next.reward");
    const won = path.join(folder, "won");
    const kept = await convertRecording(file, won, { ...options, onlySuccess: true });
    expect([kept.episodes, kept.frames]).toEqual([1, 3]);
    await expect(convertRecording(file, won, options)).rejects.toThrow(
      "already. Choose a new folder",
    );
  });

  it("of a recording that says nothing of a policy are refused, and leave nothing", async () => {
    const file = path.join(folder, "bare.mcap");
    await (await McapFile.create(file, {})).close();
    const out = path.join(folder, "bare");
    const options = { pictures: "none", onlySuccess: false, task: undefined } as const;
    await expect(convertRecording(file, out, options)).rejects.toThrow(
      /^".*bare\.mcap" does not say for which policy it was recorded\.$/,
    );
    expect(existsSync(out)).toBe(false);
  });
});

describe("what a robot was told", () => {
  /** Three observations of one robot; only those in `answered` get an answer. */
  async function told(tiny: Tiny, name: string, answered: Record<number, Float32Array>) {
    const { file, recorder } = await recorderOf(name, manifestOf(tiny));
    for (let sequence = 0; sequence < 4; sequence++) {
      const stamp_ns = BigInt(10 * sequence);
      const values = Float32Array.of(sequence, 0, 0).subarray(
        0,
        manifestOf(tiny).inputs[0].shape[0],
      );
      const arrays = [{ name: "state", shape: [values.length], values }];
      recorder.observation("robot", stamp_ns, { sequence, reset: false, arrays });
      const answer = answered[sequence];
      if (answer) recorder.action("robot", stamp_ns + 1n, sequence, answer);
    }
    await recorder.close();
    return (await stepsIn(file)).map(({ action }) => [...action]);
  }

  it("is the last action while it is in force, then zeros", async () => {
    const once = await told(linearPolicy(), "once", { 0: Float32Array.of(0.5, 0.25) });
    // 0.25 s are three steps of 0.1 s, the third begun
    expect(once).toEqual([
      [0.5, 0.25],
      [0.5, 0.25],
      [0.5, 0.25],
      [0, 0],
    ]);
  });

  it("is the action of a chunk that is due, then zeros", async () => {
    const chunk = Float32Array.of(0.25, 0, 0.5, 0, 0.75, 0);
    expect(await told(chunkPolicy(), "chunk", { 0: chunk })).toEqual([
      ...[
        [0.25, 0],
        [0.5, 0],
        [0.75, 0],
      ],
      [0, 0],
    ]);
  });
});

it("sessions of other protocols are recorded by their policy", async () => {
  const tiny = summingPolicy();
  const policy = await load(tiny);
  const { file, recorder } = await recorderOf("adapter", policy.manifest);
  let now_ns = 0n;
  const recorded = recordedPolicy(policy, recorder, () => now_ns++ / 4n);
  const [one, other] = [new PolicySession(recorded), new PolicySession(recorded)];
  const push = ndarray(Float32Array.of(0.25, -0.125), [2]);
  for (let step = 0; step < 3; step++) {
    for (const asking of [one, other]) await asking.act(() => push, 0);
  }
  one.reset();
  await one.act(() => push, 0);
  await recorder.close();
  const steps = await stepsIn(file);
  const forwards = (robot: string) =>
    steps.filter((step) => step.robot === robot).map(({ action }) => action[0]);
  expect(forwards("session_0_robot_0")).toEqual([0.25, 0.5, 0.75]);
  expect(forwards("session_1_robot_0")).toEqual([0.25, 0.5, 0.75]);
  expect(forwards("session_2_robot_0")).toEqual([0.25]);
  const again = await load(tiny);
  expect(await replayRecording(file, again, 1e-6)).toMatchObject({ compared: 7, different: 0 });
  await Promise.all([policy.close(), again.close()]);
});

it("a recorded policy says where it believes things to be, if asked", async () => {
  const policy = await load(believingPolicy());
  const { recorder } = await recorderOf("believing", policy.manifest);
  let now_ns = 0n;
  const recorded = recordedPolicy(policy, recorder, () => now_ns++);
  const inputs = { state: Float32Array.of(0.5, -0.25, 1) };
  const { poses } = await recorded.step(inputs, undefined, 1, { poses: true });
  // how sure, forward, left
  expect([...(poses ?? [])]).toEqual([1, 0.5, -0.25]);
  expect((await recorded.step(inputs, undefined, 1)).poses).toBeUndefined();
  await recorder.close();
  await policy.close();
});
