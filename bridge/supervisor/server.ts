/**
 * The supervisor as a process: sockets, a timer and the actuators around the pure machine. It decides
 * nothing: messages become requests, ticks become beats, and what the machine commands is written.
 */

import { randomUUID } from "node:crypto";
import { monotonic_s } from "../clock.ts";
import type { Refused } from "../codec.ts";
import { Refusals } from "../counts.ts";
import { type Connection, type Frames, type Listening, listen } from "../sockets.ts";
import { SpentNonces } from "../spent-nonces.ts";
import type { Actuators, SensedLine } from "./actuators.ts";
import type { SupervisorConfig } from "./config.ts";
import { type LaneKeys, laneProblem } from "./lane-keys.ts";
import {
  advance,
  createSupervisor,
  emergencyStop,
  type Lane,
  type Mode,
  mayDrive,
  type Plant,
  plantOf,
  type Supervisor,
} from "./machine.ts";
import {
  type CommandMessage,
  type CommandMessageOf,
  decodeCommand,
  decodeStop,
  defaultStopEndpoint,
  defaultSupervisorEndpoint,
  encodeOne,
  supervisorProtocol,
} from "./messages.ts";
import {
  arm,
  armed,
  disarm,
  hear,
  laneOf,
  leaveLane,
  type Outcome,
  offerCommand,
  reset,
  sense,
  takeLane,
} from "./requests.ts";
import { withReading } from "./zones.ts";

/** Which robot, and who may drive it. */
export interface SuperviseOptions {
  /** What the robot is held to: `supervisorSchema.parse({ columns: robotLimits["ego-push"] })` has the defaults. */
  readonly config: SupervisorConfig;
  /** Closed with the supervisor, after a last zero. */
  readonly actuators: Actuators;
  /** For commands; tcp://127.0.0.1:5611 unless given. A port * takes a free one. */
  readonly endpoint?: string;
  /** For emergency stops; tcp://127.0.0.1:5612 unless given. */
  readonly stopEndpoint?: string;
  /** Who may connect, and take which lane. Needed where other machines can connect. */
  readonly keys?: LaneKeys;
  /** Listens where other machines can connect, without keys; false unless given, and that is refused. */
  readonly allowOpenPort?: boolean;
  /** Armed from the start, without anybody saying go; false unless given. */
  readonly isArmed?: boolean;
  /** Gets one line for each thing that happens, refusals the first of a kind; nobody does unless given. */
  readonly log?: (line: string) => void;
}

/** How a supervisor stands, and its counts since it began. */
export interface SupervisorReport {
  readonly mode: Mode;
  /** Whose command is obeyed; undefined where nobody's is. */
  readonly driver: Lane | undefined;
  /** What the actuators are told, one number for each column in m/s or rad/s. */
  readonly command: readonly number[];
  /** So far. */
  readonly ticks: number;
  /** Commands of peers that were accepted. */
  readonly commands: number;
  /** Times that motion ended because no command was in force. */
  readonly holds: number;
  /** Emergency stops. */
  readonly stops: number;
  /** Messages not accepted, by reason. */
  readonly refused: Readonly<Record<string, number>>;
}

interface Session {
  readonly id: string;
  readonly nonce: string;
  readonly address: Uint8Array;
  /** Whether the peer's columns are this robot's. */
  readonly knowsColumns: boolean;
}

interface Refusal {
  /** Nonce of the hello, or session, or empty. */
  readonly about: string;
  readonly reason: string;
  readonly sentence: string;
}

/** A stamp of the actuators' program may be so much ahead, by rounding; one of another clock is further off. */
const stampSlack_s = 0.01;

/** Looks at the clock so many times in a tick. */
const looksPerTick = 4;

/**
 * Listens at both endpoints until closed, in this process; better one of its own.
 * @throws ConfigError for endpoints that other machines can reach without keys, WireError when it cannot listen
 */
export async function supervise(options: SuperviseOptions): Promise<SupervisorServer> {
  const { endpoint = defaultSupervisorEndpoint, stopEndpoint = defaultStopEndpoint } = options;
  const { keys, allowOpenPort, log = () => {} } = options;
  const refusals = new Refusals(log);
  const commands = await listen(endpoint, refusals, { keys, allowOpenPort });
  try {
    const stops = await listen(stopEndpoint, refusals, { keys, allowOpenPort });
    return new SupervisorServer(options, commands, stops, refusals);
  } catch (error) {
    commands.open(() => {}).close();
    throw error;
  }
}

/** What owns a robot's actuators; made by `supervise`. */
export class SupervisorServer {
  /** Where it listens, with the ports it was given. */
  readonly endpoint: string;
  readonly stopEndpoint: string;
  readonly #plant: Plant;
  readonly #keys: LaneKeys | undefined;
  readonly #actuators: Actuators;
  readonly #log: (line: string) => void;
  readonly #refused: Refusals;
  readonly #commands: Connection;
  readonly #stops: Connection;
  readonly #timer: NodeJS.Timeout;
  readonly #sessions = new Map<string, Session>();
  readonly #spent = new SpentNonces();
  #state: Supervisor;
  #accepted = 0;
  #closed = false;

