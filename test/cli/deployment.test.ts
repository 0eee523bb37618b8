import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { commands } from "../../cli/commands/index.ts";
import { deploy } from "../../cli/deployment.ts";
import { WireError } from "../../core/errors.ts";
import { addScene, findScene } from "../../sim/scenes/index.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { saveFreshStudent, simulationOf } from "../support/tiny-runs.ts";
import { runCommand } from "./run-command.ts";

const root = path.resolve(import.meta.dirname, "../..");
const folder = temporaryFolder();
const bundle = path.join(folder, "bundle");
// episodes of twelve steps at most
const simulation = simulationOf("reach-box", { config: { budgetSteps: 12, start_m: 0.4 } });
const never = new AbortController().signal;
const deployment = { simulation, bundle, signal: never };

beforeAll(() => saveFreshStudent(bundle, simulation));

describe("deploy", () => {
  it("tells how far it is, also past a thousand episodes", async () => {
    const seen: number[] = [];
    const deployed = await deploy({
      ...{ ...deployment, episodes: 1030 },
      onProgress: (done) => seen.push(done),
    });
    expect(deployed?.success.trials).toBe(1030);
    // one robot's episode, every step of which has its action
    expect(deployed?.latencyActions).toBe(12);
    // in sixty-fours, and six at last
    expect(seen).toEqual([...Array.from({ length: 16 }, (_, i) => 64 * (i + 1)), 1030]);
  });

  it("simulates robots in a scene of one's own", async () => {
    const module = path.join(folder, "brought.mjs");
    const scenes = pathToFileURL(path.join(root, "sim", "scenes", "index.ts")).href;
    writeFileSync(
      module,
      `import { findScene } from "${scenes}";
      export const brought = { ...findScene("reach-box"), name: "brought" };`,
    );
    addScene({ ...findScene("reach-box"), name: "brought" });
    const brought = { ...simulation, scene: "brought" };
    const ofBrought = path.join(folder, "brought");
    await saveFreshStudent(ofBrought, brought);
    const options = { ...deployment, simulation: brought, bundle: ofBrought, episodes: 4 };
    const deployed = await deploy({ ...options, modules: [module] });
    expect(deployed?.success.trials).toBe(4);
    await expect(deploy(options)).rejects.toThrow('Unknown scene "brought"');
  });

  it("is ended by the signal, and that is no error", async () => {
    const stopping = new AbortController();
    const deployed = await deploy({
      ...{ ...deployment, episodes: 100_000, signal: stopping.signal },
      onProgress: () => stopping.abort(),
    });
    expect(deployed).toBeUndefined();
    await expect(deploy({ ...deployment, episodes: 4, signal: AbortSignal.abort() })).resolves.toBe(
      undefined,
    );
  });

  it("says which process ended, and its last words", async () => {
    const nowhere = deploy({ ...deployment, bundle: path.join(folder, "none"), episodes: 4 });
    await expect(nowhere).rejects.toThrow(WireError);
    await expect(nowhere).rejects.toThrow(
      /^The policy server of ".*none" ended with exit code 1: /,
    );
  });
});

describe("an interrupted evaluation", () => {
  const words = ["evaluate", "--scene", "reach-box", "--policy", bundle, "--json"];

  it("reports nothing when nothing was evaluated", async () => {
    const { code, out, err } = await runCommand(commands, words, AbortSignal.abort());
    expect([code, out]).toEqual([130, ""]);
    expect(err).toBe("Interrupted: the first 0 of 512 starts were evaluated.\n");
  });
});

it("start is interrupted by Ctrl-C while it deploys, and says how to go on", async () => {
  const out = path.join(folder, "run");
  const words = ["start", "--preset", "smoke", "--episodes", "6", "--out", out];
  // a terminal sends Ctrl-C to the whole group of processes
  const child = spawn(process.execPath, ["--import", "tsx", "cli/main.ts", ...words], {
    ...{ cwd: root, detached: true, stdio: ["ignore", "ignore", "pipe"] },
  });
  let said = "";
  child.stderr?.on("data", (chunk) => {
    said += chunk;
    if (!said.includes("Stopping") && said.includes("/5 deployed")) {
      process.kill(-(child.pid ?? 0), "SIGINT");
    }
  });
  const code = await new Promise((resolve) => child.on("close", resolve));
  expect(said).toContain(
    `Interrupted. The same with --out ${out} goes on from what was saved last.`,
  );
  expect(said).not.toContain("exit code");
  expect(code).toBe(130);
});
