/** Other people's protocols under fire: what a peer may send to each server and to each client of ours. */

import { chunkInReply } from "../../bridge/adapters/gr00t-client.ts";
import { encodeReply, encodeRequest, onlyFrame } from "../../bridge/adapters/gr00t-messages.ts";
import { Gr00tService } from "../../bridge/adapters/gr00t-server.ts";
import { LeKiwiCommands } from "../../bridge/adapters/lekiwi-host.ts";
import {
  decodeObservation,
  encodeCommand,
  encodeObservation,
  restingJoints,
} from "../../bridge/adapters/lekiwi-messages.ts";
import { unpack } from "../../bridge/adapters/msgpack.ts";
import { ndarray } from "../../bridge/adapters/numpy.ts";
import { decodeOpenpi, encodeOpenpi, openpiArray } from "../../bridge/adapters/openpi-messages.ts";
import { OpenpiConversation } from "../../bridge/adapters/openpi-server.ts";
import { Refusal } from "../../bridge/adapters/refusal.ts";
import { chunkOf } from "../../bridge/adapters/remote-policy.ts";
import { decodeRosImage } from "../../bridge/adapters/ros-image.ts";
import { Rosbridge } from "../../bridge/adapters/rosbridge.ts";
import type { PolicyRuntime } from "../../policies/runtime/runtime.ts";
import { drivenBy } from "../../test/policies/tiny-policies.ts";
import type { Frames, FuzzSubject, FuzzTarget } from "./target.ts";

const manifest = drivenBy([{ name: "state", shape: [3], dtype: "float32" }]);

/** Answers zeros: what is under fire is in front of the policy. */
const policy: PolicyRuntime = {
  manifest,
  act: async (_, rows = 1) => new Float32Array(rows * 2),
  step: async (_, __, rows) => ({ actions: new Float32Array(rows * 2), state: {} }),
  reset: () => {},
  close: async () => {},
};

const state = ndarray(Float32Array.of(1, 2, 3), [1, 1, 3]);
const never = () => false;

/** The reason of a refusal; anything else that is thrown is a crash. */
function reasonOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof Refusal) return error.reason;
    throw error;
  }
}

const gr00tServer: FuzzTarget = {
  name: "GR00T server",
  open(): FuzzSubject {
    const service = new Gr00tService({ policy, token: "s3cret" });
    const ask = (endpoint: string, data?: Record<string, unknown>) => [
      encodeRequest(endpoint, data, "s3cret"),
    ];
    let before: Readonly<Record<string, number>> = {};
    return {
      pool: [
        ask("ping"),
        ask("get_modality_config"),
        ask("reset", { options: null }),
        ask("get_action", { observation: { state: { state } }, options: null }),
        ask("get_action", { "state.state": ndarray(Float32Array.of(1, 2, 3), [1, 3]) }),
      ],
      async feed(frames) {
        await service.answer(frames);
        const after = service.refusals.byReason();
        const reason = Object.keys(after).find((key) => after[key] !== before[key]);
        before = after;
        return reason;
      },
      moving: never,
    };
  },
};

const openpiServer: FuzzTarget = {
  name: "openpi server",
  open(): FuzzSubject {
    const row = ndarray(Float32Array.of(1, 2, 3), [3]);
    return {
      pool: [[encodeOpenpi({ "observation/state": row, prompt: "push" })]],
      async feed([message = new Uint8Array()]) {
        try {
          await new OpenpiConversation(policy).answer(message);
          return undefined;
        } catch (error) {
          if (error instanceof Refusal) return error.reason;
          throw error;
        }
      },
      moving: never,
    };
  },
};

/** Every mutant meets a robot that drives; one that is refused must have stopped it. */
const lekiwiHost: FuzzTarget = {
  name: "LeKiwi host",
  open(): FuzzSubject {
    const commands = new LeKiwiCommands(manifest.output, 0.5, () => {});
    const command = encodeCommand({
      joints: restingJoints,
      forward_mps: 0.2,
      left_mps: 0,
      turn_radps: 1,
    });
    let refused = true;
    return {
      pool: [[command]],
      feed(frames) {
        commands.port.observed(1);
        commands.take([command], 1);
        const refusal = commands.take(frames, 1);
        refused = refusal !== undefined;
        return refusal?.reason;
      },
      // a mutant with other digits is a command like any other, but within the limits
      moving: () => {
        const now = commands.port.commandAt(1);
        return now.some((value) => !(Math.abs(value) <= 1) || (refused && value !== 0));
      },
    };
  },
};

const lekiwiClient: FuzzTarget = {
  name: "LeKiwi client",
  open(): FuzzSubject {
    const still = { joints: restingJoints, forward_mps: 0, left_mps: 0, turn_radps: 0 };
    const cameras = new Map([["front", Uint8Array.of(0xff, 0xd8, 0xff, 0xd9)]]);
    return {
      pool: [
        encodeObservation({ wire: "0.6.0", state: still, cameras }),
        encodeObservation({ wire: "0.6.1", state: still, cameras }),
      ],
      feed: (frames) => reasonOf(() => decodeObservation(frames)),
      moving: never,
    };
  },
};

const gr00tClient: FuzzTarget = {
  name: "GR00T client",
  open(): FuzzSubject {
    const action = ndarray(new Float32Array(8), [1, 4, 2]);
    return {
      pool: [[encodeReply([{ action }, {}])]],
      feed: (frames: Frames) => reasonOf(() => chunkInReply(manifest, unpack(onlyFrame(frames)))),
      moving: never,
    };
  },
};

const openpiClient: FuzzTarget = {
  name: "openpi client",
  open(): FuzzSubject {
    const actions = ndarray(new Float32Array(8), [4, 2]);
    return {
      pool: [[encodeOpenpi({ actions, server_timing: { infer_ms: 1.5 } })]],
      feed: ([message = new Uint8Array()]) =>
        reasonOf(() => chunkOf(manifest, openpiArray(decodeOpenpi(message), "actions"))),
      moving: never,
    };
  },
};

/** Every mutant meets a robot that drives; one that is refused must have stopped it. */
const rosbridge: FuzzTarget = {
  name: "rosbridge client",
  open(): FuzzSubject {
    const robot = new Rosbridge({
      output: manifest.output,
      // nobody is there: messages are fed by hand
      url: "ws://127.0.0.1:9",
      reconnect_ms: 1_000_000,
      topics: { "/depth": "sensor_msgs/msg/Image" },
      onMessage: (_, message) => void decodeRosImage(message),
    });
    const image = { width: 2, height: 1, step: 4, encoding: "16UC1", is_bigendian: 0 };
    const publish = { op: "publish", topic: "/depth", msg: { ...image, data: "9AHoAw==" } };
    const status = { op: "status", level: "error", msg: "no such type" };
    let refused = true;
    return {
      pool: [publish, status].map((message) => [Buffer.from(JSON.stringify(message))]),
      feed([message = new Uint8Array()]) {
        robot.observed();
        robot.drive(Float32Array.of(1, 0));
        const refusal = robot.take(message);
        refused = refusal !== undefined;
        return refusal?.reason;
      },
      moving: () => refused && robot.command().some((value) => value !== 0),
      close: () => robot.close(),
    };
  },
};

export const adapterTargets: readonly FuzzTarget[] = [
  gr00tServer,
  openpiServer,
  lekiwiHost,
  lekiwiClient,
  gr00tClient,
  openpiClient,
  rosbridge,
];
