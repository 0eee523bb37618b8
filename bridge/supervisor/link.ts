/**
 * A peer of the supervisor: what a robot's program, a joystick or an operator's console holds. It greets
 * until it has its lane, notices silence and begins anew; commands name the newest beat that was heard.
 */

import { randomUUID } from "node:crypto";
import { WireError } from "../../core/errors.ts";
import { checkWaits_s, monotonic_s } from "../clock.ts";
import { Counts } from "../counts.ts";
import type { ConnectorKeys } from "../security/keys.ts";
import { connect, type Frames, Link } from "../sockets.ts";
import { claimOf } from "./lane-keys.ts";
import type { Lane } from "./machine.ts";
import {
  type Beat,
  type CommandMessage,
  type CommandMessageOf,
  decodeCommand,
  defaultSupervisorEndpoint,
  encodeOne,
  supervisorProtocol,
} from "./messages.ts";
import type { Reading } from "./zones.ts";

/** Which supervisor, and what for. */
export interface SupervisorLinkOptions {
  /** What the peer is: see docs/deployment.md for what each may do. */
  readonly lane: Lane;
  /** Names of the numbers in a command; on a lane that drives, as the supervisor has them. */
  readonly columns: readonly string[];
  /** Where the supervisor listens; tcp://127.0.0.1:5611 unless given. */
  readonly endpoint?: string;
  /** Needed where the supervisor has keys; none unless given. */
  readonly keys?: ConnectorKeys | undefined;
  /** How long `connectSupervisor` and `arm` wait; 3 unless given. */
  readonly timeout_s?: number;
  /** Gets one line where the lane is taken or lost; nobody does unless given. */
  readonly log?: (line: string) => void;
}

const tick_ms = 50;
/** A supervisor silent for so many ticks of ours, and so many of its own, is taken for gone. */
const lostAfterTicks = 8;
const lostAfterBeats = 4;

/**
 * Connects and takes the lane; close the link when done. @throws WireError when nobody answers, or with the reason of a refusal,
 * ConfigError for a time to wait that is none.
 */
export async function connectSupervisor(options: SupervisorLinkOptions): Promise<SupervisorLink> {
  const link = new SupervisorLink(options);
  try {
    await link.before(() => link.connected, "No supervisor gave the lane");
    return link;
  } catch (error) {
    await link.close();
    throw error;
  }
}

/** A peer's connection to a supervisor. It comes back by itself when the supervisor was away. */
export class SupervisorLink {
  readonly #options: Required<SupervisorLinkOptions>;
  readonly #link: Link;
  readonly #timer: NodeJS.Timeout;
  readonly #refused = new Counts();
  #session: string | undefined;
  #columns: readonly string[];
  #nonce = randomUUID();
  #sequence = 0;
  #beat: Beat | undefined;
  #ticksSinceHeard = 0;
  #patienceTicks = lostAfterTicks;
  #welcomes = 0;
  /** The last thing refused, as a sentence. */
  #why = "";
  /** The last refusal that asking again does not change. */
  #verdict: string | undefined;
  /** The supervisor has said so since it was last asked to arm. */
  #isArmedAlready = false;
  #closed = false;

  /** Use `connectSupervisor`, or this to wait for a supervisor as long as it takes. */
  constructor(options: SupervisorLinkOptions) {
    const { lane, columns, endpoint = defaultSupervisorEndpoint, keys } = options;
    const { timeout_s = 3, log = () => {} } = options;
    checkWaits_s({ timeout_s });
    this.#options = { lane, columns, endpoint, keys, timeout_s, log };
    this.#columns = columns;
    this.#link = new Link(connect(endpoint, keys), (messages) => this.#receive(messages));
    this.#timer = setInterval(() => this.#tick(), tick_ms);
    this.#hello();
  }

  /** Whether the lane is this peer's and the supervisor is heard. */
  get connected(): boolean {
    return this.#session !== undefined && this.#beat !== undefined;
  }

  /** The newest of what the supervisor says at each tick: mode, who drives, command, stops. */
  get beat(): Beat | undefined {
    return this.#beat;
  }

  /** Names of the numbers in a beat's command: the supervisor's, once it has said which. */
  get columns(): readonly string[] {
    return this.#columns;
  }

