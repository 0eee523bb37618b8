/**
 * A TurtleBot3 behind rosbridge (JSON over a WebSocket; rosbridge_suite, ROSBRIDGE_PROTOCOL.md). The base
 * keeps its last velocity when nobody speaks, so zeros are said twenty times a second whenever no fresh
 * command is in force, again as soon as a lost connection is back, and last of all when this program ends.
 * A connection may hold back what was said, in either direction, and deliver it later; its messages have no
 * times. So pings go with commands: what is said or comes is no older than the newest that was answered.
 */

import { WebSocket } from "ws";
import type { PolicyOutput } from "../../policies/manifest.ts";
import { monotonic_s } from "../clock.ts";
import { connecting } from "../sockets.ts";
import { CommandPort } from "./command-port.ts";
import { jsonMap } from "./lekiwi-messages.ts";
import { Refusal, RefusalLog } from "./refusal.ts";

/** ROS 2 Humble's TurtleBot3 listens to Twist, Jazzy's to TwistStamped. */
export const twistTypes = ["Twist", "TwistStamped"] as const;
export type TwistType = (typeof twistTypes)[number];

export interface RosbridgeOptions {
  /** Limits of the base: columns forward (m/s) and turn (rad/s). */
  readonly output: PolicyOutput;
  readonly url?: string;
  readonly twist?: TwistType;
  readonly commandTopic?: string;
  /** Topics to listen to, with their types, such as `{ "/odom": "nav_msgs/msg/Odometry" }`. */
  readonly topics?: Readonly<Record<string, string>>;
  readonly onMessage?: (topic: string, message: Readonly<Record<string, unknown>>) => void;
  readonly watchdog_s?: number;
  readonly reconnect_ms?: number;
  readonly log?: (line: string) => void;
}

export const defaultRosbridge = "ws://127.0.0.1:9090";
const commandEvery_ms = 50;
const maxMessageBytes = 16 * 2 ** 20;
/** Some servers hang up on whoever sends many pings at once, as they come after a stall. */
const mostPings = 8;
/** After so many watchdogs without an answer the connection is taken for lost. */
const lostAfter = 4;
/** The firmware takes whole hundredths of m/s and rad/s, and truncates. */
const quantum = 0.01;

/**
 * The nearest velocity that the firmware can drive, such that its `int(100 * value)` gives just that:
 * 0.29 times 100 is 28.999999999999996, which it would take for 0.28.
 */
export function quantised(value: number): number {
  const steps = Math.round(value / quantum);
  const plain = steps / 100;
  return Math.trunc(plain * 100) === steps ? plain : (steps + 1e-6 * Math.sign(steps)) / 100;
}

/** A `publish` of a velocity. `Twist` is bare; `TwistStamped` wraps it and has a frame and a time (zero: now). */
export function velocityMessage(
  topic: string,
  type: TwistType,
  forward_mps: number,
  turn_radps: number,
): string {
  const twist = {
    linear: { x: quantised(forward_mps), y: 0, z: 0 },
    angular: { x: 0, y: 0, z: quantised(turn_radps) },
  };
  const header = { stamp: { sec: 0, nanosec: 0 }, frame_id: "base_link" };
  return JSON.stringify({
    op: "publish",
    topic,
    msg: type === "Twist" ? twist : { header, twist },
  });
}

export class Rosbridge {
  readonly refusals: RefusalLog;
  readonly #options: Required<RosbridgeOptions>;
  readonly #port: CommandPort;
  readonly #timer: NodeJS.Timeout;
  #socket: WebSocket | undefined;
  #retry: NodeJS.Timeout | undefined;
  /** When the newest ping was sent that was answered, or the connection stood. */
  #answered_s = 0;
  /** When the others were sent. */
  #unanswered: number[] = [];
  #isLate = false;
  #closed = false;

  /** Connects, and keeps trying. @throws WireError for what is no URL of a WebSocket. */
  constructor(options: RosbridgeOptions) {
    const { output, url = defaultRosbridge, twist = "TwistStamped", topics = {} } = options;
    const { commandTopic = "/cmd_vel", onMessage = () => {}, log = () => {} } = options;
    const { watchdog_s = 0.25, reconnect_ms = 250 } = options;
    const says = { url, twist, commandTopic, topics };
    this.#options = { output, ...says, onMessage, watchdog_s, reconnect_ms, log };
    this.refusals = new RefusalLog(log);
    this.#port = new CommandPort(output, watchdog_s);
    this.#connect();
    this.#timer = setInterval(() => this.#say(), commandEvery_ms);
  }

