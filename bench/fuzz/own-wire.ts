/** The own wire under fire: a policy server, a robot, and a supervisor's two sockets, all without sockets. */

import { decode, encode, toFloats } from "../../bridge/codec.ts";
import { Refusals } from "../../bridge/counts.ts";
import { FleetGates } from "../../bridge/fleet-gates.ts";
import { type Message, protocol } from "../../bridge/messages.ts";
import { PolicyServer } from "../../bridge/policy-server.ts";
import type { Connection, Frames, Listening } from "../../bridge/sockets.ts";
import { robotLimits, supervisorSchema } from "../../bridge/supervisor/config.ts";
import {
  type CommandMessage,
  decodeCommand,
  encodeOne,
  supervisorProtocol,
} from "../../bridge/supervisor/messages.ts";
import { SupervisorServer } from "../../bridge/supervisor/server.ts";
import { completeManifest } from "../../policies/bundle.ts";
import { manifestHash } from "../../policies/manifest-hash.ts";
import { loadPolicyBytes } from "../../policies/runtime/node.ts";
import { linearPolicy } from "../../test/policies/tiny-policies.ts";
import type { FuzzSubject, FuzzTarget } from "./target.ts";

const address = Buffer.from("somebody");
const nonce = "a-nonce-of-a-peer";
/** Of sessions that are not: a mutant must not move anything by being what it was. */
const session = "a-session-of-nobody";

/** What a robot may send, to a policy that answers as it would through a socket. */
const policySide: FuzzTarget = {
  name: "understudy/1, policy side",
  async open(): Promise<FuzzSubject> {
    const { onnx, manifest: draft } = linearPolicy();
    const manifest = completeManifest(draft, onnx);
    const policy = await loadPolicyBytes(manifest, onnx);
    const refused = new Refusals(() => {});
    const wire = new Loopback();
    const server = new PolicyServer({ policy }, wire, refused);
    const hash = manifestHash(manifest);
    const hello: Message = {
      type: "hello",
      protocol,
      nonce,
      manifestHash: hash,
      interface: "",
      robots: 3,
    };
    wire.deliver([address, ...encode(hello)]);
    const welcome = wire.sent.map((frames) => decode(frames.slice(1), "policy")).find(isWelcome);
    if (!welcome) throw new Error("internal: no welcome");
    const real = welcome.message.session;
    const state = new Float32Array(6);
    const arrays = [{ name: "state", shape: [3] }];
    const seen = { stamp_ns: 1, robots: [0, 2], resets: [1], arrays };
    const pool: Frames[] = [
      encode(hello),
      encode({ type: "observation", session: real, sequence: 1, ...seen }, [state]),
      encode({ type: "episode", session: real, robot: 2, outcome: "success", return: 1.5 }),
      encode({ type: "ping", session: real, sent_ns: 5 }),
      encode({ type: "inspect", nonce }),
      encode({ type: "bye", session }),
    ];
    const total = () => Object.values(server.report().refused).reduce((a, b) => a + b, 0);
    return {
      pool,
      feed(frames) {
        const before = total();
        wire.sent.length = 0;
        wire.deliver([address, ...frames]);
        if (total() === before) return undefined;
        const decoded = decode(frames, "robot");
        return "refusal" in decoded ? decoded.refusal : "not fitting";
      },
      moving: () => false,
      async close() {
        await server.close();
        await policy.close();
      },
    };
  },
};

