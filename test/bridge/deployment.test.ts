/** The code blocks of docs/deployment.md, run as written but for the folder and the ports. */

import { copyFileSync, mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { makeKeys } from "../../bridge/security/keys.ts";
import { robotLimits, supervisorSchema } from "../../bridge/supervisor/config.ts";
import { supervise } from "../../bridge/supervisor/server.ts";
import { writeBundle } from "../../policies/bundle.ts";
import { linearPolicy } from "../policies/tiny-policies.ts";
import { blocksOf, root, runBlock } from "../support/run-block.ts";
import { serveHere } from "./support.ts";

// inside the package, so that `understudy/bridge` is found by its own name
const scratch = path.join(root, "runs", `deployment-test-${process.pid}`);
const bundle = path.join(scratch, "bundle");
const blocks = blocksOf("docs/deployment.md");
let here: Awaited<ReturnType<typeof serveHere>>;

beforeAll(async () => {
  mkdirSync(scratch, { recursive: true });
  await writeBundle(bundle, linearPolicy());
  here = await serveHere(linearPolicy());
});

afterAll(async () => {
  rmSync(scratch, { recursive: true, force: true });
  await here.close();
});

it("has a test for every block", () => expect(blocks).toHaveLength(5));

it("docs/deployment.md serves a policy and drives simulated robots by it", async () => {
  const said = await runBlock(blocks[0], path.join(scratch, "serve.ts"));
  expect(said).toMatch(/^serving "push-pair" at tcp:/);
  expect(said).toMatch(/^robot \d: success, \d+ steps$/m);
  expect(said).toMatch(/^\d+\.\d ms from observation to action$/m);
});

it("docs/deployment.md serves only whom it knows by key", async () => {
  const keys = path.join(scratch, "keys");
  const robots = path.join(scratch, "robots");
  const [policy, robot] = ["policy", "robot-1"].map((name) => makeKeys(keys, name));
  mkdirSync(robots);
  copyFileSync(robot.public, path.join(robots, "robot-1.public.json"));
  const code = blocks[1]
    .replace('"policy.public.json"', JSON.stringify(policy.public))
    .replaceAll('"keys/', `"${keys}/`)
    .replace('"robots"', JSON.stringify(robots));
  expect(await outputOf(code)).toContain("connected: true");
});

it("docs/deployment.md drives a robot", async () => {
  const said = await outputOf(blocks[2]);
  // of the state [0, 0, 0]: forward 0, turn 0.5 * 2.84 rad/s
  expect(said).toContain("forward 0 m/s, turn 1.41");
  expect(said.trim().endsWith("forward 0 m/s, turn 0 rad/s")).toBe(true);
});

it("docs/deployment.md drives a robot behind a supervisor", async () => {
  const commands: string[] = [];
  const supervisor = await supervise({
    config: supervisorSchema.parse({ columns: robotLimits["ego-push"] }),
    actuators: { write: (command) => void commands.push(command.join()), close() {} },
    endpoint: "tcp://127.0.0.1:*",
    stopEndpoint: "tcp://127.0.0.1:*",
    isArmed: true,
  });
  try {
    const code = blocks[3].replace("tcp://127.0.0.1:5611", supervisor.endpoint);
    expect(await outputOf(code)).toMatch(/^(armed|hold) \[/);
    // in float32, 0.5 * 2.84 is a little below 1.42, and commands are cut to hundredths
    expect(commands).toContain("0,1.41");
  } finally {
    await supervisor.close();
  }
});

it("docs/deployment.md asks a policy in its own process", async () => {
  const said = await runBlock(blocks[4], path.join(scratch, "act.ts"));
  expect(said).toContain("layers [ 2, 64, 64 ] 0 undefined [ 'active', 'anchor' ]");
  expect(said).toMatch(/^1\.9 s: -?[\d.e-]+ m\/s -?[\d.e-]+ rad\/s$/m);
});

function outputOf(code: string): Promise<string> {
  const ours = code
    .replace("policies/zoo/push-pair", bundle)
    .replace("tcp://127.0.0.1:5601", here.server.endpoint);
  return runBlock(ours, path.join(scratch, "robot.ts"));
}
