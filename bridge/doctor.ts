/** What is wrong between a robot and its policy, and how to mend it: the checks of `understudy doctor`. */

import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createConnection } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { capability, type Dealer, version } from "zeromq";
import { quantile } from "../core/statistics.ts";
import type { PolicyInterface } from "../policies/manifest.ts";
import { manifestHash } from "../policies/manifest-hash.ts";
import { monotonic_s, stamp_ns } from "./clock.ts";
import { decode, encode } from "./codec.ts";
import { Refusals } from "./counts.ts";
import { type MessageOf, protocol } from "./messages.ts";
import type { ConnectorKeys } from "./security/keys.ts";
import { connect, Link, listen } from "./sockets.ts";
import { StopLink } from "./supervisor/stop-link.ts";

export interface Finding {
  readonly check: string;
  /** "skipped" when there was nothing to look at. */
  readonly verdict: "good" | "poor" | "bad" | "skipped";
  readonly found: string;
  /** What to do about it; empty when there is nothing to do. */
  readonly mend: string;
}

export interface DoctorOptions {
  readonly endpoint: string;
  /** Of the supervisor. */
  readonly stopEndpoint: string;
  /** For the policy. */
  readonly keys?: ConnectorKeys | undefined;
  /** For the supervisor, where it wants keys. */
  readonly supervisorKeys?: ConnectorKeys | undefined;
  /** What the robot was built for. */
  readonly manifest?: PolicyInterface | undefined;
  /** Questions of the round trip. */
  readonly questions?: number;
}

interface Answer {
  readonly inspection: MessageOf<"inspection">;
  readonly roundTrip_s: number;
  /** The policy's clock minus this one. */
  readonly offset_s: number;
}

/** Looks at everything between here and the action, all at once. */
export async function examine(options: DoctorOptions): Promise<Finding[]> {
  const { keys, endpoint } = options;
  const [own, reachable, shaken, answers, supervised] = await Promise.all([
    keys ? ownKeys(keys) : undefined,
    port(endpoint),
    handshake(options),
    ask(options),
    supervisor(options),
  ]);
  const heard = answers.length > 0 ? answered(answers, options) : [silent(options)];
  return [runtime(), ...(own ? [own] : []), reachable, shaken, ...heard, supervised];
}

function runtime(): Finding {
  const found = `Node ${process.versions.node}, ZeroMQ ${version}`;
  if (capability.curve) return good("runtime", `${found} with CURVE`);
  const mend = "Install the zeromq package from its prebuilt binaries, or build it with libsodium.";
  return { check: "runtime", verdict: "poor", found: `${found} without CURVE`, mend };
}

/** Whether the two halves of the own pair belong together: a listener with them, to be reached by itself. */
async function ownKeys({ own }: ConnectorKeys): Promise<Finding> {
  const allowed = new Map([[own.publicKey, own.name]]);
  const listening = await listen("tcp://127.0.0.1:*", new Refusals(() => {}), {
    keys: { own, allowed },
  });
  const link = listening.open(() => {});
  const event = await firstEvent(listening.endpoint, { own, peer: own.publicKey });
  link.close();
  if (event === "handshake") return good("own keys", `"${own.name}" is a pair`);
  const mend = "Make a new pair: understudy keys NAME.";
  return { check: "own keys", verdict: "bad", found: "the public half is another's", mend };
}

async function port(endpoint: string): Promise<Finding> {
  const [, host, number] = /^tcp:\/\/\[?([^\]]+)\]?:(\d+)$/.exec(endpoint) ?? [];
  if (host === undefined) return skipped("port", `"${endpoint}" is not tcp`);
  const socket = createConnection({ host, port: Number(number), timeout: 2000 });
  try {
    await Promise.race([
      once(socket, "connect"),
      once(socket, "timeout").then(() => Promise.reject(new Error("no answer within 2 s"))),
    ]);
    return good("port", `${host}:${number} is open`);
  } catch (error) {
    const mend = `Start "understudy serve --endpoint ${endpoint}" there, or look at address and firewall.`;
    return { check: "port", verdict: "bad", found: (error as Error).message, mend };
  } finally {
    socket.destroy();
  }
}

