import { spawn } from "node:child_process";
import path from "node:path";
import { expect, it } from "vitest";
import { writeBundle } from "../../policies/bundle.ts";
import { linearPolicy } from "../policies/tiny-policies.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const root = path.resolve(import.meta.dirname, "../..");
const folder = temporaryFolder();

it("understudy serve and examples/robot.ts talk to each other as two processes", async () => {
  await writeBundle(path.join(folder, "linear"), linearPolicy());
  const bundle = path.join(folder, "linear");
  const words = ["serve", "--policy", bundle, "--endpoint", "tcp://127.0.0.1:*", "--json"];
  const server = start(["cli/main.ts", ...words]);
  const [, endpoint] = await server.says(/at (tcp:\S+)/);
  const robot = start([
    "--conditions=understudy-source",
    "examples/robot.ts",
    bundle,
    endpoint,
    "3",
  ]);
  const driven = await robot.ended;
  server.child.kill("SIGINT");
  const served = await server.ended;

  expect(driven.err).toBe("");
  expect(driven.out.trim().split("\n")).toHaveLength(3);
  expect(served.code).toBe(130);
  const { observations, actions, refused } = JSON.parse(served.out);
  expect([observations, refused]).toEqual([3, {}]);
  expect(actions).toBeGreaterThan(0);
});

function start(words: readonly string[]) {
  const child = spawn(process.execPath, ["--import", "tsx", ...words], { cwd: root });
  const seen = { out: "", err: "" };
  child.stdout.on("data", (data) => {
    seen.out += data;
  });
  child.stderr.on("data", (data) => {
    seen.err += data;
  });
  const ended = new Promise<{ code: number | null; out: string; err: string }>((resolve) => {
    child.on("close", (code) => resolve({ code, ...seen }));
  });
  /** Waits until stderr matches, and gives the match. */
  const says = (pattern: RegExp) =>
    new Promise<RegExpMatchArray>((resolve, reject) => {
      child.stderr.on("data", () => {
        const match = seen.err.match(pattern);
        if (match) resolve(match);
      });
      child.on("close", () => reject(new Error(`ended before it said ${pattern}: ${seen.err}`)));
    });
  return { child, ended, says };
}
