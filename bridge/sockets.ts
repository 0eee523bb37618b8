/**
 * ZeroMQ sockets as the bridge uses them. Large receive queues that are drained to the last message
 * (never conflate: it drops frames of a multipart message, and aborts the process on some sockets);
 * sends that fail at once where nobody listens, so that nothing old waits for a peer to come back;
 * heartbeats, because a frozen peer closes no connection; no lingering.
 */

import { randomUUID } from "node:crypto";
import { Dealer, Router } from "zeromq";
import { ConfigError, WireError } from "../core/errors.ts";
import type { Refusals } from "./counts.ts";
import type { ConnectorKeys, ListenerKeys } from "./security/keys.ts";
import { guard } from "./security/zap.ts";

/** Where a policy server listens, and robots look for one, unless told otherwise. */
export const defaultEndpoint = "tcp://127.0.0.1:5601";

/** Larger messages end the connection: 4096 robots with a 64 x 64 float32 layer each fit. */
const maxMessageBytes = 256 * 2 ** 20;

const socketOptions = {
  linger: 0,
  sendTimeout: 0,
  receiveHighWaterMark: 4096,
  sendHighWaterMark: 256,
  heartbeatInterval: 100,
  heartbeatTimeToLive: 300,
  heartbeatTimeout: 300,
  maxMessageSize: maxMessageBytes,
};

export type Frames = readonly Uint8Array[];

/** What messages are posted to. */
export interface Connection {
  /** Sends now or never, in order. The frames must not be written to afterwards. */
  post(frames: Frames): void;
  close(): void;
}

/** A socket with one reader and one writer, as zeromq.js wants it. */
export class Link implements Connection {
  readonly #socket: Router | Dealer;
  readonly #onMessages: (messages: readonly Frames[]) => void;
  readonly #onClose: () => void;
  #received: Frames[] = [];
  #outgoing: Frames[] = [];
  #sending = false;
  #unsent = 0;

  /** Calls `onMessages` with all that has come, oldest first, once per turn of the event loop. */
  constructor(
    socket: Router | Dealer,
    onMessages: (messages: readonly Frames[]) => void,
    onClose: () => void = () => {},
  ) {
    this.#socket = socket;
    this.#onMessages = onMessages;
    this.#onClose = onClose;
    void this.#read();
  }

  /** Messages that found no peer. */
  get unsent(): number {
    return this.#unsent;
  }

  post(frames: Frames): void {
    this.#outgoing.push(frames);
    if (!this.#sending) void this.#write();
  }

  close(): void {
    if (this.#socket.closed) return;
    this.#socket.close();
    this.#onClose();
  }

  async #read(): Promise<void> {
    while (!this.#socket.closed) {
      try {
        // while messages wait, this resolves without leaving the turn: the batch below is all of them
        const frames = await this.#socket.receive();
        if (this.#received.length === 0) setImmediate(() => this.#deliver());
        this.#received.push(frames);
      } catch (error) {
        if (!this.#socket.closed) throw error;
      }
    }
  }

  #deliver(): void {
    const messages = this.#received;
    this.#received = [];
    if (!this.#socket.closed) this.#onMessages(messages);
  }

  async #write(): Promise<void> {
    this.#sending = true;
    while (this.#outgoing.length > 0 && !this.#socket.closed) {
      const frames = this.#outgoing.shift() as Frames;
      try {
        await this.#socket.send(frames as Uint8Array[]);
      } catch {
        this.#unsent++;
      }
    }
    this.#sending = false;
  }
}

export interface ListenOptions {
  /** Whose keys may connect. Without keys anybody may, so the endpoint has to be local. */
  readonly keys?: ListenerKeys | undefined;
  /** Listens where other machines can connect without keys. */
  readonly allowOpenPort?: boolean | undefined;
}

/** A socket that listens, to be turned into a `Link`; the first frame of each message is the peer's address. */
export interface Listening {
  /** With the port it was given. */
  readonly endpoint: string;
  open(onMessages: (messages: readonly Frames[]) => void): Connection;
}

/**
 * Listens at `endpoint`; peers without the right keys go to `refusals`.
 * @throws ConfigError for what is no endpoint, or a port open to the network without keys; WireError when taken.
 */
export async function listen(
  endpoint: string,
  refusals: Refusals,
  { keys, allowOpenPort = false }: ListenOptions = {},
): Promise<Listening> {
  refuseNoEndpoint(endpoint);
  if (!keys && !allowOpenPort && !isLocal(endpoint)) {
    throw new ConfigError(
      `Endpoint "${endpoint}" is open to the network, where anybody could connect. Use 127.0.0.1 or ipc:// (through a tunnel if need be), give it keys ("understudy keys"), or allow an open port by name.`,
    );
  }
  const router = new Router({ ...socketOptions, handover: true });
  const release = keys ? await guard(router, keys, refusals) : undefined;
  try {
    await router.bind(endpoint);
  } catch (error) {
    router.close();
    release?.();
    throw new WireError(
      `Cannot listen at "${endpoint}": ${(error as Error).message}. Choose another endpoint.`,
    );
  }
  return {
    endpoint: router.lastEndpoint ?? endpoint,
    open: (onMessages) => new Link(router, onMessages, release),
  };
}

/**
 * A connecting socket; it keeps trying by itself. Its address stays the same when the connection is made
 * anew, so the other side knows a session that goes on from one that somebody else took over.
 */
export function connect(
  endpoint: string,
  keys?: ConnectorKeys,
  /** Gets the socket before it connects, to hear its first events. */
  watch: (dealer: Dealer) => void = () => {},
): Dealer {
  const dealer = new Dealer({
    ...socketOptions,
    immediate: true,
    reconnectInterval: 50,
    routingId: randomUUID(),
  });
  try {
    refuseNoPort(endpoint);
    connecting(endpoint, defaultEndpoint, () => {
      if (keys) {
        dealer.curveServerKey = keys.peer;
        dealer.curvePublicKey = keys.own.publicKey;
        dealer.curveSecretKey = keys.own.secretKey;
      }
      watch(dealer);
      dealer.connect(endpoint);
    });
  } catch (error) {
    dealer.close();
    throw error;
  }
  return dealer;
}

/** Does what connects to an endpoint, or to a URL. @throws WireError where that is none; `example` is one */
export function connecting<T>(endpoint: string, example: string, connect: () => T): T {
  try {
    return connect();
  } catch (error) {
    throw new WireError(
      `Cannot connect to "${endpoint}": ${(error as Error).message}. Expected something like ${example}.`,
    );
  }
}

/** @throws ConfigError where a transport is missing, or a port is none */
export function refuseNoEndpoint(endpoint: string): void {
  if (!/^\w+:\/\//.test(endpoint)) {
    throw new ConfigError(
      `Endpoint "${endpoint}" does not say how to connect. Write something like ${defaultEndpoint}.`,
    );
  }
  refuseNoPort(endpoint);
}

/** ZeroMQ takes ports modulo 65536. */
function refuseNoPort(endpoint: string): void {
  const port = /^tcp:.*:(\d+)$/.exec(endpoint)?.[1];
  if (port !== undefined && Number(port) > 65_535) {
    throw new ConfigError(`Expected a port from 0 to 65535, or *, in "${endpoint}", got ${port}.`);
  }
}

/** Whether only this machine can reach an endpoint. */
export function isLocal(endpoint: string): boolean {
  return /^(ipc:|inproc:|tcp:\/\/(127(\.\d+){3}|localhost|\[::1\]):)/.test(endpoint);
}