  /** Lanes taken after the first, and messages that the supervisor refused, by reason. */
  report(): {
    readonly reconnections: number;
    readonly refused: Readonly<Record<string, number>>;
  } {
    const refused = this.#refused.byReason();
    return { reconnections: Math.max(0, this.#welcomes - 1), refused };
  }

  /**
   * Sends a command, one number for each column in m/s or rad/s; motion ends `ttl_s` after the newest
   * beat unless another follows. With no time left, or no lane, nothing is sent: the supervisor holds.
   * @returns whether it was sent
   */
  command(values: ArrayLike<number>, ttl_s: number): boolean {
    if (!this.#session || !this.#beat || !(ttl_s > 0)) return false;
    this.#post({
      type: "command",
      session: this.#session,
      sequence: this.#sequence++,
      beat: this.#beat.beat,
      ttl_ms: 1000 * ttl_s,
      values: Array.from(values),
    });
    return true;
  }

  /** Says what the robot's sensors see, the pose in the odometry frame, and how old that is: new unless given. */
  sense(seen: Reading, age_s = 0): void {
    if (!this.#session || !this.#beat) return;
    const of = { session: this.#session, beat: this.#beat.beat, age_ms: 1000 * age_s };
    this.#post({ type: "sense", ...of, ...seen });
  }

  /** Asks to be armed and waits until it is so. @throws WireError with the reason when it is not. */
  async arm(): Promise<void> {
    const saysArmed = () => this.#beat?.mode === "hold" || this.#beat?.mode === "armed";
    // beats that are still on their way may be older than an emergency stop: who seems to be armed has to be told so
    const seemsArmed = saysArmed();
    const isArmed = () => this.#isArmedAlready || (!seemsArmed && saysArmed());
    const ask = () => {
      if (!this.#session || !this.#beat || isArmed()) return;
      this.#post({ type: "arm", session: this.#session, beat: this.#beat.beat });
    };
    this.#isArmedAlready = false;
    this.#verdict = undefined;
    ask();
    const asking = setInterval(ask, tick_ms);
    try {
      const isOver = () => isArmed() || this.#verdict !== undefined;
      await this.before(isOver, "The supervisor did not arm");
    } finally {
      clearInterval(asking);
    }
    if (!isArmed()) throw new WireError(`The supervisor did not arm. ${this.#verdict}`);
  }

  /** Ends motion; the robot has to be armed anew. */
  disarm(): void {
    if (this.#session) this.#post({ type: "disarm", session: this.#session });
  }

  /** Gives the lane back. */
  async close(): Promise<void> {
    if (this.#closed) return;
    if (this.#session) this.#post({ type: "bye", session: this.#session });
    this.#closed = true;
    clearInterval(this.#timer);
    this.#lose("closed");
    // a turn for the goodbye to leave: sockets do not linger
    await new Promise((resolve) => setTimeout(resolve, 20));
    this.#link.close();
  }

  /** Waits until `is`. @throws WireError that says what did not happen, and why. */
  async before(is: () => boolean, what: string): Promise<void> {
    const { timeout_s, endpoint } = this.#options;
    const deadline_s = monotonic_s() + timeout_s;
    while (!is()) {
      if (monotonic_s() > deadline_s) {
        const why = this.#why || 'Start one with "understudy supervise", or check the endpoint.';
        throw new WireError(`${what} at "${endpoint}" within ${timeout_s} s. ${why}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  #receive(messages: readonly Frames[]): void {
    for (const frames of messages) {
      const decoded = decodeCommand(frames, "supervisor");
      if ("refusal" in decoded) this.#refused.add(decoded.refusal);
      else this.#handle(decoded.message);
    }
  }

  #handle(message: CommandMessage): void {
    if (message.type === "welcome") {
      if (message.nonce !== this.#nonce || this.#session === message.session) return;
      this.#session = message.session;
      this.#columns = message.columns ?? this.#options.columns;
      this.#sequence = 0;
      this.#welcomes++;
      this.#ticksSinceHeard = 0;
      const beats_ms = lostAfterBeats * message.tick_ms;
      this.#patienceTicks = Math.max(lostAfterTicks, Math.ceil(beats_ms / tick_ms));
      this.#options.log(`has lane "${this.#options.lane}"`);
    } else if (message.type === "refused") this.#refusal(message);
    else if ("session" in message && message.session === this.#session) {
      this.#ticksSinceHeard = 0;
      if (message.type === "beat") this.#beat = message;
      if (message.type === "bye") this.#lose("the supervisor said goodbye");
    }
  }

  #refusal({ about, reason, message }: CommandMessageOf<"refused">): void {
    this.#refused.add(reason);
    if (about !== this.#nonce && about !== this.#session) return;
    this.#why = message;
    if (reason === "already armed") this.#isArmedAlready = true;
    if (reason === "emergency stop" || reason === "may not arm") this.#verdict = message;
    const isOver = reason === "unknown session" || reason === "other connection";
    if (isOver || reason === "replayed hello") this.#lose(message);
  }

  #tick(): void {
    this.#ticksSinceHeard++;
    if (this.#session && this.#ticksSinceHeard > this.#patienceTicks) {
      this.#lose("the supervisor is silent");
    }
    if (this.#session) this.#post({ type: "alive", session: this.#session });
    else this.#hello();
  }

  #hello(): void {
    const { lane, columns, keys } = this.#options;
    const nonce = this.#nonce;
    const hello = { type: "hello", protocol: supervisorProtocol, nonce, lane } as const;
    const claim = keys ? claimOf(lane, nonce, keys) : {};
    this.#post({ ...hello, columns: [...columns], ...claim });
  }

  #lose(why: string): void {
    if (this.#session) this.#options.log(`lost the supervisor: ${why}`);
    this.#session = undefined;
    this.#beat = undefined;
    this.#nonce = randomUUID();
  }

  #post(message: CommandMessage): void {
    if (!this.#closed) this.#link.post(encodeOne(message));
  }
}
