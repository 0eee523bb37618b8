import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { connect } from "node:net";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { robotLimits, supervisorSchema } from "../../bridge/supervisor/config.ts";
import { connectSupervisor } from "../../bridge/supervisor/link.ts";
import { supervise } from "../../bridge/supervisor/server.ts";
import { LiveSocket } from "../../cli/live.ts";
import { openDesk } from "../../cli/live-corrections.ts";
import { bundleOfCheckpoint } from "../../cli/live-policy.ts";
import { WatchedPolicy } from "../../cli/live-robot.ts";
import { nextState, RunWatch } from "../../cli/live-runs.ts";
import { WatchedSupervisor } from "../../cli/live-supervisor.ts";
import { WireError } from "../../core/errors.ts";
import { exampleOf } from "../../llm-planner/embedded/corrections.ts";
import { EmbeddedPlanner } from "../../llm-planner/embedded/planner.ts";
import { readCorrections } from "../../llm-planner/execution/corrections.ts";
import { readBundle } from "../../policies/bundle.ts";
import { writeCheckpoint } from "../../policies/checkpoint.ts";
import { teacherNetwork } from "../../policies/networks/teacher.ts";
import { loadPolicy, loadPolicyBytes } from "../../policies/runtime/node.ts";
import { openActor } from "../../rollout/actor.ts";
import type { GroupName } from "../../sim/observations.ts";
import { SceneBatch } from "../../sim/scene-batch.ts";
import { findScene } from "../../sim/scenes/index.ts";
import type { TeacherConfig } from "../../teacher/config.ts";
import type { FromServer } from "../../viewer/live-messages.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { freshTeacher, simulationOf, tinyTeacher } from "../support/tiny-runs.ts";
import { saveStudent } from "./recordings.ts";

const folder = temporaryFolder();

/** A checkpoint as a training run leaves it, of a teacher that has learnt nothing. */
function saveTeacher(
  name: string,
  environmentSteps: number,
  simulation = simulationOf("reach-box"),
  changes: Partial<TeacherConfig> = {},
) {
  const { spec, theta, actor } = freshTeacher(simulation, changes);
  const file = path.join(folder, name);
  writeCheckpoint(file, {
    kind: "teacher",
    seed: 5,
    config: { simulation, teacher: tinyTeacher, network: spec },
    progress: { iteration: 1, environmentSteps, learningRate: 1, metrics: { success: 0.25 } },
    params: teacherNetwork(spec).params.specs.map(({ name, shape }) => ({ name, shape })),
    arrays: { theta, m: theta, v: theta },
  });
  return { file, theta, actor };
}

