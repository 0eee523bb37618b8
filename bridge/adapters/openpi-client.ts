/** An openpi policy server as seen from here: a robot of ours is driven by Physical Intelligence's models. */

import { type RawData, WebSocket } from "ws";
import { WireError } from "../../core/errors.ts";
import type { PolicyInterface } from "../../policies/manifest.ts";
import type { Rows } from "../../policies/runtime/runtime.ts";
import { connecting } from "../sockets.ts";
import type { UnpackedMap } from "./msgpack.ts";
import { decodeOpenpi, encodeOpenpi, maxOpenpiBytes, openpiArray } from "./openpi-messages.ts";
import { chunkOf, type RemotePolicy, wireArray } from "./remote-policy.ts";
import { Turns } from "./turns.ts";

export interface OpenpiClientOptions {
  /** What this robot sees and does; each input goes as `observation/<name>`. */
  readonly robot: PolicyInterface;
  readonly url?: string;
  readonly apiKey?: string;
  readonly timeout_s?: number;
  /** What to do, in words. */
  readonly prompt?: string;
}

const defaultUrl = "ws://127.0.0.1:8000";

export class OpenpiClient implements RemotePolicy {
  readonly #options: OpenpiClientOptions;
  readonly #turns = new Turns();
  /** Also while it connects. */
  #socket: WebSocket | undefined;
  #connection: { socket: WebSocket; metadata: UnpackedMap } | undefined;
  #closed = false;

  constructor(options: OpenpiClientOptions) {
    this.#options = options;
  }

  /** What the server says of itself; connects if needed. */
  metadata(): Promise<UnpackedMap> {
    return this.#turns.take(async () => (await this.#connected()).metadata);
  }

  async act(observation: Rows): Promise<readonly Float32Array[]> {
    const { robot, prompt = "" } = this.#options;
    const arrays = robot.inputs.map(
      (input) => [`observation/${input.name}`, wireArray(input, observation[input.name])] as const,
    );
    const request = encodeOpenpi({ ...Object.fromEntries(arrays), prompt });
    return this.#turns.take(async () => {
      const { socket } = await this.#connected();
      try {
        socket.send(request);
        const reply = decodeOpenpi(await this.#next(socket));
        return chunkOf(robot, openpiArray(reply, "actions"));
      } catch (error) {
        // the answer to this request must not be taken for that to the next
        this.#drop();
        throw error;
      }
    });
  }

  /** The protocol has no reset: a server forgets with the connection, so there is a new one. */
  async reset(): Promise<void> {
    await this.#turns.take(async () => {
      this.#drop();
      await this.#connected();
    });
  }

  close(): void {
    this.#closed = true;
    this.#drop();
  }

  async #connected() {
    if (this.#closed) throw new WireError("This openpi client was closed. Open another one.");
    if (this.#connection) return this.#connection;
    const socket = this.#open();
    this.#socket = socket;
    // ws throws errors that nobody listens to
    socket.on("error", () => {});
    socket.on("close", () => {
      if (this.#connection?.socket === socket) this.#connection = undefined;
    });
    try {
      this.#connection = { socket, metadata: decodeOpenpi(await this.#next(socket)) };
      return this.#connection;
    } catch (error) {
      socket.terminate();
      throw error;
    }
  }

  #open(): WebSocket {
    const { url = defaultUrl, apiKey, timeout_s = 1 } = this.#options;
    const options = {
      perMessageDeflate: false,
      maxPayload: maxOpenpiBytes,
      handshakeTimeout: 1000 * timeout_s,
      headers: apiKey === undefined ? {} : { Authorization: `Api-Key ${apiKey}` },
    };
    return connecting(url, defaultUrl, () => new WebSocket(url, options));
  }

  /** The next binary message. @throws WireError for a text (an error), an end, or silence. */
  #next(socket: WebSocket): Promise<Buffer> {
    const { url = defaultUrl, timeout_s = 1 } = this.#options;
    return new Promise((resolve, reject) => {
      const fail = (what: string) => done(() => reject(new WireError(`${what}, at "${url}".`)));
      const onMessage = (data: RawData, isBinary: boolean) => {
        if (isBinary) done(() => resolve(data as Buffer));
        else fail(`The openpi server refused: ${String(data).slice(0, 500)}`);
      };
      const onClose = (code: number) => fail(`The openpi server closed the connection (${code})`);
      const onError = (error: Error) => fail(`The openpi server failed: ${error.message}`);
      const timer = setTimeout(
        () => fail(`The openpi server gave no answer within ${timeout_s} s`),
        1000 * timeout_s,
      );
      const done = (then: () => void) => {
        clearTimeout(timer);
        socket.off("message", onMessage).off("close", onClose).off("error", onError);
        then();
      };
      socket.on("message", onMessage).on("close", onClose).on("error", onError);
    });
  }

  #drop(): void {
    this.#socket?.terminate();
    this.#socket = undefined;
    this.#connection = undefined;
  }
}
