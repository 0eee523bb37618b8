/**
 * A policy behind openpi's WebSocket protocol, so that every robot with an openpi client can ask it. The
 * server speaks first (its metadata), then answers one message by one. What it cannot use it answers with
 * a text and closes the connection with code 1011, as openpi does: a late answer is never taken for the next.
 */

import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { type RawData, type WebSocket, WebSocketServer } from "ws";
import { inSiUnits, type PolicyManifest, rowSize } from "../../policies/manifest.ts";
import type { PolicyRuntime } from "../../policies/runtime/runtime.ts";
import { monotonic_s } from "../clock.ts";
import { ndarray } from "./numpy.ts";
import { cannotListen, checkLocal, isOwnPage, sameSecret } from "./open-port.ts";
import { decodeOpenpi, encodeOpenpi, maxOpenpiBytes, openpiArray } from "./openpi-messages.ts";
import { type InputNames, PolicySession } from "./policy-session.ts";
import { type AdapterReport, Refusal, RefusalLog } from "./refusal.ts";

export interface OpenpiServerOptions {
  /** Stays the caller's: close it after the server. */
  readonly policy: PolicyRuntime;
  readonly host?: string;
  /** 8000 unless given; 0 takes a free one. */
  readonly port?: number;
  /** Needed to connect where given, as `Authorization: Api-Key KEY`. */
  readonly apiKey?: string;
  /** Where the robot's names of cameras and states differ from the manifest's. */
  readonly names?: InputNames;
  readonly allowOpenPort?: boolean;
  readonly log?: (line: string) => void;
}

const maxConnections = 64;
/** In the words of the stock server. */
const goodbye = "Internal server error. Traceback included in previous frame.";

/** One connection, without its socket: it has its own memory of the policy. */
export class OpenpiConversation {
  readonly #manifest: PolicyManifest;
  readonly #session: PolicySession;
  readonly #now_s: () => number;
  #previousTotal_s: number | undefined;

  constructor(policy: PolicyRuntime, names: InputNames = {}, now_s = monotonic_s) {
    this.#manifest = policy.manifest;
    this.#session = new PolicySession(policy, names);
    this.#now_s = now_s;
  }

  /** The answer to one observation. @throws Refusal, after which the connection must end. */
  async answer(message: Uint8Array): Promise<Uint8Array> {
    const start_s = this.#now_s();
    const observation = decodeOpenpi(message);
    const find = (name: string) =>
      openpiArray(observation, name) ?? openpiArray(observation, `observation/${name}`);
    const raw = await this.#session.act(find, 0);
    const { output } = this.#manifest;
    const total_s = this.#now_s() - start_s;
    const timing: Record<string, number> = { infer_ms: 1000 * total_s };
    if (this.#previousTotal_s !== undefined) timing.prev_total_ms = 1000 * this.#previousTotal_s;
    this.#previousTotal_s = total_s;
    const shape = [this.#session.steps, rowSize(output.shape)];
    const actions = ndarray(inSiUnits(output, raw), shape);
    return encodeOpenpi({ actions, server_timing: timing });
  }
}

/** What the server says first: enough for a client to know what to send and what comes back. */
export function openpiMetadata({ manifest }: PolicyRuntime, names: InputNames = {}): Uint8Array {
  const { name, inputs, output, controlStep_s, steps = 1 } = manifest;
  return encodeOpenpi({
    name,
    action_horizon: steps,
    control_step_s: controlStep_s,
    inputs: inputs.map((input) => ({ name: names[input.name] ?? input.name, shape: input.shape })),
    actions: output.columns.map((column) => ({ name: column.name, unit: column.unit })),
  });
}

/** Listens until closed. @throws ConfigError or WireError when it cannot listen. */
export async function serveOpenpi(options: OpenpiServerOptions): Promise<OpenpiServer> {
  const { host = "127.0.0.1", port = 8000, allowOpenPort = false, log = () => {} } = options;
  checkLocal(`tcp://${host}:${port}`, allowOpenPort);
  const http = createServer((request, response) => {
    const healthy = request.url === "/healthz";
    response.writeHead(healthy ? 200 : 426, { "content-type": "text/plain" });
    response.end(healthy ? "OK\n" : "Expected a WebSocket.\n");
  });
  await new Promise<void>((resolve, reject) => {
    http.once("error", (error) => reject(cannotListen(`${host}:${port}`, error)));
    http.listen(port, host, resolve);
  });
  const server = new OpenpiServer(http, options);
  log(`serving "${options.policy.manifest.name}" to openpi clients at ${server.endpoint}`);
  return server;
}

export class OpenpiServer {
  /** Where it listens, with the port it was given. */
  readonly endpoint: string;
  readonly #options: OpenpiServerOptions;
  readonly #http: Server;
  readonly #refusals: RefusalLog;
  readonly #sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: 2 * maxOpenpiBytes,
  });
  #requests = 0;
  #actions = 0;