describe("the live socket", () => {
  const corrections = path.join(folder, "runs", "corrections.jsonl");
  const stops: boolean[] = [];
  let http: Server;
  let live: LiveSocket;
  let address: string;

  beforeAll(async () => {
    http = createServer();
    live = new LiveSocket(http, {
      corrections: openDesk({
        file: corrections,
        openPlanner: () => EmbeddedPlanner.load(),
        now: () => "2026-01-02T03:04:05.000Z",
      }),
      policyOf: () => Promise.reject(new Error("There is no run.")),
      stop: async (engaged) => {
        if (!engaged) throw new WireError("No supervisor answered.");
        stops.push(engaged);
      },
    });
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
    address = `127.0.0.1:${(http.address() as { port: number }).port}`;
  });
  afterAll(() => {
    live.close();
    http.close();
  });

  /** A peer and what it hears. */
  async function join(origin?: string) {
    const socket = new WebSocket(`ws://${address}/live`, origin ? { origin } : {});
    const heard: FromServer[] = [];
    socket.on("message", (data) => heard.push(JSON.parse(String(data))));
    await new Promise((resolve, reject) => {
      socket.once("open", resolve);
      socket.once("error", reject);
    });
    const say = (message: unknown) =>
      socket.send(typeof message === "string" ? message : JSON.stringify(message));
    return { heard, say, close: () => socket.close() };
  }

  const at = {
    scene: "push-pair",
    config: {},
    task: "Push one object next to an anchor.",
    step: 3,
    stage: "place-object",
    poses: [-0.9, 0, 0.8].map((x_m) => ({ x_m, y_m: 0, yaw_rad: 0 })),
    driver: "demo",
    seed: 1,
    start: 2,
  };

  it("is closed to pages of other sites", async () => {
    await expect(join("http://example.org")).rejects.toThrow("403");
    await expect(join(`http://${address}`)).resolves.toBeDefined();
  });

  it("outlives peers that break off before they are answered", async () => {
    const { port } = http.address() as { port: number };
    for (const where of ["/live", "/elsewhere"]) {
      const socket = connect(port, "127.0.0.1");
      const upgraded = once(http, "upgrade");
      socket.write(
        `GET ${where} HTTP/1.1\r\nHost: example.org\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
      );
      await upgraded;
      socket.resetAndDestroy();
      await once(socket, "close");
    }
    await expect(join()).resolves.toBeDefined();
  });

  it("asks the planner, stores a label that it can learn from, and tells who listens", async () => {
    const page = await join();
    const listener = await join();
    listener.say({ type: "planner" });
    // messages of one peer are read in turn: once this is refused, the planner is known
    listener.say("{");
    await expect.poll(() => listener.heard, { timeout: 10_000 }).toHaveLength(1);
    const words = "put the object behind the anchor";
    page.say({ type: "correction", text: words, at });
    await expect.poll(() => page.heard, { timeout: 60_000 }).toHaveLength(1);
    expect(page.heard[0]).toMatchObject({
      ...{ type: "stored", file: corrections, count: 1, listeners: 1, reasons: [] },
      plan: [{ active: "object", place: { anchor: "anchor" } }],
    });
    const [label] = readCorrections(corrections);
    await expect
      .poll(() => listener.heard.slice(1), { timeout: 10_000 })
      .toEqual([{ type: "label", label }]);
    expect(label).toMatchObject({
      ...{ scene: "push-pair", instruction: at.task, words, stage: "place-object", step: 3 },
      said: { time: "2026-01-02T03:04:05.000Z", driver: "demo", seed: 1, start: 2 },
    });
    // behind is along the anchor's own x axis, which looks along the world's
    expect(label.stages?.[0].place?.x_m).toBeLessThan(-0.1);
    expect(label.world.objects[1]).toMatchObject({ name: "object", x_m: 0.8, shape: "cube" });
    expect(exampleOf(label)?.meaning.goals).toHaveLength(1);
  });

  it("stores words that nobody understands as well, with the reasons", async () => {
    const page = await join();
    page.say({ type: "correction", text: "sing a song about the sea", at });
    await expect.poll(() => page.heard, { timeout: 60_000 }).toHaveLength(1);
    expect(page.heard[0]).toMatchObject({ type: "stored", count: 2, plan: [] });
    expect(readCorrections(corrections)[1].reasons.length).toBeGreaterThan(0);
    page.say({ type: "correction", text: "more", at: { ...at, poses: at.poses.slice(1) } });
    await expect.poll(() => page.heard).toHaveLength(2);
    expect(page.heard[1]).toEqual({
      type: "refused",
      message: "The correction was not stored: Expected 3 poses, got 2. Reload the page.",
    });
  });

  it("opens a planner anew after one that did not open", async () => {
    let tries = 0;
    const desk = openDesk({
      file: path.join(folder, "runs", "later.jsonl"),
      openPlanner: async () => {
        if (++tries === 1) throw new WireError("There is no model.");
        return EmbeddedPlanner.load();
      },
      now: () => "2026-01-02T03:04:05.000Z",
    });
    const said = { type: "correction", text: "put the object behind the anchor", at } as const;
    await expect(desk.take(said)).rejects.toThrow("There is no model.");
    expect((await desk.take(said)).label.stages).toHaveLength(1);
    await desk.close();
    expect(tries).toBe(2);
  });

  it("refuses in a sentence what it does not understand", async () => {
    const page = await join();
    page.say("{");
    page.say({ type: "correction", text: " ", at });
    page.say({ type: "follow", run: "gone" });
    await expect.poll(() => page.heard.length).toBe(3);
    const messages = page.heard.map((message) => "message" in message && message.message);
    expect(messages[0]).toBe("Expected a message in JSON.");
    expect(messages[1]).toContain("at text");
    expect(messages[2]).toBe("There is no run.");
    page.say({ type: "stop", engaged: false });
    await expect
      .poll(() => page.heard.at(-1))
      .toEqual({ type: "refused", message: "No supervisor answered." });
  });

  it("passes the stop on, and tells a page that comes late how things stand", async () => {
    const page = await join();
    page.say({ type: "stop", engaged: true });
    await expect.poll(() => stops).toEqual([true]);
    const standing = { phase: "teacher", scene: "reach-box", metrics: {} } as const;
    const run = nextState(
      "a",
      { ...standing, environmentSteps: 1, totalSteps: 2 },
      undefined,
      undefined,
    );
    live.publishRun(run);
    const late = await join();
    await expect.poll(() => late.heard).toEqual([{ type: "run", run }]);
  });
});

describe("a supervisor that is watched", () => {
  it("is seen in what it does, and stopped by its own latch", async () => {
    const columns = ["forward", "turn"];
    const anyPort = "tcp://127.0.0.1:*";
    const server = await supervise({
      config: supervisorSchema.parse({ columns: robotLimits["turtlebot3-burger"] }),
      actuators: { write() {}, close() {} },
      endpoint: anyPort,
      stopEndpoint: anyPort,
      isArmed: true,
    });
    const { endpoint, stopEndpoint } = server;
    const policy = await connectSupervisor({ lane: "policy", columns, endpoint });
    const watched = new WatchedSupervisor({ endpoint, stopEndpoint, columns, log() {} });
    expect(watched.state).toEqual({ endpoint, heard: undefined });
    const driving = setInterval(() => policy.command([0.1, 0.5], 0.25), 20);
    const eventually = { timeout: 30_000 };
    await expect
      .poll(() => watched.state.heard, eventually)
      .toMatchObject({ mode: "armed", driver: "policy", command: { forward: 0.1, turn: 0.5 } });
    await watched.stop(true);
    await expect
      .poll(() => watched.state.heard, eventually)
      .toMatchObject({ mode: "estop", command: { forward: 0, turn: 0 }, stops: 1 });
    await watched.stop(false);
    await expect.poll(() => watched.state.heard?.mode, eventually).toBe("disarmed");
    clearInterval(driving);
    await Promise.all([watched.close(), policy.close()]);
    await server.close();
  });
});

describe("a run that is followed", () => {
  it("has a rate and a time left once there are two checkpoints", () => {
    const standing = { phase: "student", scene: "s", totalSteps: 10_000, metrics: {} } as const;
    const first = nextState("r", { ...standing, environmentSteps: 1000 }, undefined, undefined);
    expect(first).toMatchObject({ stepsPerSecond: null, left_s: null });
    const second = nextState("r", { ...standing, environmentSteps: 4000 }, first, 6);
    // 3000 steps in 6 s; 6000 to go
    expect(second).toMatchObject({ stepsPerSecond: 500, left_s: 12 });
    expect(second.points.map(({ environmentSteps }) => environmentSteps)).toEqual([1000, 4000]);
  });

  it("is found by its checkpoint, and told of only when that changes", () => {
    saveTeacher("teacher.ckpt", 128);
    const watch = new RunWatch(folder, 0);
    expect(watch.look()).toMatchObject([
      {
        name: "teacher.ckpt",
        phase: "teacher",
        scene: "reach-box",
        environmentSteps: 128,
        // iterations * envs * rolloutSteps
        totalSteps: 2 * 16 * 8,
        points: [{ success: 0.25, return: null }],
      },
    ]);
    expect(watch.look()).toEqual([]);
    expect(watch.fileOf("../teacher.ckpt")).toBeUndefined();
  });

  it("is found beside a folder that cannot be read, and nothing is where there is no folder", () => {
    saveTeacher(path.join("locks", "teacher.ckpt"), 128);
    const locked = path.join(folder, "locks", "locked");
    mkdirSync(locked, { mode: 0 });
    const watch = new RunWatch(path.join(folder, "locks"), 0);
    expect(watch.look()).toMatchObject([{ name: "teacher.ckpt" }]);
    const file = path.join(folder, "locks", "teacher.ckpt");
    for (const none of [file, path.join(folder, "none")]) {
      expect(new RunWatch(none, 0).look()).toEqual([]);
    }
  });

  it.each<[string, Partial<TeacherConfig>, string[]]>([
    ["reach-box", {}, ["keypoints:fov", "proprioception"]],
    ["reach-box", { lastSeen: true }, ["keypoints:fov", "proprioception", "lastSeen"]],
    [
      "push-cross",
      { encoder: "poses", lastSeen: true, goal: true },
      ["poses:fov", "proprioception", "lastSeen", "goal"],
    ],
  ])("hands over its policy, which acts as the trainer's does (%s, %o)", async (...row) => {
    const [scene, changes, inputs] = row;
    const config = scene === "push-cross" ? { shape: "prism" } : {};
    const simulation = simulationOf(scene, { config });
    const { file, theta, actor } = saveTeacher("again.ckpt", 128, simulation, changes);
    const bundle = await bundleOfCheckpoint(file);
    const manifest = JSON.parse(bundle.manifest);
    const policy = await loadPolicyBytes(manifest, bundle.onnx);
    expect(policy.manifest.inputs.map(({ name }) => name)).toEqual(inputs);
    expect(policy.manifest.sceneConfig).toEqual("shape" in config ? config : undefined);
    const batch = await SceneBatch.create({
      scene: findScene(scene),
      ...{ config, envs: 4, seed: 1, purpose: "evaluation" },
      groups: inputs as GroupName[],
    });
    batch.reset();
    const found = await policy.act({ ...batch.groups }, 4);
    const own = await openActor(actor, 4, simulation);
    const expected = await own.act(theta, batch.groups);
    for (let i = 0; i < 8; i++) expect(found[i]).toBeCloseTo(expected[i], 5);
    await Promise.all([own.close(), policy.close()]);
    batch.free();
  });
});

describe("a policy that is watched", () => {
  it("acts as it would alone, until it is stopped: then every action is zero", async () => {
    const bundle = path.join(folder, "bundle");
    await saveStudent(bundle);
    const alone = await loadPolicy(bundle);
    let now_s = 10;
    const policy = new WatchedPolicy(await loadPolicy(bundle), () => now_s);
    const layers = new Float32Array(2 * 64 * 64);
    layers[0] = 2;
    const inputs = { layers, proprioception: new Float32Array(4) };
    const expected = (await alone.step(inputs, undefined, 2)).actions;
    expect([...(await policy.step(inputs, undefined, 2)).actions]).toEqual([...expected]);
    policy.stopped = true;
    expect([...(await policy.step(inputs, undefined, 2)).actions]).toEqual([0, 0, 0, 0]);
    now_s = 12;
    const report = {
      sessions: 1,
      robots: 2,
      observations: 4,
      actions: 4,
      superseded: 0,
      batches: 2,
      episodes: 0,
      refused: {},
      latencyP50_ms: Number.NaN,
      latencyP99_ms: 3,
    };
    expect(policy.state("tcp://there", report)).toMatchObject({
      policy: readBundle(bundle).manifest.name,
      robots: 2,
      silent_s: 2,
      stopped: true,
      latencyP50_ms: null,
      latencyP99_ms: 3,
      action: { "forward, m/s": 0, "turn, rad/s": 0 },
    });
    await Promise.all([policy.close(), alone.close()]);
  });
});
