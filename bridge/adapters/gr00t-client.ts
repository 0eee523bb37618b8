/** A GR00T policy server as seen from here: a robot of ours is driven by NVIDIA's models. */

import { Request } from "zeromq";
import { WireError } from "../../core/errors.ts";
import type { PolicyInterface } from "../../policies/manifest.ts";
import type { Rows } from "../../policies/runtime/runtime.ts";
import { connecting } from "../sockets.ts";
import { arrayIn, encodeRequest, onlyFrame } from "./gr00t-messages.ts";
import { defaultGr00tEndpoint } from "./gr00t-server.ts";
import { isMap, type Unpacked, unpack } from "./msgpack.ts";
import type { NdArray } from "./numpy.ts";
import { Refusal } from "./refusal.ts";
import { chunkOf, type RemotePolicy, wireArray, withLeadingAxes } from "./remote-policy.ts";
import { Turns } from "./turns.ts";

export interface Gr00tClientOptions {
  /** What this robot sees and does. Images go as video, the rest as state. */
  readonly robot: PolicyInterface;
  readonly endpoint?: string;
  readonly token?: string;
  readonly timeout_s?: number;
  /** What to do, in words; GR00T's models want a sentence. */
  readonly task?: string;
}

export class Gr00tClient implements RemotePolicy {
  readonly #options: Gr00tClientOptions;
  readonly #socket: Request;
  readonly #turns = new Turns();

  /** Connects, and keeps trying. @throws WireError for what is no endpoint. */
  constructor(options: Gr00tClientOptions) {
    const { endpoint = defaultGr00tEndpoint, timeout_s = 1 } = options;
    this.#options = options;
    // relaxed and correlated: after a silence the next request goes out, and a late answer is dropped
    this.#socket = new Request({
      linger: 0,
      relaxed: true,
      correlate: true,
      immediate: true,
      sendTimeout: 1000 * timeout_s,
      receiveTimeout: 1000 * timeout_s,
      maxMessageSize: 64 * 2 ** 20,
    });
    try {
      connecting(endpoint, defaultGr00tEndpoint, () => this.#socket.connect(endpoint));
    } catch (error) {
      this.#socket.close();
      throw error;
    }
  }

  async ping(): Promise<void> {
    await this.#call("ping", undefined);
  }

  /** Keys that the server asks for, by modality ("video", "state", "action", "language"). */
  async modalityKeys(): Promise<Readonly<Record<string, readonly string[]>>> {
    const reply = await this.#call("get_modality_config", undefined);
    if (!isMap(reply)) throw new Refusal("not a map", "Expected a map of modalities.");
    const keys = [...reply].map(([name, config]) => {
      const fields = isMap(config) ? config.get("as_json") : undefined;
      const list = isMap(fields) ? fields.get("modality_keys") : undefined;
      const texts = Array.isArray(list) ? list.filter((key) => typeof key === "string") : [];
      return [name, texts] as const;
    });
    return Object.fromEntries(keys);
  }

  async reset(): Promise<void> {
    await this.#call("reset", { options: null });
  }

  async act(observation: Rows): Promise<readonly Float32Array[]> {
    const { robot, task = "" } = this.#options;
    const video: Record<string, NdArray> = {};
    const state: Record<string, NdArray> = {};
    for (const input of robot.inputs) {
      const array = withLeadingAxes(wireArray(input, observation[input.name]), 2);
      if (input.camera) video[input.name] = array;
      else state[input.name] = array;
    }
    const reply = await this.#call("get_action", {
      observation: { video, state, language: { task: [[task]] } },
      options: null,
    });
    return chunkInReply(robot, reply);
  }

  close(): void {
    this.#socket.close();
  }

  async #call(
    endpoint: string,
    data: Readonly<Record<string, unknown>> | undefined,
  ): Promise<Unpacked> {
    const request = encodeRequest(endpoint, data, this.#options.token);
    let frames: Buffer[];
    try {
      frames = await this.#turns.take(async () => {
        await this.#socket.send(request);
        return this.#socket.receive();
      });
    } catch (error) {
      const { endpoint: at = defaultGr00tEndpoint } = this.#options;
      throw new WireError(
        `The GR00T server at "${at}" gave no answer to "${endpoint}": ${(error as Error).message}.`,
      );
    }
    const reply = unpack(onlyFrame(frames));
    const error = isMap(reply) ? reply.get("error") : undefined;
    if (error === undefined) return reply;
    throw new WireError(`The GR00T server refused "${endpoint}": ${String(error).slice(0, 500)}`);
  }
}

/** The actions in the reply to `get_action`: [action, info]. @throws Refusal. */
export function chunkInReply(robot: PolicyInterface, reply: Unpacked): readonly Float32Array[] {
  const action = Array.isArray(reply) ? reply[0] : undefined;
  if (!isMap(action)) throw new Refusal("not a map", "Expected the answer [action, info].");
  return chunkOf(robot, arrayIn(action, robot.output.name));
}