async function handshake({ endpoint, keys }: DoctorOptions): Promise<Finding> {
  const event = await firstEvent(endpoint, keys);
  const check = "handshake";
  if (event === "handshake") return good(check, keys ? "CURVE" : "without keys");
  if (event === "none") return skipped(check, "nobody shook hands");
  const mend = keys
    ? "Put your NAME.public.json into the --allow folder there, start it anew, and check that --peer is its key."
    : "The other side wants keys: give --keys and --peer.";
  return { check, verdict: "bad", found: event, mend };
}

/** How the first connection went, within a second; "none" when there was none. */
async function firstEvent(endpoint: string, keys: ConnectorKeys | undefined): Promise<string> {
  const types = ["handshake", "handshake:error:protocol", "handshake:error:auth"] as const;
  let dealer: Dealer | undefined;
  const event = new Promise<string>((resolve) => {
    dealer = connect(endpoint, keys, ({ events }) => {
      for (const type of types) events.on(type, () => resolve(type));
      // a listener that wants keys hangs up on one that brings none
      events.on("disconnect", () => resolve("hung up during the handshake"));
    });
  });
  const first = await Promise.race([event, sleep(1000, "none")]);
  dealer?.close();
  return first;
}

/** Asks one question after another; gives up at the first that is not answered within a second. */
async function ask({ endpoint, keys, questions = 50 }: DoctorOptions): Promise<Answer[]> {
  const answers: Answer[] = [];
  let heard: ((inspection: MessageOf<"inspection">, at_s: number) => void) | undefined;
  const link = new Link(connect(endpoint, keys), (messages) => {
    const at_s = monotonic_s();
    for (const frames of messages) {
      const decoded = decode(frames, "policy");
      if (!("message" in decoded) || decoded.message.type !== "inspection") continue;
      heard?.(decoded.message, at_s);
    }
  });
  const deadline_s = monotonic_s() + 1;
  // until the connection is made, what is sent is lost
  while (answers.length < questions && (answers.length > 0 || monotonic_s() < deadline_s)) {
    const nonce = randomUUID();
    const sent_s = monotonic_s();
    const answer = new Promise<Answer>((resolve) => {
      heard = (inspection, at_s) => {
        if (inspection.nonce === nonce) resolve(compare(inspection, sent_s, at_s));
      };
    });
    link.post(encode({ type: "inspect", nonce }));
    const patience_ms = answers.length === 0 ? 100 : 1000;
    const got = await Promise.race([answer, sleep(patience_ms, undefined)]);
    if (got) answers.push(got);
    else if (answers.length > 0) break;
  }
  link.close();
  return answers;
}

function compare(inspection: MessageOf<"inspection">, sent_s: number, at_s: number): Answer {
  const { received_ns, answered_ns } = inspection;
  const [sent_ns, back_ns] = [stamp_ns(sent_s), stamp_ns(at_s)];
  const offset_s = (received_ns - sent_ns + (answered_ns - back_ns)) / 2e9;
  return { inspection, roundTrip_s: at_s - sent_s, offset_s };
}

function silent({ endpoint }: DoctorOptions): Finding {
  const mend = `Check that ${endpoint} is an understudy policy of ${protocol}, not another service.`;
  return { check: "protocol", verdict: "bad", found: "no answer to a question", mend };
}

function answered(answers: readonly Answer[], options: DoctorOptions): Finding[] {
  const { inspection } = answers[answers.length - 1];
  const { policy } = inspection;
  return [
    good("protocol", `${inspection.protocol}, policy "${policy}"`),
    manifest(inspection, options),
    roundTrip(answers, inspection.ttl_ms),
    clocks(answers),
    ...cameras(inspection),
    refusals(inspection),
  ];
}

