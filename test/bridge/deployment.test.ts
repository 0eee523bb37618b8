/** The code block of docs/deployment.md, run as written but for the folder and the port. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { writeBundle } from "../../policies/bundle.ts";
import { linearPolicy } from "../policies/tiny-policies.ts";
import { serveHere } from "./support.ts";

const root = path.resolve(import.meta.dirname, "..", "..");
// inside the package, so that `understudy/bridge` is found by its own name
const scratch = path.join(root, "runs", `deployment-test-${process.pid}`);

it("docs/deployment.md drives a robot", async () => {
  const here = await serveHere(linearPolicy());
  try {
    const bundle = path.join(scratch, "bundle");
    mkdirSync(scratch, { recursive: true });
    await writeBundle(bundle, linearPolicy());
    const page = readFileSync(path.join(root, "docs", "deployment.md"), "utf8");
    const [, code] = page.match(/^```ts\n(.*?)^```/ms) ?? [];
    const ours = code
      .replace("policies/zoo/push-pair", bundle)
      .replace("tcp://127.0.0.1:5601", here.server.endpoint);
    const script = path.join(scratch, "robot.ts");
    writeFileSync(script, ours);
    const flags = ["--import", "tsx", "--conditions=source", script];
    const child = spawn(process.execPath, flags, { cwd: root });
    let said = "";
    child.stdout.on("data", (text) => {
      said += text;
    });
    child.stderr.on("data", (text) => {
      said += text;
    });
    expect(await once(child, "exit"), said).toEqual([0, null]);
    // of the state [0, 0, 0]: forward 0, turn 0.5 * 2.84 rad/s
    expect(said).toContain("forward 0 m/s, turn 1.41");
    expect(said.trim().endsWith("forward 0 m/s, turn 0 rad/s")).toBe(true);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
    await here.close();
  }
});
