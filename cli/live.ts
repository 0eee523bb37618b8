/** The socket between `understudy view` and its pages: training runs and a robot out, corrections and the stop in. */

import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { isOwnPage } from "../bridge/adapters/open-port.ts";
import {
  type FromPage,
  type FromServer,
  fromPageSchema,
  LIVE_PATH,
  type RobotState,
  type RunState,
  type SaidCorrection,
  type SupervisorState,
} from "../viewer/live-messages.ts";
import type { CorrectionDesk } from "./live-corrections.ts";

export interface LiveSources {
  /** Takes what is said. */
  readonly corrections: Pick<CorrectionDesk, "take">;
  /** The bundle of a run's newest policy. */
  policyOf(run: string): Promise<{ readonly manifest: string; readonly onnx: Uint8Array }>;
  /** Stops the robots, or lets them go on; undefined where no robot is watched. A rejection is told in the page. */
  readonly stop: ((engaged: boolean) => Promise<void> | void) | undefined;
}

/** More than this is no message of ours. */
const MOST_BYTES = 64 * 1024;

export class LiveSocket {
  readonly #sources: LiveSources;
  readonly #http: Server;
  readonly #server = new WebSocketServer({ noServer: true, maxPayload: MOST_BYTES });
  readonly #planners = new Set<WebSocket>();
  /** Which run's policies each page wants. */
  readonly #followers = new Map<WebSocket, string>();
  readonly #runs = new Map<string, RunState>();
  #robot: RobotState | undefined;
  #supervisor: SupervisorState | undefined;

  /** Answers at `LIVE_PATH` of a server that listens on this machine only. */
  constructor(http: Server, sources: LiveSources) {
    this.#sources = sources;
    this.#http = http;
    http.on("upgrade", this.#upgrade);
    this.#server.on("connection", (socket) => this.#welcome(socket));
  }

  /** Tells every page how a run stands; a newer policy follows where it is wanted. */
  publishRun(run: RunState): void {
    this.#runs.set(run.name, run);
    this.#broadcast({ type: "run", run });
    for (const [socket, wanted] of this.#followers) {
      if (wanted === run.name) void this.#sendPolicy(socket, wanted);
    }
  }

  publishRobot(robot: RobotState): void {
    this.#robot = robot;
    this.#broadcast({ type: "robot", robot });
  }

  publishSupervisor(supervisor: SupervisorState): void {
    this.#supervisor = supervisor;
    this.#broadcast({ type: "supervisor", supervisor });
  }

  close(): void {
    this.#http.off("upgrade", this.#upgrade);
    for (const socket of this.#server.clients) socket.terminate();
    this.#server.close();
  }

  readonly #upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    // Node leaves the socket without a listener: a peer that breaks off would end the process
    socket.on("error", () => socket.destroy());
    if (request.url !== LIVE_PATH) return;
    // a page of another site must not stop robots
    if (!isOwnPage(request)) {
      socket.end("HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n");
      return;
    }
    this.#server.handleUpgrade(request, socket, head, (peer) => {
      this.#server.emit("connection", peer, request);
    });
  };

  #welcome(socket: WebSocket): void {
    for (const run of this.#runs.values()) send(socket, { type: "run", run });
    if (this.#robot) send(socket, { type: "robot", robot: this.#robot });
    if (this.#supervisor) send(socket, { type: "supervisor", supervisor: this.#supervisor });
    socket.on("message", (data) => this.#receive(socket, String(data)));
    socket.on("close", () => {
      this.#planners.delete(socket);
      this.#followers.delete(socket);
    });
    // a page that breaks off says so with "close"
    socket.on("error", () => socket.terminate());
  }

  #receive(socket: WebSocket, text: string): void {
    const message = parse(text);
    if (typeof message === "string") {
      send(socket, { type: "refused", message });
      return;
    }
    switch (message.type) {
      case "correction":
        void this.#correct(socket, message);
        break;
      case "stop":
        void this.#stop(socket, message.engaged);
        break;
      case "follow":
        this.#followers.set(socket, message.run);
        void this.#sendPolicy(socket, message.run);
        break;
      case "unfollow":
        this.#followers.delete(socket);
        break;
      case "planner":
        this.#planners.add(socket);
    }
  }

  async #stop(socket: WebSocket, engaged: boolean): Promise<void> {
    const { stop } = this.#sources;
    if (!stop) {
      const how = "Start understudy view with --serve DIR, or with --supervisor ENDPOINT.";
      refuse(socket, `No robot is watched here. ${how}`);
      return;
    }
    try {
      await stop(engaged);
    } catch (error) {
      refuse(socket, (error as Error).message);
    }
  }

  async #correct(socket: WebSocket, said: SaidCorrection): Promise<void> {
    try {
      const { label, count, file } = await this.#sources.corrections.take(said);
      for (const planner of this.#planners) send(planner, { type: "label", label });
      const { stages, reasons } = label;
      const plan = (stages ?? []).map(({ active, place }) => ({ active, place }));
      send(socket, { type: "stored", file, count, plan, reasons, listeners: this.#planners.size });
    } catch (error) {
      refuse(socket, `The correction was not stored: ${(error as Error).message}`);
    }
  }

  async #sendPolicy(socket: WebSocket, run: string): Promise<void> {
    try {
      const { manifest, onnx } = await this.#sources.policyOf(run);
      const bytes = Buffer.from(onnx).toString("base64");
      send(socket, { type: "policy", run, manifest, onnx: bytes });
    } catch (error) {
      refuse(socket, (error as Error).message);
    }
  }

  #broadcast(message: FromServer): void {
    for (const socket of this.#server.clients) {
      if (!this.#planners.has(socket)) send(socket, message);
    }
  }
}

function parse(text: string): FromPage | string {
  let input: unknown;
  try {
    input = JSON.parse(text);
  } catch {
    return "Expected a message in JSON.";
  }
  const result = fromPageSchema.safeParse(input);
  if (result.success) return result.data;
  const [{ path: where, message }] = result.error.issues;
  return `The message was not understood: at ${where.join(".") || "the top level"}: ${message}.`;
}

function send(socket: WebSocket, message: FromServer): void {
  socket.send(JSON.stringify(message));
}

function refuse(socket: WebSocket, message: string): void {
  send(socket, { type: "refused", message });
}