/** What a policy may send, to a robot whose observations are all too old to be answered. */
const robotSide: FuzzTarget = {
  name: "understudy/1, robot side",
  open(): FuzzSubject {
    const limits = { size: 2, low: -1, high: 1, watchdog_s: 0.25, step_s: 0.1 };
    const gates = new FleetGates(3, limits);
    gates.restart(session, 0.25);
    gates.sent(7, [0, 1, 2], 100);
    const now_s = 101;
    const answer = { type: "action", session, sequence: 3, observation: 7, ttl_ms: 250 } as const;
    const rows = { robots: [0, 1, 2], size: 2 };
    const pool: Frames[] = [
      encode({ ...answer, ...rows }, [Float32Array.of(1, 1, 0.5, 0.5, -1, 0)]),
      encode({ ...answer, robots: [1], size: 2, steps: 4 }, [new Float32Array(8).fill(0.5)]),
      encode({ type: "welcome", nonce, session, policy: "p", manifestHash: "h", ttl_ms: 250 }),
      encode({ type: "pong", session, sent_ns: 1, received_ns: 2, answered_ns: 3 }),
      encode({ type: "error", code: "policy", message: "No.", about: session, observation: 7 }),
      encode({ type: "bye", session }),
    ];
    return {
      pool,
      feed(frames) {
        const decoded = decode(frames, "policy");
        if ("refusal" in decoded) return decoded.refusal;
        const { message, blobs } = decoded;
        if (message.type !== "action") return undefined;
        const refusals = gates.accept(message, toFloats(blobs[0]), now_s, false);
        return refusals.find((refusal) => refusal !== undefined);
      },
      moving: () => [0, 1, 2].some((robot) => gates.commandOf(robot, now_s).some((v) => v !== 0)),
    };
  },
};

/** What peers may send to an armed supervisor. */
const supervisorSide: FuzzTarget = {
  name: supervisorProtocol,
  open(): FuzzSubject {
    const config = supervisorSchema.parse({ columns: robotLimits["ego-push"] });
    let isMoving = false;
    const actuators = {
      write: (command: readonly number[]) => {
        isMoving ||= command.some((value) => value !== 0);
      },
      close() {},
    };
    const wire = new Loopback();
    const server = new SupervisorServer(
      { config, actuators, isArmed: true },
      wire,
      new Loopback(),
      new Refusals(() => {}),
    );
    const columns = Object.keys(config.columns);
    const hello = { type: "hello", protocol: supervisorProtocol, nonce, lane: "policy" } as const;
    server.receive(address, encodeOne({ ...hello, columns }));
    const real = wire.sent
      .map((frames) => decodeCommand(frames.slice(1), "supervisor"))
      .flatMap((decoded) => ("message" in decoded ? [decoded.message] : []))
      .find(({ type }) => type === "welcome") as { session: string } | undefined;
    if (!real) throw new Error("internal: no welcome");
    const command = { type: "command", sequence: 1, ttl_ms: 250, values: [0.4, 1] } as const;
    const messages: CommandMessage[] = [
      { ...hello, columns },
      { ...command, values: [...command.values], session, beat: 1 },
      { type: "sense", session: real.session, beat: 1, age_ms: 1, nearest_m: 0.2 },
      { type: "arm", session, beat: 1 },
      { type: "alive", session: real.session },
    ];
    return {
      pool: messages.map(encodeOne),
      feed(frames) {
        wire.sent.length = 0;
        return server.receive(address, frames);
      },
      moving: () => isMoving,
      close: () => server.close(),
    };
  },
};

export const ownTargets: readonly FuzzTarget[] = [policySide, robotSide, supervisorSide];

/** A listening socket without a socket. */
class Loopback implements Listening {
  readonly endpoint = "loopback";
  readonly sent: Frames[] = [];
  #onMessages: (messages: readonly Frames[]) => void = () => {};

  // a property: listeners take it without its object
  readonly open = (onMessages: (messages: readonly Frames[]) => void): Connection => {
    this.#onMessages = onMessages;
    return { post: (frames) => void this.sent.push(frames), close() {} };
  };

  deliver(frames: Frames): void {
    this.#onMessages([frames]);
  }
}

function isWelcome(
  decoded: ReturnType<typeof decode>,
): decoded is { message: Extract<Message, { type: "welcome" }>; blobs: Uint8Array[] } {
  return "message" in decoded && decoded.message.type === "welcome";
}
