/**
 * Serves environments to one trainer at a time, over ZeroMQ: one message in and one out for a step of
 * all environments. Arrays are sent as they lie in memory: a client has a reply in hand before it asks
 * for the next, and drops replies to requests that it has given up.
 */

import { isUserError } from "../../core/errors.ts";
import { Refusals } from "../counts.ts";
import type { ListenerKeys } from "../security/keys.ts";
import { type Connection, type Frames, type Listening, listen } from "../sockets.ts";
import type { EndedEpisode, VectorEnvironment } from "./environment.ts";
import { type EnvRequest, envProtocol, packReply, readRequest } from "./messages.ts";

/** Where environments are served unless told otherwise; a policy server has 5601. */
export const defaultEnvEndpoint = "tcp://127.0.0.1:5621";

export interface ServeEnvOptions {
  /** Stays the caller's. */
  readonly environment: VectorEnvironment;
  /** Port * takes a free one. */
  readonly endpoint?: string;
  /** Who may connect. Needed where other machines can connect. */
  readonly keys?: ListenerKeys;
  /** Listens where other machines can connect, without keys. */
  readonly allowOpenPort?: boolean;
  /** Gets one line for each client and for the first refusal of a kind. */
  readonly log?: (line: string) => void;
}

export interface EnvServerReport {
  readonly clients: number;
  /** Of all environments together. */
  readonly environmentSteps: number;
  readonly episodes: number;
  readonly refused: Readonly<Record<string, number>>;
}

/** Listens until closed. @throws ConfigError or WireError when it cannot. */
export async function serveEnvironments(options: ServeEnvOptions): Promise<EnvServer> {
  const { endpoint = defaultEnvEndpoint, keys, allowOpenPort, log = () => {} } = options;
  const refusals = new Refusals(log);
  const listening = await listen(endpoint, refusals, { keys, allowOpenPort });
  return new EnvServer(options, listening, refusals);
}

export class EnvServer {
  /** Where it listens, with the port it was given. */
  readonly endpoint: string;
  readonly #environment: VectorEnvironment;
  readonly #log: (line: string) => void;
  readonly #link: Connection;
  readonly #refused: Refusals;
  #session: string | undefined;
  /** What was answered last, for a client that has to ask again. */
  #last: { readonly session: string; readonly id: number; readonly reply: Frames } | undefined;
  /** A step needs a reset first, and another one after an error. */
  #ready = false;
  #totals = { clients: 0, environmentSteps: 0, episodes: 0 };
  /** What arrives while a request is being answered waits for its turn. */
  #turn = Promise.resolve();
  #closed = false;