  /** Use `supervise`. */
  constructor(
    { config, actuators, keys, isArmed = false, log = () => {} }: SuperviseOptions,
    commands: Listening,
    stops: Listening,
    refused: Refusals,
  ) {
    this.#plant = plantOf(config);
    this.#keys = keys;
    this.#actuators = actuators;
    this.#log = log;
    this.#refused = refused;
    this.endpoint = commands.endpoint;
    this.stopEndpoint = stops.endpoint;
    const now_s = monotonic_s();
    const idle = createSupervisor(this.#plant, now_s);
    this.#state = isArmed ? armed(idle, now_s) : idle;
    this.#commands = commands.open((messages) => {
      this.#look();
      for (const [address, ...frames] of messages) this.receive(address, frames);
    });
    this.#stops = stops.open((messages) => {
      for (const [address, ...frames] of messages) this.receiveStop(address, frames);
    });
    const { tick_ms } = config;
    this.#timer = setInterval(() => this.#look(), Math.max(1, tick_ms / looksPerTick));
    log(`supervising at ${this.endpoint}, emergency stops at ${this.stopEndpoint}`);
  }

  /** How it stands, and counts so far. */
  report(): SupervisorReport {
    const { mode, driver, command, tick, holds, stops } = this.#state;
    const refused = this.#refused.byReason();
    return { mode, driver, command, ticks: tick, commands: this.#accepted, holds, stops, refused };
  }

  /** What the actuators' own sensors see. */
  sensed({ stamp_s, ...reading }: SensedLine): void {
    const now_s = monotonic_s();
    const at_s = stamp_s ?? now_s;
    if (at_s > now_s + stampSlack_s) {
      const sentence = `The actuators' program stamped a reading with ${at_s} s, which is to come: it is ${now_s.toFixed(3)} s by the monotonic clock of the lines it gets.`;
      this.refuse("stamp to come", sentence);
      return;
    }
    const sensed = withReading(this.#state.sensed, "actuators", reading, Math.min(now_s, at_s));
    this.#state = { ...this.#state, sensed };
  }

  /** Counts something refused elsewhere on this robot. */
  refuse(reason: string, sentence: string): void {
    this.#refused.add(reason, sentence);
  }

  /** Zeros at once, latched. */
  stop(why: string): void {
    this.#state = emergencyStop(this.#state);
    this.#write();
    this.#log(`EMERGENCY STOP ${this.#state.stops}: ${why}`);
  }

  /** Takes one message of a peer for commands. Returns why it was refused, if it was. */
  receive(address: Uint8Array, frames: Frames): string | undefined {
    const decoded = decodeCommand(frames, "peer");
    const refusal =
      "refusal" in decoded ? notAMessage(decoded) : this.#take(address, decoded.message);
    if (!refusal) return undefined;
    const { about, reason, sentence } = refusal;
    this.#refused.add(reason, sentence);
    this.#send(address, { type: "refused", about, reason, message: sentence.slice(0, 2000) });
    return reason;
  }

  /** Takes one message of a peer for stops. What cannot be read is taken for a stop. */
  receiveStop(address: Uint8Array, frames: Frames): void {
    const decoded = decodeStop(frames, "peer");
    if ("refusal" in decoded) {
      this.refuse(`stop: ${decoded.refusal}`, `${decoded.detail}; taken for a stop.`);
      this.stop(`a message that is none (${decoded.refusal})`);
    } else if (decoded.message.type === "stop") this.stop(decoded.message.why);
    else if (decoded.message.type === "reset") this.#reset(decoded.message.stop);
    const { mode, stops } = this.#state;
    const answer = { type: "state", mode, stops } as const;
    const request = "message" in decoded ? { request: decoded.message.request ?? 0 } : {};
    this.#stops.post([address, ...encodeOne({ ...answer, ...request })]);
  }

  /** Says goodbye, and leaves the actuators at zero. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#timer);
    for (const { id, address } of this.#sessions.values()) {
      this.#send(address, { type: "bye", session: id });
    }
    this.#actuators.write(
      this.#plant.names.map(() => 0),
      "disarmed",
    );
    // a turn for the goodbyes to leave: sockets do not linger
    await new Promise((resolve) => setTimeout(resolve, 20));
    this.#commands.close();
    this.#stops.close();
    await this.#actuators.close();
  }

  #look(): void {
    if (this.#closed) return;
    const before = this.#state;
    this.#state = advance(before, this.#plant, monotonic_s());
    if (this.#state.mode !== before.mode) this.#log(`${before.mode} -> ${this.#state.mode}`);
    const isTick = this.#state.tick !== before.tick;
    if (isTick || this.#state.command !== before.command) this.#write();
    if (isTick) this.#beat();
  }

  #write(): void {
    this.#actuators.write(this.#state.command, this.#state.mode);
  }

  #beat(): void {
    const { tick, mode, driver, command, zones, holds, stops } = this.#state;
    for (const { id, address } of this.#sessions.values()) {
      // another peer may have taken the lane
      if (laneOf(this.#state, id) === undefined) this.#sessions.delete(id);
      this.#send(address, {
        type: "beat",
        session: id,
        beat: tick,
        mode,
        ...(driver ? { driver } : {}),
        command: [...command],
        zones: [...zones],
        holds,
        stops,
      });
    }
  }

  #take(address: Uint8Array, message: CommandMessage): Refusal | undefined {
    if (message.type === "hello") return this.#greet(address, message);
    if (!("session" in message)) return undefined;
    const about = message.session;
    const session = this.#sessions.get(about);
    if (!session) {
      const sentence =
        "There is no such session, perhaps because the supervisor was restarted. Send a hello.";
      return { about, reason: "unknown session", sentence };
    }
    if (!isSame(session.address, address)) {
      const sentence = "That session belongs to another connection. Begin one with a hello.";
      return { about, reason: "other connection", sentence };
    }
    const { mode } = this.#state;
    const refusal = this.#change(this.#request(message, monotonic_s()));
    if (mode !== this.#state.mode) this.#log(`${mode} -> ${this.#state.mode}: ${message.type}`);
    if (refusal !== undefined) {
      return {
        about,
        reason: refusal,
        sentence: `Message "${message.type}" was refused: ${refusal}.`,
      };
    }
    if (message.type === "command") this.#accepted++;
    if (message.type === "bye") this.#sessions.delete(about);
    return undefined;
  }

  #request(message: CommandMessage, now_s: number): Outcome {
    const state = this.#state;
    switch (message.type) {
      case "command": {
        const { session, sequence, beat, ttl_ms, values } = message;
        const command = { session, sequence, beat, ttl_s: ttl_ms / 1000, values };
        return offerCommand(state, this.#plant, command, now_s);
      }
      case "sense": {
        const { session, beat, age_ms, pose, nearest_m } = message;
        const seen = {
          ...(pose ? { pose } : {}),
          ...(nearest_m === undefined ? {} : { nearest_m }),
          ...{ beat, age_s: age_ms / 1000 },
        };
        return sense(state, session, seen, now_s);
      }
      case "alive":
        return hear(state, message.session, now_s);
      case "arm":
        return arm(state, message.session, message.beat, now_s);
      case "disarm":
        return disarm(state, message.session);
      case "bye":
        return leaveLane(state, message.session);
      default:
        return { state };
    }
  }

  #greet(address: Uint8Array, hello: CommandMessageOf<"hello">): Refusal | undefined {
    const { nonce: about, lane, columns } = hello;
    const known = [...this.#sessions.values()].find(({ nonce }) => nonce === about);
    if (known && isSame(known.address, address)) {
      this.#welcome(known);
      return undefined;
    }
    if (this.#spent.has(about)) {
      const sentence = "A session began with that nonce before. Choose a new one for each session.";
      return { about, reason: "replayed hello", sentence };
    }
    const { names } = this.#plant;
    const knowsColumns = columns.join() === names.join();
    if (!knowsColumns && mayDrive(lane)) {
      const sentence = `This robot takes [${names.join(", ")}], the peer gives [${columns.join(", ")}]. Give those, in that order.`;
      return { about, reason: "other columns", sentence };
    }
    const problem = this.#keys && laneProblem(this.#keys, lane, about, hello);
    if (problem !== undefined) return { about, reason: "lane not allowed", sentence: problem };
    const id = randomUUID();
    const refusal = this.#change(takeLane(this.#state, this.#plant, lane, id, monotonic_s()));
    if (refusal !== undefined) {
      const sentence = `Lane "${lane}" has a peer already. End that one first, or wait until it is silent.`;
      return { about, reason: refusal, sentence };
    }
    const session = { id, nonce: about, address, knowsColumns };
    this.#sessions.set(id, session);
    this.#spent.add(about);
    this.#log(`${lane}: session ${id.slice(0, 8)} begins`);
    this.#welcome(session);
    return undefined;
  }

  #change({ state, refusal }: Outcome): string | undefined {
    this.#state = state;
    return refusal;
  }

  #welcome({ id, nonce, address, knowsColumns }: Session): void {
    const { names, config } = this.#plant;
    const { tick_ms, watchdog_ms } = config;
    const columns = knowsColumns ? {} : { columns: [...names] };
    this.#send(address, { type: "welcome", nonce, session: id, tick_ms, watchdog_ms, ...columns });
  }

  #reset(stop: number): void {
    const refusal = this.#change(reset(this.#state, stop));
    if (refusal) this.refuse(refusal, `A reset of stop ${stop}, but it is ${this.#state.stops}.`);
    else this.#log(`emergency stop ${stop} was reset; the robot is disarmed`);
  }

  #send(address: Uint8Array, message: CommandMessage): void {
    this.#commands.post([address, ...encodeOne(message)]);
  }
}

function notAMessage({ refusal, detail, header }: Refused): Refusal {
  const { nonce } = (header ?? {}) as { nonce?: unknown };
  const about = typeof nonce === "string" ? nonce.slice(0, 64) : "";
  const sentence = `Not a message of ${supervisorProtocol}: ${refusal} (${detail}).`;
  return { about, reason: refusal, sentence };
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
