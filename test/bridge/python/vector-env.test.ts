import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { serveEnvironments } from "../../../bridge/env-server/server.ts";
import { EnvHost } from "../../../cli/env-host/host.ts";
import type { SimulationSpec } from "../../../rollout/shard.ts";
import type { GroupName } from "../../../sim/observations.ts";
import { exact } from "../../../sim/randomization.ts";
import { ideal } from "../../../sim/render/sensor.ts";
import { SceneBatch } from "../../../sim/scene-batch.ts";
import { findScene } from "../../../sim/scenes/index.ts";
import { blocksOf, fileNameOf, root } from "../../support/run-block.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { until } from "../support.ts";
import { basics, packageFolder, pythonWith, runPython } from "./support.ts";

const simulation: SimulationSpec = {
  scene: "reach-box",
  config: { budgetSteps: 12 },
  contact: "planar",
  randomization: exact,
  sensor: ideal,
  seed: 0,
};
const groups: readonly GroupName[] = ["layers", "keypoints:global", "proprioception"];

const folder = temporaryFolder();

const found = pythonWith(basics);
const withPython = "python" in found ? it : it.skip;
if ("missing" in found) process.stderr.write(`Skipped: ${found.missing}.\n`);
const python = "python" in found ? found.python : "";

/** Serves environments while `use` runs. */
async function served<T>(
  envs: number,
  threads: number,
  use: (endpoint: string) => Promise<T>,
  of = simulation,
): Promise<T> {
  const environment = await EnvHost.open({ simulation: of, envs, groups, threads });
  const server = await serveEnvironments({ environment, endpoint: "tcp://127.0.0.1:*" });
  try {
    return await use(server.endpoint);
  } finally {
    await server.close();
    await environment.close();
  }
}

const digest = (values: Float32Array) =>
  createHash("sha256")
    .update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
    .digest("hex");

interface Told {
  readonly observations: Record<string, string>;
  readonly rewards: string;
  readonly terminated: readonly boolean[];
  readonly truncated: readonly boolean[];
  readonly ended: Record<
    string,
    { outcome: string; steps: number; return: number; final: Record<string, string> }
  >;
}

/** The same environments without threads or wire. */
async function batchOf(envs: number, budgetSteps: number) {
  const batch = await SceneBatch.create({
    ...simulation,
    config: { budgetSteps },
    seed: 11,
    scene: findScene("reach-box"),
    envs,
    purpose: "training",
    groups,
  });
  batch.reset();
  const actions = Float32Array.from({ length: envs * 2 }, (_, i) =>
    i % 2 === 0 ? 1 : Math.fround(0.1) * ((i - 1) / 2 - 1),
  );
  return { batch, step: () => batch.step(actions) };
}

const command = [process.execPath, "--import", "tsx", path.join(root, "cli", "main.ts")];

const isRunning = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe("the Python package", () => {
  withPython(
    "starts a server that ends with the environment, and says why there is none",
    async () => {
      const [pid, ...said] = (await runPython(python, "launch.py", "closed", ...command)).split(
        "\n",
      );
      expect(isRunning(Number(pid))).toBe(false);
      expect(said.join(" ")).toMatch(/ended before it listened: .*Unknown scene "reach-boks"/);
    },
  );

  withPython("lets npx fetch nothing where understudy is not installed", async () => {
    const npx = '#!/bin/sh\necho "npx $*" >&2\nexit 1\n';
    writeFileSync(path.join(folder, "npx"), npx, { mode: 0o755 });
    const said = await runPython(python, "launch_default.py", folder);
    expect(said).toMatch(/listened: npx --no-install understudy env-server --scene reach-box /);
  });

  withPython("drives a scene of one's own, whose module lies where Python runs", async () => {
    // inside the package, so that `understudy/sim` is found by its own name
    const own = path.join(root, "runs", `own-scene-test-${process.pid}`);
    const [scene] = blocksOf("docs/add-a-scene.md");
    mkdirSync(own, { recursive: true });
    writeFileSync(path.join(own, fileNameOf(scene, "unnamed.ts")), scene);
    try {
      // which runs in the folder of the package instead
      const npm = ["npm", "run", "--silent", "understudy", "--"];
      const said = await runPython(python, "launch_module.py", own, ...npm);
      const [first, ...refused] = said.trim().split("\n");
      const { name, steps, outcomes } = JSON.parse(first);
      // two stages of a hundred steps
      expect([name, steps]).toEqual(["visit-two", 200]);
      const successes = outcomes.filter((outcome: string) => outcome === "success").length;
      expect(successes).toBeGreaterThan(outcomes.length / 2);
      expect(refused.join(" ")).toContain(`There is no module "${path.join(own, "gone.ts")}".`);
    } finally {
      rmSync(own, { recursive: true, force: true });
    }
  });

  withPython("leaves no server behind when the trainer is killed", async () => {
    const script = path.join(import.meta.dirname, "launch.py");
    const env = { ...process.env, PYTHONPATH: packageFolder, PYTHONDONTWRITEBYTECODE: "1" };
    const { stdout, signal } = spawnSync(python, [script, "killed", ...command], {
      env,
      encoding: "utf8",
      cwd: root,
    });
    expect(signal).toBe("SIGKILL");
    await until(() => !isRunning(Number(stdout)), 60_000);
  });

  withPython("passes Gymnasium's check_env as a single environment", async () => {
    const out = await served(1, 1, (endpoint) => runPython(python, "check_single.py", endpoint));
    expect(out).toContain("passed");
  });

  withPython("gives a trainer what the simulator computes, to the bit", async () => {
    const [envs, steps] = [10, 14];
    // ten environments are two worlds: one on each thread
    const out = await served(envs, 2, (endpoint) =>
      runPython(python, "drive_vector.py", endpoint, String(steps)),
    );
    const told = out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Told);
    const { batch, step } = await batchOf(envs, 12);
    // with a longer budget the 12th step is one like any other, so its image can be seen
    const { batch: longer, step: stepLonger } = await batchOf(envs, 100);
    const see = () =>
      Object.fromEntries(groups.map((group) => [group, digest(batch.groups[group])]));
    expect(told[0].observations).toEqual(see());
    for (let t = 1; t <= steps; t++) {
      step();
      stepLonger();
      expect(told[t].observations, `step ${t}`).toEqual(see());
      expect(told[t].rewards).toBe(digest(batch.rewards));
      for (const { env, outcome, steps: length, return: total } of batch.ends) {
        const { final, ...end } = told[t].ended[env];
        expect(end).toEqual({ outcome, steps: length, return: total });
        if (outcome !== "timed out") continue;
        expect(told[t].truncated[env]).toBe(true);
        const size = longer.rowSizes.layers;
        expect(final.layers).toBe(digest(longer.groups.layers.slice(env * size, (env + 1) * size)));
      }
    }
    expect(Object.keys(told[12].ended)).toHaveLength(envs);
    batch.free();
    longer.free();
  });
});
