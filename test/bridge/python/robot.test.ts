import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { servePolicy } from "../../../bridge/policy-server.ts";
import { makeKeys, readAllowed, readSecretKeys } from "../../../bridge/security/keys.ts";
import { interfaceText, manifestHash } from "../../../policies/manifest-hash.ts";
import { loadPolicyBytes } from "../../../policies/runtime/node.ts";
import { summingPolicy } from "../../policies/tiny-policies.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { manifestOf } from "../support.ts";
import { basics, pythonWith, runPython } from "./support.ts";

const found = pythonWith(basics);
const withPython = "python" in found ? it : it.skip;
const python = "python" in found ? found.python : "";

const folder = temporaryFolder();

const root = path.resolve(import.meta.dirname, "../../..");

describe("the robot client in Python", () => {
  withPython.each(["plain", "with keys"])("is driven by a policy server, %s", async (how) => {
    const tiny = summingPolicy();
    const manifest = manifestOf(tiny);
    const file = path.join(folder, "policy.json");
    writeFileSync(file, JSON.stringify(manifest));
    const policy = await loadPolicyBytes(manifest, tiny.onnx);
    const own = path.join(folder, how);
    const keys = how === "plain" ? undefined : { ...pair(own) };
    const server = await servePolicy({
      policy,
      endpoint: "tcp://127.0.0.1:*",
      // so long that a busy machine does not make an answer stale
      ttl_ms: 60_000,
      ...(keys ? { keys: keys.listener } : {}),
    });
    const files = keys ? [keys.secret, keys.peer] : [];
    const out = await runPython(python, "drive_robot.py", server.endpoint, file, ...files);
    const told = JSON.parse(out);
    expect(told.hash).toBe(manifestHash(manifest));
    // the action is the sum of what was seen, 0.1 and 0.2 each time, until it forgets
    for (const [i, action] of told.exchanged.entries()) {
      expect(action[0]).toBeCloseTo(0.1 * (i + 1), 6);
      expect(action[1]).toBeCloseTo(0.2 * (i + 1), 6);
    }
    expect(told.afterReset[0]).toBeCloseTo(0.1, 6);
    // 0.4 m/s and 2.84 rad/s are full speed; a busy machine may have run out of the watchdog
    if (told.si[0] !== 0) expect(told.si[1]).toBeCloseTo(0.2 * 2.84, 5);
    expect(told).toMatchObject({
      later: [0, 0],
      spoilt: [0, 0],
      closed: [0, 0],
      refused: { "policy: observation": 1 },
      flat: [0.1, 0.2].map((v) => expect.closeTo(v, 6)),
      shape: 'Expected "push" of shape [2], got [3].',
      axes: 'Expected "push" of shape [2], got [2, 1].',
      missing: 'Expected an array for "push", got none.',
      unknown: 'Unknown input "depth". Inputs: "push".',
      watchdog: 'Expected "watchdog_s" to be a finite time above 0 s, got nan.',
    });
    expect(told.misfit).toMatch(/does not fit this robot: .* every 0\.05 s\. Serve a policy/);
    expect(told.scale).toContain(
      'but it has action.forward: {"scale":0.4,"unit":"m/s","width":1}, the robot action.forward: {"scale":9,"unit":"m/s","width":1}.',
    );
    await server.close();
    await policy.close();
  });

  withPython("computes the hash and the words of real manifests as everybody does", async () => {
    const numbers = [0.1, 1 / 3, 1e-7, 1.5e-7, 123456789.123, 2e21, -0.5, 1e-6, 5, 0.000123456789];
    // in the middle of two numbers of nine digits, which both exist
    numbers.push(0.2041015625, -0.2041015625, 0.2041015635, 123456788.5, 123456789.5);
    const manifest = JSON.parse(
      readFileSync(path.join(root, "policies/zoo/push-pair/policy.json"), "utf8"),
    );
    const odd = { ...manifest, output: { ...manifest.output, numbers } };
    const files = [manifest, odd].map((value, i) => {
      const file = path.join(folder, `manifest-${i}.json`);
      writeFileSync(file, JSON.stringify(value));
      return file;
    });
    const out = await runPython(python, "hash_manifests.py", ...files);
    const expected = [manifest, odd].map((each) => [manifestHash(each), interfaceText(each)]);
    expect(JSON.parse(out)).toEqual(expected);
  });
});

/** Keys of a server and of the one robot that it lets in. */
function pair(folder: string) {
  const robots = path.join(folder, "robots");
  const server = makeKeys(folder, "policy");
  const robot = makeKeys(robots, "robot-1");
  const listener = { own: readSecretKeys(server.secret), allowed: readAllowed(robots) };
  return { listener, secret: robot.secret, peer: server.public };
}
