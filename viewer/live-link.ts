/** The page's end of the live socket: tries again when it is lost, and keeps what was told last. */

import { signal } from "@preact/signals";
import {
  type FromPage,
  type FromServer,
  LIVE_PATH,
  type PlannedPush,
  type RobotState,
  type RunState,
  type SupervisorState,
} from "./live-messages.ts";
import type { BundleFiles } from "./messages.ts";

export type LinkState = "none" | "connecting" | "open" | "lost";

/** The wait before another try, longer each time. */
const FIRST_WAIT_ms = 500;
const LONGEST_WAIT_ms = 8000;

export class LiveLink {
  readonly state = signal<LinkState>("none");
  readonly runs = signal<readonly RunState[]>([]);
  readonly robot = signal<RobotState | undefined>(undefined);
  readonly supervisor = signal<SupervisorState | undefined>(undefined);
  /** What became of the last correction. */
  readonly stored = signal("");
  /** What the planner makes of it, and why nothing. */
  readonly plan = signal<readonly PlannedPush[]>([]);
  readonly unplanned = signal<readonly string[]>([]);
  /** The run whose newest policies are wanted. */
  readonly followed = signal<string | undefined>(undefined);
  /** Called with the newest policy of the run that is followed. */
  onPolicy: (run: string, bundle: BundleFiles) => void = () => {};
  /** Called each time that the server refuses something, though it be for the same reason. */
  onRefused: (why: string) => void = () => {};
  #socket: WebSocket | undefined;
  #wait_ms = FIRST_WAIT_ms;

  connect(): void {
    this.state.value = "connecting";
    const address = new URL(LIVE_PATH, location.href);
    address.protocol = address.protocol.replace("http", "ws");
    const socket = new WebSocket(address);
    this.#socket = socket;
    socket.addEventListener("open", () => {
      this.state.value = "open";
      this.#wait_ms = FIRST_WAIT_ms;
      const run = this.followed.value;
      if (run !== undefined) this.send({ type: "follow", run });
    });
    socket.addEventListener("message", ({ data }) => this.#receive(JSON.parse(String(data))));
    socket.addEventListener("close", () => {
      this.state.value = "lost";
      setTimeout(() => this.connect(), this.#wait_ms);
      this.#wait_ms = Math.min(LONGEST_WAIT_ms, 2 * this.#wait_ms);
    });
  }

  /** Says something to the server; false while there is no connection. */
  send(message: FromPage): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  /** Asks for the newest policy of a run, now and whenever there is a newer. */
  follow(run: string): void {
    this.followed.value = run;
    this.send({ type: "follow", run });
  }

  /** Wants no newer policies. */
  unfollow(): void {
    this.followed.value = undefined;
    this.send({ type: "unfollow" });
  }

  #receive(message: FromServer): void {
    switch (message.type) {
      case "run": {
        const { run } = message;
        const others = this.runs.value.filter(({ name }) => name !== run.name);
        this.runs.value = [run, ...others];
        break;
      }
      case "policy":
        if (message.run !== this.followed.value) break;
        this.onPolicy(message.run, {
          manifest: message.manifest,
          onnx: Uint8Array.from(atob(message.onnx), (letter) => letter.charCodeAt(0)),
        });
        break;
      case "robot":
        this.robot.value = message.robot;
        break;
      case "supervisor":
        this.supervisor.value = message.supervisor;
        break;
      case "stored":
        this.stored.value = storedText(message);
        this.plan.value = message.plan;
        this.unplanned.value = message.reasons;
        break;
      case "refused":
        this.onRefused(message.message);
    }
  }
}

function storedText({ file, count, listeners }: Extract<FromServer, { type: "stored" }>): string {
  const told =
    listeners === 0
      ? ""
      : ` ${listeners} listening ${listeners > 1 ? "programs were" : "program was"} told.`;
  return `Stored as label ${count} in ${file}.${told}`;
}
