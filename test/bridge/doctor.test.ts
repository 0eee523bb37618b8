import { describe, expect, it } from "vitest";
import { curveKeyPair } from "zeromq";
import { type DoctorOptions, examine } from "../../bridge/doctor.ts";
import { servePolicy } from "../../bridge/policy-server.ts";
import { connectRobot } from "../../bridge/robot-client.ts";
import { robotLimits, supervisorSchema } from "../../bridge/supervisor/config.ts";
import { supervise } from "../../bridge/supervisor/server.ts";
import { loadPolicyBytes } from "../../policies/runtime/node.ts";
import { linearPolicy, summingPolicy } from "../policies/tiny-policies.ts";
import { closeAfterEach, manifestOf, serveHere, until } from "./support.ts";

const closing = closeAfterEach();

const nobody = "tcp://127.0.0.1:9";

/** Verdict, finding and advice of each check, by its name. */
async function findings(options: Partial<DoctorOptions>) {
  const found = await examine({
    endpoint: nobody,
    stopEndpoint: nobody,
    questions: 10,
    ...options,
  });
  return Object.fromEntries(found.map(({ check, ...rest }) => [check, rest]));
}

describe("the doctor", () => {
  it("finds nothing wrong with a robot that sees and a policy that answers", async () => {
    // on a busy machine a long ttl keeps the round trip good
    const here = await serveHere(linearPolicy(), 60_000);
    closing.push(here);
    const { endpoint } = here.server;
    const manifest = manifestOf(linearPolicy());
    const robot = await connectRobot({ manifest, endpoint });
    closing.push(robot);
    const state = new Float32Array(3);
    const seeing = setInterval(() => robot.observe({ state }), 50);
    closing.push({ close: () => clearInterval(seeing) });
    await until(() => robot.report().status !== undefined, 3000);
    await until(() => (robot.report().status?.observations ?? 0) > 15, 5000);
    const found = await findings({ endpoint, manifest });
    const verdicts = Object.entries(found).map(([check, { verdict }]) => `${check}: ${verdict}`);
    expect(verdicts).toEqual([
      "runtime: good",
      "port: good",
      "handshake: good",
      "protocol: good",
      "manifest: good",
      "round trip: good",
      "clock offset: good",
      "camera rate: good",
      "refusals: good",
      "supervisor: skipped",
    ]);
    expect(found["clock offset"].found).toMatch(/policy minus robot -?0\.00\d\d s/);
  });

  it("says what is missing, and what to do", async () => {
    const found = await findings({});
    expect(found.port).toMatchObject({ verdict: "bad" });
    expect(found.port.mend).toContain('Start "understudy serve');
    expect(found.protocol.verdict).toBe("bad");
  });

  it("sees a policy for another robot, a blind robot, and a stopped supervisor", async () => {
    const here = await serveHere(linearPolicy());
    closing.push(here);
    const { endpoint } = here.server;
    closing.push(await connectRobot({ manifest: manifestOf(linearPolicy()), endpoint }));
    const supervisor = await supervise({
      config: supervisorSchema.parse({ columns: robotLimits["ego-push"] }),
      endpoint: "tcp://127.0.0.1:*",
      stopEndpoint: "tcp://127.0.0.1:*",
      actuators: { write() {}, close() {} },
    });
    closing.push(supervisor);
    supervisor.stop("test");
    const { stopEndpoint } = supervisor;
    const found = await findings({ endpoint, stopEndpoint, manifest: manifestOf(summingPolicy()) });
    expect(found.manifest).toMatchObject({ verdict: "bad" });
    expect(found["camera rate"]).toMatchObject({ verdict: "bad" });
    expect(found.supervisor).toMatchObject({ verdict: "bad", found: "estop, 1 emergency stop(s)" });
    expect(found.supervisor.mend).toContain("understudy supervise reset");
  });

  it("tells missing keys from wrong ones, and a pair that is none", async () => {
    const tiny = linearPolicy();
    const policy = await loadPolicyBytes(manifestOf(tiny), tiny.onnx);
    const [own, friend] = [pair("policy"), pair("friend")];
    const keys = { own, allowed: new Map([[friend.publicKey, "friend"]]) };
    const server = await servePolicy({ policy, endpoint: "tcp://127.0.0.1:*", keys });
    closing.push(policy, server);
    const { endpoint } = server;
    const peer = own.publicKey;
    const mixed = { ...friend, publicKey: pair("other").publicKey };
    const [without, stranger, known, spoilt] = await Promise.all([
      findings({ endpoint }),
      findings({ endpoint, keys: { own: pair("stranger"), peer } }),
      findings({ endpoint, keys: { own: friend, peer } }),
      findings({ endpoint, keys: { own: mixed, peer } }),
    ]);
    expect(without.handshake).toMatchObject({ verdict: "bad" });
    expect(without.handshake.mend).toContain("give --keys and --peer");
    expect(stranger.handshake).toMatchObject({ verdict: "bad" });
    expect(stranger.handshake.mend).toContain("--allow folder");
    expect(known).toMatchObject({
      handshake: { verdict: "good" },
      "own keys": { verdict: "good" },
    });
    expect(spoilt["own keys"]).toMatchObject({ verdict: "bad" });
  });

  it("has keys for the policy, and others for the supervisor or none", async () => {
    const [own, doctor] = [pair("supervisor"), pair("doctor")];
    const options = {
      config: supervisorSchema.parse({ columns: robotLimits["ego-push"] }),
      endpoint: "tcp://127.0.0.1:*",
      stopEndpoint: "tcp://127.0.0.1:*",
      actuators: { write() {}, close() {} },
    };
    const open = await supervise(options);
    const allowed = new Map([[doctor.publicKey, "doctor"]]);
    const nobodys = new Set<string>();
    const lanes = { teleop: nobodys, policy: nobodys, operator: nobodys, watcher: nobodys };
    const locked = await supervise({ ...options, keys: { own, allowed, lanes } });
    closing.push(open, locked);
    const keys = { own: doctor, peer: pair("policy").publicKey };
    const supervisorKeys = { own: doctor, peer: own.publicKey };
    const [ofOpen, ofLocked, without] = await Promise.all([
      findings({ keys, stopEndpoint: open.stopEndpoint }),
      findings({ keys, supervisorKeys, stopEndpoint: locked.stopEndpoint }),
      findings({ keys, stopEndpoint: locked.stopEndpoint }),
    ]);
    expect(ofOpen.supervisor.found).toBe("disarmed, 0 emergency stop(s)");
    expect(ofLocked.supervisor.found).toBe("disarmed, 0 emergency stop(s)");
    expect(without.supervisor.found).toContain("one that wants keys needs --supervisorPeer");
  });
});

function pair(name: string) {
  return { name, ...curveKeyPair() };
}
