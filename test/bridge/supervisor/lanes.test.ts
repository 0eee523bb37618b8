/** Whose keys may take which lane of a supervisor. */

import { cpSync, mkdirSync, mkdtempSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { curveKeyPair } from "zeromq";
import { fromZ85, makeKeys, readSecretKeys, toZ85 } from "../../../bridge/security/keys.ts";
import { isProof, proofOf } from "../../../bridge/security/proof.ts";
import { robotLimits, supervisorSchema } from "../../../bridge/supervisor/config.ts";
import { claimOf, laneProblem, readLaneKeys } from "../../../bridge/supervisor/lane-keys.ts";
import { connectSupervisor } from "../../../bridge/supervisor/link.ts";
import type { Lane } from "../../../bridge/supervisor/machine.ts";
import { supervise } from "../../../bridge/supervisor/server.ts";
import { StopLink } from "../../../bridge/supervisor/stop-link.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { closeAfterEach } from "../support.ts";

const folder = temporaryFolder();
const closing = closeAfterEach();

const config = supervisorSchema.parse({ columns: robotLimits["turtlebot3-burger"] });
const columns = Object.keys(config.columns);
const own = { name: "robot", ...curveKeyPair() };

/** "student" may take the policy's lane, "pad" teleop's and the operator's, "button" none. */
function keysOfPeers() {
  const allowed = mkdtempSync(path.join(folder, "peers-"));
  const student = makeKeys(path.join(allowed, "policy"), "student");
  const pad = makeKeys(path.join(allowed, "teleop"), "pad");
  mkdirSync(path.join(allowed, "operator"));
  cpSync(pad.public, path.join(allowed, "operator", "pad.public.json"));
  const button = makeKeys(allowed, "button");
  const [studentKeys, padKeys, buttonKeys] = [student, pad, button].map(({ secret }) => {
    return { own: readSecretKeys(secret), peer: own.publicKey };
  });
  return { keys: { own, ...readLaneKeys(allowed) }, studentKeys, padKeys, buttonKeys };
}

it("a lane is for its keys; any key may press the emergency stop", async () => {
  const { keys, studentKeys, padKeys, buttonKeys } = keysOfPeers();
  const log: string[] = [];
  const supervisor = await supervise({
    config,
    keys,
    actuators: { write() {}, close() {} },
    endpoint: "tcp://127.0.0.1:*",
    stopEndpoint: "tcp://127.0.0.1:*",
    log: (line) => log.push(line),
  });
  closing.push(supervisor);
  const { endpoint, stopEndpoint } = supervisor;
  const take = (lane: Lane, keys: typeof padKeys) =>
    connectSupervisor({ lane, columns, endpoint, keys, timeout_s: 2 });
  closing.push(await take("policy", studentKeys), await take("teleop", padKeys));
  closing.push(await take("operator", padKeys));
  await expect(take("teleop", studentKeys)).rejects.toThrow(
    'Key "student" may not take lane "teleop". Put student.public.json into the folder "teleop"',
  );
  await expect(take("policy", buttonKeys)).rejects.toThrow(
    'Key "button" may not take lane "policy"',
  );
  expect(supervisor.report().refused["lane not allowed"]).toBeGreaterThanOrEqual(2);
  expect(log.join("\n")).toContain("refused (lane not allowed, 1)");
  const stop = new StopLink(stopEndpoint, buttonKeys);
  closing.push(stop);
  expect(await stop.stop("test")).toMatchObject({ mode: "estop" });
});

it("nobody may say that another's key is his own, or say again what another said", () => {
  const { keys, studentKeys, padKeys } = keysOfPeers();
  const nonce = "a-nonce-of-a-peer";
  const claim = claimOf("teleop", nonce, padKeys);
  expect(laneProblem(keys, "teleop", nonce, claim)).toBeUndefined();
  const forged = { ...claimOf("teleop", nonce, studentKeys), key: padKeys.own.publicKey };
  const lie = 'The peer says that it is "pad", but does not have that key.';
  expect(laneProblem(keys, "teleop", nonce, forged)).toBe(lie);
  // for another session, or for another lane
  expect(laneProblem(keys, "teleop", "another-nonce", claim)).toBe(lie);
  expect(laneProblem(keys, "operator", nonce, claim)).toBe(lie);
  expect(laneProblem(keys, "teleop", nonce, {})).toContain("the hello names none");
  const stranger = { own: { name: "stranger", ...curveKeyPair() }, peer: own.publicKey };
  expect(laneProblem(keys, "policy", nonce, claimOf("policy", nonce, stranger))).toContain(
    "the hello names none",
  );
});

it("both ends make the same proof, and keys come back from their text", () => {
  const [a, b] = [curveKeyPair(), curveKeyPair()];
  const proof = proofOf("me", { own: a, peer: b.publicKey });
  expect(isProof(proof, "me", { own: b, peer: a.publicKey })).toBe(true);
  expect(isProof(proof, "you", { own: b, peer: a.publicKey })).toBe(false);
  expect(isProof("", "me", { own: b, peer: a.publicKey })).toBe(false);
  expect(toZ85(fromZ85(a.secretKey))).toBe(a.secretKey);
  // the test case of https://rfc.zeromq.org/spec/32
  expect([...fromZ85("HelloWorld")]).toEqual([0x86, 0x4f, 0xd2, 0x6f, 0xb5, 0x59, 0xf7, 0x5b]);
});

it("a folder in which no key could take a lane is refused", () => {
  const flat = mkdtempSync(path.join(folder, "flat-"));
  makeKeys(flat, "somebody");
  expect(() => readLaneKeys(flat)).toThrow(
    /^No key may take a lane, so nobody could drive or arm\./,
  );
});
