/**
 * A policy behind GR00T's service, so that every robot set up for GR00T can ask it. Both generations of
 * observations are understood: nested (N1.6 and later: video, state, language) and flat ("video.name").
 */

import { Reply } from "zeromq";
import { inSiUnits, type PolicyManifest, rowSize } from "../../policies/manifest.ts";
import type { PolicyRuntime } from "../../policies/runtime/runtime.ts";
import {
  arrayIn,
  decodeRequest,
  encodeError,
  encodeModalities,
  encodeReply,
  type Gr00tRequest,
  type ModalityConfig,
  mapIn,
} from "./gr00t-messages.ts";
import type { UnpackedMap } from "./msgpack.ts";
import { ndarray } from "./numpy.ts";
import { cannotListen, checkLocal, sameSecret } from "./open-port.ts";
import { type InputNames, PolicySession } from "./policy-session.ts";
import { type AdapterReport, quoted, Refusal, RefusalLog } from "./refusal.ts";

export const defaultGr00tEndpoint = "tcp://127.0.0.1:5555";

export interface Gr00tServerOptions {
  /** Stays the caller's: close it after the server. */
  readonly policy: PolicyRuntime;
  readonly endpoint?: string;
  /** Needed in every request where given. Without one, nobody may stop the server by "kill". */
  readonly token?: string;
  /** Where the robot's names of cameras and states differ from the manifest's. */
  readonly names?: InputNames;
  readonly allowOpenPort?: boolean;
  readonly log?: (line: string) => void;
}

/** Requests in, replies out; no socket. One memory for all who ask: REQ/REP does not say who does. */
export class Gr00tService {
  readonly refusals: RefusalLog;
  /** Set once a client with the token has asked the server to stop. */
  stopped = false;
  readonly #manifest: PolicyManifest;
  readonly #session: PolicySession;
  readonly #token: string | undefined;
  readonly #names: InputNames;
  #requests = 0;
  #actions = 0;

  constructor({ policy, token, names = {}, log = () => {} }: Gr00tServerOptions) {
    this.#manifest = policy.manifest;
    this.#names = names;
    this.#session = new PolicySession(policy, names);
    this.#token = token;
    this.refusals = new RefusalLog(log);
  }

  report(): AdapterReport {
    const refused = this.refusals.byReason();
    return { requests: this.#requests, actions: this.#actions, refused };
  }

  /** The reply to one request; never throws. */
  async answer(frames: readonly Uint8Array[]): Promise<Uint8Array> {
    this.#requests++;
    try {
      const request = decodeRequest(frames);
      if (this.#token !== undefined && !sameSecret(request.token, this.#token)) {
        // in the words of the stock server: clients look for them
        throw new Refusal("unauthorized", "Unauthorized: Invalid API token");
      }
      return await this.#dispatch(request);
    } catch (error) {
      return encodeError(this.refusals.add(error).message);
    }
  }

  #dispatch({ endpoint, data }: Gr00tRequest): Uint8Array | Promise<Uint8Array> {
    switch (endpoint) {
      case "ping":
        return encodeReply({ status: "ok", message: "Server is running" });
      case "get_modality_config":
        return encodeModalities(modalitiesOf(this.#manifest, this.#names, this.#session.steps));
      case "reset":
        this.#session.reset();
        return encodeReply({});
      case "kill":
        return this.#kill();
      case "get_action":
        return this.#act(data);
      default:
        throw new Refusal("unknown endpoint", `Unknown endpoint: ${quoted(endpoint)}.`);
    }
  }

  #kill(): Uint8Array {
    if (this.#token === undefined) {
      throw new Refusal("unauthorized", '"kill" needs a server with a token.');
    }
    this.stopped = true;
    return encodeReply(null);
  }

  async #act(data: UnpackedMap): Promise<Uint8Array> {
    const nested = data.has("observation");
    const observation = nested ? mapIn(data, "observation") : data;
    const groups = [mapIn(observation, "video"), mapIn(observation, "state")];
    const find = (name: string) => {
      for (const group of groups) if (group.has(name)) return arrayIn(group, name);
      return arrayIn(observation, `video.${name}`) ?? arrayIn(observation, `state.${name}`);
    };
    const raw = await this.#session.act(find, nested ? 2 : 1);
    this.#actions++;
    const { output } = this.#manifest;
    const size = rowSize(output.shape);
    const actions = inSiUnits(output, raw);
    const { steps } = this.#session;
    const rows = actions.length / size / steps;
    const array = ndarray(actions, nested ? [rows, steps, size] : [rows * steps, size]);
    return encodeReply(
      nested ? [{ [output.name]: array }, {}] : { [`action.${output.name}`]: array },
    );
  }
}

/** What the policy looks at and gives, in GR00T's words: images are video, the rest is state. */
export function modalitiesOf(
  { inputs, output }: PolicyManifest,
  names: InputNames = {},
  steps = 1,
): Readonly<Record<string, ModalityConfig>> {
  const keys = (images: boolean) =>
    inputs
      .filter(({ camera }) => (camera !== undefined) === images)
      .map(({ name }) => names[name] ?? name);
  const modality = (modality_keys: string[], horizon = 1) => {
    return { delta_indices: Array.from({ length: horizon }, (_, i) => i), modality_keys };
  };
  return {
    // the stock class refuses a modality without keys
    ...(keys(true).length > 0 ? { video: modality(keys(true)) } : {}),
    ...(keys(false).length > 0 ? { state: modality(keys(false)) } : {}),
    action: modality([output.name], steps),
    language: modality(["task"]),
  };
}

/** Listens until closed or killed. @throws ConfigError or WireError when it cannot listen. */
export async function serveGr00t(options: Gr00tServerOptions): Promise<Gr00tServer> {
  const { endpoint = defaultGr00tEndpoint, allowOpenPort = false, log = () => {} } = options;
  checkLocal(endpoint, allowOpenPort);
  const socket = new Reply({ linger: 200, maxMessageSize: 64 * 2 ** 20 });
  try {
    await socket.bind(endpoint);
  } catch (error) {
    socket.close();
    throw cannotListen(endpoint, error);
  }
  const at = socket.lastEndpoint ?? endpoint;
  log(`serving "${options.policy.manifest.name}" to GR00T clients at ${at}`);
  return new Gr00tServer(socket, at, new Gr00tService(options));
}

export class Gr00tServer {
  /** Where it listens, with the port it was given. */
  readonly endpoint: string;
  /** Resolves when the server has ended, by `close` or by a client. */
  readonly ended: Promise<void>;
  readonly #socket: Reply;
  readonly #service: Gr00tService;

  /** Use `serveGr00t`. */
  constructor(socket: Reply, endpoint: string, service: Gr00tService) {
    this.#socket = socket;
    this.endpoint = endpoint;
    this.#service = service;
    this.ended = this.#serve();
  }

  report(): AdapterReport {
    return this.#service.report();
  }

  async close(): Promise<void> {
    this.#socket.close();
    await this.ended;
  }

  async #serve(): Promise<void> {
    while (!this.#socket.closed && !this.#service.stopped) {
      try {
        const frames = await this.#socket.receive();
        await this.#socket.send(await this.#service.answer(frames));
      } catch (error) {
        if (!this.#socket.closed) throw error;
      }
    }
    this.#socket.close();
  }
}