  constructor(
    { environment, log = () => {} }: ServeEnvOptions,
    { endpoint, open }: Listening,
    refused: Refusals,
  ) {
    this.endpoint = endpoint;
    this.#refused = refused;
    this.#environment = environment;
    this.#log = log;
    this.#link = open((messages) => {
      for (const [address, ...frames] of messages) {
        this.#turn = this.#turn.then(() => this.#answer(address, frames));
      }
    });
    log(`serving ${environment.spec.envs} x "${environment.spec.name}" at ${endpoint}`);
  }

  report(): EnvServerReport {
    return { ...this.#totals, refused: this.#refused.byReason() };
  }

  /** Waits for a step that is under way. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#turn;
    // a turn for the last reply to leave: sockets do not linger
    await new Promise((resolve) => setTimeout(resolve, 20));
    this.#link.close();
  }

  async #answer(address: Uint8Array, [header, ...blobs]: Frames): Promise<void> {
    if (this.#closed) return;
    const request = readRequest(header);
    if ("problem" in request) {
      this.#refuse(address, request.id, "not a request", request.problem);
      return;
    }
    const { session, id } = request;
    if (this.#last?.session === session && this.#last.id === id) {
      this.#link.post([address, ...this.#last.reply]);
      return;
    }
    try {
      const problem = this.#problem(request, blobs);
      if (problem) {
        this.#refuse(address, id, problem.reason, problem.message);
        return;
      }
      const reply = await this.#do(request, blobs);
      this.#last = { session, id, reply };
      this.#link.post([address, ...reply]);
    } catch (error) {
      // the environments may be anywhere now
      this.#ready = false;
      if (!isUserError(error)) throw error;
      this.#refuse(address, id, "simulation", error.message);
    }
  }

  #problem(request: EnvRequest, blobs: Frames): { reason: string; message: string } | undefined {
    const { envs, action } = this.#environment.spec;
    if (request.op === "open") {
      if (request.protocol === envProtocol) return undefined;
      const message = `This server speaks ${envProtocol}, the client "${request.protocol}". Install the client that comes with it.`;
      return { reason: "other protocol", message };
    }
    if (request.session !== this.#session) {
      const message = "Another client has opened these environments since. Open them again.";
      return { reason: "other session", message };
    }
    if (request.op !== "step") return undefined;
    if (!this.#ready) return { reason: "no reset", message: "Reset the environments first." };
    const message = problemOfActions(blobs, envs, action.shape[0]);
    return message === undefined ? undefined : { reason: "actions", message };
  }

  async #do(request: EnvRequest, blobs: Frames): Promise<Uint8Array[]> {
    const { id } = request;
    const environment = this.#environment;
    switch (request.op) {
      case "open":
        this.#session = request.session;
        this.#ready = false;
        this.#totals.clients++;
        this.#log(`client ${this.#totals.clients} opens the environments`);
        return [packReply({ op: "open", id, spec: environment.spec })];
      case "reset":
        await environment.reset(request.seed ?? undefined);
        this.#ready = true;
        return [packReply({ op: "reset", id }), ...environment.observations.map(bytesOf)];
      case "step":
        return this.#step(id, actionsIn(blobs[0]));
      case "close":
        this.#session = undefined;
        this.#log("the client has closed the environments");
        return [packReply({ op: "close", id })];
    }
  }

  async #step(id: number, actions: Float32Array): Promise<Uint8Array[]> {
    const environment = this.#environment;
    const ended = await environment.step(actions);
    this.#totals.environmentSteps += environment.spec.envs;
    this.#totals.episodes += ended.length;
    const ends = ended.map(({ finals: _, ...end }) => {
      return { ...end, success: end.outcome === "success" };
    });
    return [
      packReply({ op: "step", id, ends }),
      ...environment.observations.map(bytesOf),
      bytesOf(environment.rewards),
      environment.terminated,
      environment.truncated,
      ...(ended.length > 0 ? stackedFinals(ended) : []),
    ];
  }

  #refuse(address: Uint8Array, id: number, reason: string, message: string): void {
    this.#refused.add(reason, message);
    this.#link.post([address, packReply({ op: "error", id, message })]);
  }
}

/** Frames are not aligned: the numbers need an array of their own. */
function actionsIn(blob: Uint8Array): Float32Array {
  const actions = new Float32Array(blob.length / 4);
  new Uint8Array(actions.buffer).set(blob);
  return actions;
}

function problemOfActions(blobs: Frames, envs: number, columns: number): string | undefined {
  const expected = 4 * envs * columns;
  if (blobs.length !== 1 || blobs[0].length !== expected) {
    const found = blobs.map((blob) => blob.length).join(", ");
    return `Expected actions [${envs}, ${columns}] float32 in one frame of ${expected} bytes, got frames of [${found}] bytes.`;
  }
  const actions = actionsIn(blobs[0]);
  const index = actions.findIndex((value) => !Number.isFinite(value));
  if (index < 0) return undefined;
  return `Expected finite actions, got ${actions[index]} for environment ${Math.floor(index / columns)}.`;
}

function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** One frame an observation: the last rows of all episodes that ended, one below the other. */
function stackedFinals(ended: readonly EndedEpisode[]): Uint8Array[] {
  return ended[0].finals.map((first, i) => {
    const rows = new Float32Array(ended.length * first.length);
    for (const [e, { finals }] of ended.entries()) rows.set(finals[i], e * first.length);
    return bytesOf(rows);
  });
}