function manifest(inspection: MessageOf<"inspection">, options: DoctorOptions): Finding {
  const check = "manifest";
  if (!options.manifest) return skipped(check, "no --policy to compare with");
  if (manifestHash(options.manifest) === inspection.manifestHash) return good(check, "the same");
  const mend = "Serve the bundle that the robot was built for, or build the robot for this one.";
  return { check, verdict: "bad", found: "the policy was made for another robot", mend };
}

function roundTrip(answers: readonly Answer[], ttl_ms: number): Finding {
  const times_ms = answers.map(({ roundTrip_s }) => 1000 * roundTrip_s);
  const [p50, p99] = [quantile(times_ms, 0.5), quantile(times_ms, 0.99)];
  const found = `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms without the policy's own time`;
  if (p99 < ttl_ms / 5) return good("round trip", found);
  const mend = `Actions live ${ttl_ms} ms. Use a cable, a nearer machine, or a machine with less to do.`;
  return { check: "round trip", verdict: p99 < ttl_ms ? "poor" : "bad", found, mend };
}

function clocks(answers: readonly Answer[]): Finding {
  // NTP (RFC 5905, section 8): the quickest exchange errs least, by half its round trip at most
  const best = answers.reduce((a, b) => (b.roundTrip_s < a.roundTrip_s ? b : a));
  const error_ms = 500 * best.roundTrip_s;
  const offset = `policy minus robot ${best.offset_s.toFixed(4)} s ± ${error_ms.toFixed(2)} ms`;
  return good("clock offset", `${offset}; ages are measured on the robot's clock alone`);
}

function cameras({ sessions, controlStep_ms }: MessageOf<"inspection">): Finding[] {
  const wanted_hz = 1000 / controlStep_ms;
  if (sessions.length === 0) return [skipped("camera rate", "no robot is connected")];
  return sessions.map(({ robots, rate_hz, superseded }, i) => {
    const check = sessions.length > 1 ? `camera rate, session ${i + 1}` : "camera rate";
    const found = `${rate_hz.toFixed(1)} of ${wanted_hz.toFixed(1)} observations/s, ${robots} robot(s), ${superseded} overtaken`;
    if (rate_hz >= 0.9 * wanted_hz) return good(check, found);
    const mend = "Observe once a control step: look at the camera's rate, exposure and cable.";
    return { check, verdict: rate_hz === 0 ? "bad" : "poor", found, mend };
  });
}

function refusals({ refused }: MessageOf<"inspection">): Finding {
  const reasons = Object.entries(refused).map(([reason, count]) => `${reason} (${count})`);
  if (reasons.length === 0) return good("refusals", "none");
  const mend = "The policy's log has a sentence for each.";
  return { check: "refusals", verdict: "poor", found: reasons.join(", "), mend };
}

async function supervisor({ stopEndpoint, supervisorKeys }: DoctorOptions): Promise<Finding> {
  const check = "supervisor";
  const link = new StopLink(stopEndpoint, supervisorKeys);
  try {
    const { mode, stops } = await link.ask(0.5);
    const found = `${mode}, ${stops} emergency stop(s)`;
    if (mode === "estop") {
      const mend = "See why it was stopped, then: understudy supervise reset.";
      return { check, verdict: "bad", found, mend };
    }
    if (mode !== "disarmed") return good(check, found);
    return { check, verdict: "poor", found, mend: "It moves after: understudy supervise arm." };
  } catch {
    const hint = supervisorKeys ? "" : "; one that wants keys needs --supervisorPeer";
    return skipped(check, `nobody answers at ${stopEndpoint}${hint}`);
  } finally {
    link.close();
  }
}

function good(check: string, found: string): Finding {
  return { check, verdict: "good", found, mend: "" };
}

function skipped(check: string, found: string): Finding {
  return { check, verdict: "skipped", found, mend: "" };
}