  get connected(): boolean {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /** What the robot sees has come: commands answer it from here on. */
  observed(now_s = monotonic_s()): void {
    this.#port.observed(now_s);
  }

  /** Takes an action in the manifest's output units. */
  drive(action: Float32Array): void {
    try {
      this.#port.offer(action, monotonic_s());
    } catch (error) {
      this.refusals.add(error);
    }
    this.#say();
  }

  /** Takes one message from the server; what is none stops the robot. */
  take(bytes: Uint8Array): Refusal | undefined {
    try {
      const message = jsonMap(bytes, maxMessageBytes);
      const { op, topic, msg } = message;
      if (op === "status") return this.#status(message);
      const known = typeof topic === "string" && Object.hasOwn(this.#options.topics, topic);
      if (op !== "publish" || !known || typeof msg !== "object" || msg === null) {
        throw new Refusal("unknown endpoint", "Expected a message of a topic that was asked for.");
      }
      this.#options.onMessage(topic, msg as Readonly<Record<string, unknown>>);
      return undefined;
    } catch (error) {
      this.#port.stop();
      return this.refusals.add(error);
    }
  }

  /** Zero, until something new is seen and answered. */
  stop(): void {
    this.#port.stop();
  }

  /** In the manifest's output units. */
  command(now_s = monotonic_s()): Float32Array {
    return this.#port.commandAt(now_s);
  }

  /** Stops the base and hangs up. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    clearTimeout(this.#retry);
    this.#port.stop();
    this.#say();
    const socket = this.#socket;
    if (socket && this.connected) {
      await new Promise<void>((resolve) => {
        socket.once("close", () => resolve());
        socket.close(1000);
        setTimeout(resolve, 200).unref();
      });
    }
    socket?.terminate();
  }

  /** rosbridge reports what it could not do with a message of ours. */
  #status({ level, msg }: Readonly<Record<string, unknown>>): undefined {
    if (level !== "error" && level !== "warning") return;
    this.#options.log(`rosbridge ${level}: ${String(msg).slice(0, 300)}`);
  }

  #connect(): void {
    const { url, commandTopic, twist, topics, log, reconnect_ms } = this.#options;
    const socket = connecting(
      url,
      defaultRosbridge,
      () => new WebSocket(url, { perMessageDeflate: false, maxPayload: maxMessageBytes }),
    );
    this.#socket = socket;
    socket.on("open", () => {
      this.#answered_s = monotonic_s();
      this.#unanswered = [];
      const type = `geometry_msgs/msg/${twist}`;
      socket.send(JSON.stringify({ op: "advertise", topic: commandTopic, type }));
      for (const [topic, type] of Object.entries(topics)) {
        // one waits at most: the newest
        const subscribe = { op: "subscribe", topic, type, queue_length: 1 };
        socket.send(JSON.stringify(subscribe));
      }
      log(`driving ${commandTopic} (${type}) at ${url}`);
      this.#say();
    });
    socket.on("pong", (data) => {
      const sent_s = Number(String(data));
      if (!this.#unanswered.includes(sent_s)) return;
      this.#unanswered = this.#unanswered.filter((later_s) => later_s > sent_s);
      this.#answered_s = sent_s;
    });
    socket.on("message", (data) => {
      if (this.#silence_s(monotonic_s()) <= this.#options.watchdog_s) this.take(data as Buffer);
    });
    socket.on("error", (error) => log(`rosbridge: ${error.message}`));
    socket.on("close", () => {
      // what was commanded before the loss is over
      this.#port.stop();
      if (!this.#closed) this.#retry = setTimeout(() => this.#connect(), reconnect_ms);
    });
  }

  #silence_s(now_s: number): number {
    return now_s - this.#answered_s;
  }

  #say(): void {
    const socket = this.#socket;
    if (!socket || !this.connected) return;
    const { commandTopic, twist, watchdog_s, log } = this.#options;
    const now_s = monotonic_s();
    const silence_s = this.#silence_s(now_s);
    if (silence_s > lostAfter * watchdog_s) {
      socket.terminate();
      return;
    }
    const isLate = silence_s > watchdog_s;
    if (isLate) this.#port.stop();
    if (isLate && !this.#isLate) log(`rosbridge: no answer for ${watchdog_s} s, standing still`);
    this.#isLate = isLate;
    const [forward_mps, turn_radps] = this.#port.siCommandAt(now_s);
    if (this.#unanswered.length < mostPings) {
      this.#unanswered.push(now_s);
      socket.ping(String(now_s));
    }
    socket.send(velocityMessage(commandTopic, twist, forward_mps, turn_radps));
  }
}
