/** Who may connect: keys, the allow-list, and sessions that somebody plays back. */

import { chmodSync, mkdirSync, mkdtempSync, statSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { curveKeyPair } from "zeromq";
import type { Message, MessageOf } from "../../bridge/messages.ts";
import { servePolicy } from "../../bridge/policy-server.ts";
import { connectRobot } from "../../bridge/robot-client.ts";
import {
  makeKeys,
  readAllowed,
  readPublicKey,
  readSecretKeys,
  toZ85,
} from "../../bridge/security/keys.ts";
import { ConfigError, FileError } from "../../core/errors.ts";
import { manifestHash } from "../../policies/manifest-hash.ts";
import { loadPolicyBytes } from "../../policies/runtime/node.ts";
import { linearPolicy } from "../policies/tiny-policies.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { closeAfterEach, manifestOf, rawRobot, until } from "./support.ts";

const folder = temporaryFolder();
const closing = closeAfterEach();

describe("key files", () => {
  it("come in pairs: one to keep, readable by its owner only, and one to give away", () => {
    const files = makeKeys(folder, "robot-7");
    const keys = readSecretKeys(files.secret);
    expect(readPublicKey(files.public)).toEqual({ name: "robot-7", publicKey: keys.publicKey });
    expect(statSync(files.secret).mode & 0o777).toBe(0o600);
    expect(() => makeKeys(folder, "robot-7")).toThrow(ConfigError);
    expect(() => makeKeys(folder, "../robot")).toThrow('got "../robot"');
    chmodSync(files.secret, 0o644);
    expect(() => readSecretKeys(files.secret)).toThrow(/can be read by other users.*chmod 600/);
  });

  it("that are missing or of another kind are named", () => {
    const files = makeKeys(folder, "robot-8");
    expect(() => readSecretKeys(files.public)).toThrow(FileError);
    expect(() => readSecretKeys(files.public)).toThrow(/secretKey is wrong/);
    expect(() => readPublicKey(path.join(folder, "nobody"))).toThrow(/understudy keys NAME/);
    expect(() => readAllowed(path.join(folder, "nowhere"))).toThrow(/Put the peers'/);
    const empty = path.join(folder, "empty");
    mkdirSync(empty);
    expect(() => readAllowed(empty)).toThrow("nobody could connect");
  });

  it("hold keys as RFC 32 writes them", () => {
    // the test case of https://rfc.zeromq.org/spec/32
    const bytes = Uint8Array.of(0x86, 0x4f, 0xd2, 0x6f, 0xb5, 0x59, 0xf7, 0x5b);
    expect(toZ85(bytes)).toBe("HelloWorld");
  });
});

/** A policy that only "friend" may talk to. */
async function guarded() {
  const own = { name: "policy", ...curveKeyPair() };
  const friends = mkdtempSync(path.join(folder, "allowed-"));
  // the friend's secret lies there too, which does no harm
  const friend = readSecretKeys(makeKeys(friends, "friend").secret);
  const tiny = linearPolicy();
  const policy = await loadPolicyBytes(manifestOf(tiny), tiny.onnx);
  const log: string[] = [];
  const server = await servePolicy({
    policy,
    endpoint: "tcp://127.0.0.1:*",
    keys: { own, allowed: readAllowed(friends) },
    log: (line) => log.push(line),
  });
  closing.push(policy, server);
  return { server, log, friend, peer: own.publicKey };
}

describe("a policy with keys", () => {
  it("answers a robot on its list, and nobody else", async () => {
    const { server, log, friend, peer } = await guarded();
    const endpoint = server.endpoint;
    const manifest = manifestOf(linearPolicy());
    const robot = await connectRobot({ manifest, endpoint, keys: { own: friend, peer } });
    closing.push(robot);
    const [forward] = await robot.exchange({ state: Float32Array.of(0.25, 0, 0) });
    expect(forward).toBe(0.25);

    const quick = { manifest, endpoint, connectTimeout_s: 0.3 };
    const stranger = { name: "stranger", ...curveKeyPair() };
    await expect(connectRobot({ ...quick, keys: { own: stranger, peer } })).rejects.toThrow(
      "No policy answered",
    );
    await expect(connectRobot(quick)).rejects.toThrow("No policy answered");
    await until(() => server.report().refused["no keys"] > 0, 2000);
    expect(server.report().refused["unknown key"]).toBeGreaterThan(0);
    expect(log.join("\n")).toContain(`Key "${stranger.publicKey}" of 127.0.0.1 is not on the`);
    expect(log.join("\n")).toContain("did not speak CURVE");
    expect(server.report().sessions).toBe(1);
  });

  it("may listen where other machines can connect", async () => {
    const own = { name: "policy", ...curveKeyPair() };
    const keys = { own, allowed: new Map([[own.publicKey, "itself"]]) };
    const tiny = linearPolicy();
    const policy = await loadPolicyBytes(manifestOf(tiny), tiny.onnx);
    const server = await servePolicy({ policy, endpoint: "tcp://0.0.0.0:*", keys });
    closing.push(policy, server);
    expect(server.endpoint).toMatch(/^tcp:\/\/0\.0\.0\.0:\d+$/);
  });
});

describe("a session that is played back", () => {
  it("is refused while it lasts and after it, from its own connection or another", async () => {
    const tiny = linearPolicy();
    const manifest = manifestOf(tiny);
    const policy = await loadPolicyBytes(manifest, tiny.onnx);
    const server = await servePolicy({ policy, endpoint: "tcp://127.0.0.1:*" });
    closing.push(policy, server);
    const robot = rawRobot(server.endpoint);
    closing.push(robot);
    const hello: Message = {
      type: "hello",
      protocol: "understudy/1",
      nonce: "12345678",
      manifestHash: manifestHash(manifest),
      interface: "",
      robots: 1,
    };
    await robot.send(hello);
    const { session } = (await robot.next("welcome")) as MessageOf<"welcome">;
    const observation: Message = {
      type: "observation",
      session,
      sequence: 5,
      stamp_ns: 0,
      robots: [0],
      resets: [],
      arrays: [{ name: "state", shape: [3] }],
    };
    const state = Float32Array.of(0.5, 0, 0);
    await robot.send(observation, state);
    expect(await robot.next("action")).toMatchObject({ observation: 5 });
    // repeated on the same connection
    await robot.send(observation, state);
    expect(await robot.next("error")).toMatchObject({ code: "observation", observation: 5 });

    const thief = rawRobot(server.endpoint);
    closing.push(thief);
    for (const message of [hello, { ...observation, sequence: 6 } as const]) {
      await thief.send(message, ...(message.type === "observation" ? [state] : []));
      expect(await thief.next("error")).toMatchObject({ code: "session" });
    }
    // the owner is not disturbed
    await robot.send({ ...observation, sequence: 6 }, state);
    expect(await robot.next("action")).toMatchObject({ observation: 6 });

    await robot.send({ type: "bye", session });
    await until(() => server.report().sessions === 0, 2000);
    for (const message of [hello, { ...observation, sequence: 7 } as const]) {
      await robot.send(message, ...(message.type === "observation" ? [state] : []));
      expect(await robot.next("error")).toMatchObject({ code: "session" });
    }
    expect(server.report().refused).toEqual({
      "old sequence": 1,
      "replayed hello": 2,
      "other connection": 1,
      "unknown session": 1,
    });
  });
});