  /** Use `serveOpenpi`. */
  constructor(http: Server, options: OpenpiServerOptions) {
    const { address, port } = http.address() as AddressInfo;
    this.endpoint = `ws://${address}:${port}`;
    this.#http = http;
    this.#options = options;
    this.#refusals = new RefusalLog(options.log ?? (() => {}));
    http.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
    this.#sockets.on("connection", (socket) => this.#converse(socket));
  }

  report(): AdapterReport {
    const refused = this.#refusals.byReason();
    return { requests: this.#requests, actions: this.#actions, refused };
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#sockets.close();
    const ended = new Promise((resolve) => this.#http.close(resolve));
    this.#http.closeAllConnections();
    await ended;
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Node leaves the socket without a listener: a peer that breaks off would end the process
    socket.on("error", () => socket.destroy());
    const status = this.#refusalOf(request);
    if (status) {
      this.#refusals.add(new Refusal("unauthorized", `A client was turned away: ${status}.`));
      socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    this.#sockets.handleUpgrade(request, socket, head, (ws) =>
      this.#sockets.emit("connection", ws, request),
    );
  }

  /** The status that turns a client away, if one does. */
  #refusalOf(request: IncomingMessage): string | undefined {
    const { apiKey } = this.#options;
    const { authorization, origin } = request.headers;
    if (apiKey !== undefined) {
      const given = authorization?.replace(/^Api-Key /, "");
      if (!sameSecret(given, apiKey)) return "401 Unauthorized";
    } else if (origin !== undefined && !isOwnPage(request)) {
      // robots have no origin, but any page that is open on this machine could ask
      return "403 Forbidden";
    }
    const isFull = this.#sockets.clients.size >= maxConnections;
    return isFull ? "503 Service Unavailable" : undefined;
  }

  #converse(socket: WebSocket): void {
    const { policy, names } = this.#options;
    const conversation = new OpenpiConversation(policy, names);
    let last = Promise.resolve();
    socket.on("message", (data, isBinary) => {
      last = last.then(() => this.#answer(socket, conversation, data, isBinary));
    });
    // a frame that ws itself refuses (oversize, not UTF-8); it has closed the connection already
    socket.on("error", (error: Error & { code?: string }) => {
      const oversize = error.code === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH";
      this.#refusals.add(new Refusal(oversize ? "oversize" : "not UTF-8", error.message));
    });
    socket.send(openpiMetadata(policy, names));
  }

  async #answer(
    socket: WebSocket,
    conversation: OpenpiConversation,
    data: RawData,
    isBinary: boolean,
  ): Promise<void> {
    if (socket.readyState !== socket.OPEN) return;
    this.#requests++;
    try {
      if (!isBinary) throw new Refusal("not MessagePack", "Expected a binary message, got text.");
      const answer = await conversation.answer(data as Buffer);
      this.#actions++;
      socket.send(answer);
    } catch (error) {
      socket.send(this.#refusals.add(error).message);
      socket.close(1011, goodbye);
    }
  }
}
