/**
 * The robot side of the wire, for one robot or for many simulated ones that share a session.
 *
 * Free-running: `observe` sends, `commandOf` says what the actuators may be told right now.
 * Lock-step: `exchange` sends and waits for the answer to just that observation, for simulations
 * that must not depend on the wall clock. In both, whatever is not a valid fresh action is zero.
 */

import { randomUUID } from "node:crypto";
import { WireError } from "../core/errors.ts";
import { type PolicyInterface, rowSize } from "../policies/manifest.ts";
import { describeInterface, manifestHash } from "../policies/manifest-hash.ts";
import type { Rows } from "../policies/runtime/runtime.ts";
import { monotonic_s, stamp_ns } from "./clock.ts";
import { decode, encode, toFloats } from "./codec.ts";
import { Counts, Latencies } from "./counts.ts";
import { FleetGates, packRows } from "./fleet-gates.ts";
import { type Message, type MessageOf, protocol } from "./messages.ts";
import { connect, defaultEndpoint, type Frames, Link } from "./sockets.ts";

export interface ConnectOptions {
  /** What this robot sees and does; a whole manifest fits. Compared with the policy's at hello. */
  readonly manifest: PolicyInterface;
  readonly endpoint?: string;
  /** How many robots share this session. */
  readonly robots?: number;
  /** Zero command this long after the last valid action. */
  readonly watchdog_s?: number;
  /** How long `connectRobot` waits for a policy. */
  readonly connectTimeout_s?: number;
  /** How long `exchange` waits for an answer before it gives zeros. */
  readonly exchangeTimeout_s?: number;
  /** How long the policy may be silent before `exchange` throws. */
  readonly patience_s?: number;
  readonly log?: (line: string) => void;
}

export interface RobotReport {
  readonly connected: boolean;
  /** Welcomes after the first. */
  readonly reconnections: number;
  /** Rows sent, and actions accepted, robot by robot. */
  readonly observations: number;
  readonly actions: number;
  /** Messages and actions not accepted, by reason. */
  readonly refused: Readonly<Record<string, number>>;
  /** Lock-step: from observation sent to action accepted. */
  readonly roundTripP50_ms: number;
  readonly roundTripP99_ms: number;
  /** The policy's clock minus this one, by the quickest ping so far. */
  readonly clockOffset_s: number;
  /** What the policy said of this session last. */
  readonly status: MessageOf<"status"> | undefined;
}

interface Waiting {
  readonly sequence: number;
  readonly robots: Set<number>;
  readonly done: () => void;
}

const tick_ms = 100;
/**
 * A policy silent for so many ticks is taken for gone, and a new hello is due. Ticks, not time: when
 * this process was busy itself, what it did not read is not the policy's silence.
 */
const lostAfterTicks = 6;

/**
 * Connects and agrees on the manifest. @throws WireError when nobody answers in time, or when the
 * policy speaks another version or was made for another robot.
 */
export async function connectRobot(options: ConnectOptions): Promise<RobotLink> {
  const robot = new RobotLink(options);
  try {
    await robot.welcomed();
    return robot;
  } catch (error) {
    await robot.close();
    throw error;
  }
}

export class RobotLink {
  readonly #options: Required<Omit<ConnectOptions, "log">>;
  readonly #log: (line: string) => void;
  readonly #hash: string;
  readonly #link: Link;
  readonly #timer: NodeJS.Timeout;
  readonly #refused = new Counts();
  readonly #roundTrips = new Latencies();
  readonly #gates: FleetGates;
  #session: string | undefined;
  #nonce = randomUUID();
  #fatal: WireError | undefined;
  #closed = false;
  #ticksSinceHeard = 0;
  #sequence = 0;
  #waiting: Waiting | undefined;
  #wake: (() => void)[] = [];
  #totals = { welcomes: 0, observations: 0, actions: 0 };
  #clock = { offset_s: 0, roundTrip_s: Number.POSITIVE_INFINITY };
  #status: MessageOf<"status"> | undefined;

  /** Use `connectRobot`. */
  constructor({ log = () => {}, ...options }: ConnectOptions) {
    this.#options = {
      endpoint: defaultEndpoint,
      robots: 1,
      watchdog_s: 0.25,
      connectTimeout_s: 3,
      exchangeTimeout_s: 2,
      patience_s: 10,
      ...options,
    };
    this.#log = log;
    const { manifest, robots, watchdog_s, endpoint } = this.#options;
    const { low, high, shape } = manifest.output;
    this.#hash = manifestHash(manifest);
    this.#gates = new FleetGates(robots, { size: rowSize(shape), low, high, watchdog_s });
    this.#link = new Link(connect(endpoint), (messages) => this.#receive(messages));
    this.#timer = setInterval(() => this.#tick(), tick_ms);
    this.#hello();
  }

  /** Whether a policy answers at the moment. */
  get connected(): boolean {
    return this.#session !== undefined && this.#ticksSinceHeard <= lostAfterTicks;
  }

  /** Resolves once there is a session; used by `connectRobot`. */
  async welcomed(): Promise<void> {
    const { connectTimeout_s, endpoint } = this.#options;
    await this.#sessionBefore(monotonic_s() + connectTimeout_s);
    if (this.#session !== undefined) return;
    throw new WireError(
      `No policy answered at "${endpoint}" within ${connectTimeout_s} s. Start one with "understudy serve --policy DIR", or check the endpoint.`,
    );
  }

  /**
   * Free-running: sends rows [robots, ...shape] of the robots whose `active` is not zero (all unless
   * given), and does not wait. `resets` marks robots whose memory starts anew. The arrays are copied.
   */
  observe(observations: Rows, active?: Uint8Array, resets?: Uint8Array): void {
    this.#throwIfOver();
    this.#send(observations, this.#gates.marked(active), resets);
  }

  /** What `robot` may be told right now [A], in the manifest's output units: zeros unless all is well. */
  commandOf(robot: number, now_s = monotonic_s()): Float32Array {
    return this.#gates.commandOf(robot, now_s);
  }

  /**
   * Lock-step: sends like `observe` and waits for the answer. Actions [robots, A]; zeros for robots
   * that are not active, and where no valid answer came in time. One call at a time.
   * @throws WireError when the policy has been silent for too long, or is no longer the same.
   */
  async exchange(
    observations: Rows,
    active?: Uint8Array,
    resets?: Uint8Array,
  ): Promise<Float32Array> {
    if (this.#waiting) throw new Error("internal: one exchange at a time.");
    this.#throwIfOver();
    this.#throwIfSilent();
    const { robots, exchangeTimeout_s, manifest } = this.#options;
    const size = rowSize(manifest.output.shape);
    const actions = new Float32Array(robots * size);
    const marked = this.#gates.marked(active);
    if (marked.length === 0) return actions;
    const start_s = monotonic_s();
    await this.#sessionBefore(start_s + exchangeTimeout_s);
    const sequence = this.#send(observations, marked, resets);
    if (sequence === undefined) return actions;
    await this.#answerTo(sequence, marked, start_s + exchangeTimeout_s);
    for (const robot of marked) {
      const answer = this.#gates.answerTo(sequence, robot);
      if (answer) actions.set(answer, robot * size);
      else this.#refused.add("no answer");
    }
    this.#roundTrips.add(monotonic_s() - start_s);
    return actions;
  }

  report(): RobotReport {
    const { welcomes, observations, actions } = this.#totals;
    return {
      connected: this.connected,
      reconnections: Math.max(0, welcomes - 1),
      observations,
      actions,
      refused: this.#refused.byReason(),
      roundTripP50_ms: this.#roundTrips.quantile_ms(0.5),
      roundTripP99_ms: this.#roundTrips.quantile_ms(0.99),
      clockOffset_s: this.#clock.offset_s,
      status: this.#status,
    };
  }

  /** Ends the session; commands are zero from here on. */
  async close(): Promise<void> {
    if (this.#closed) return;
    if (this.#session !== undefined) this.#post({ type: "bye", session: this.#session });
    this.#closed = true;
    clearInterval(this.#timer);
    this.#lose("closed");
    // a turn for the goodbye to leave: sockets do not linger
    await new Promise((resolve) => setTimeout(resolve, 20));
    this.#link.close();
  }

  #receive(messages: readonly Frames[]): void {
    for (const frames of messages) {
      const decoded = decode(frames, "policy");
      if ("refusal" in decoded) this.#refused.add(decoded.refusal);
      else this.#handle(decoded.message, decoded.blobs);
    }
  }

  #handle(message: Message, blobs: readonly Uint8Array[]): void {
    if (message.type === "welcome") this.#welcome(message);
    else if (message.type === "error") this.#error(message);
    else if (!("session" in message)) return;
    else if (message.session !== this.#session) this.#refused.add("other session");
    else {
      this.#ticksSinceHeard = 0;
      if (message.type === "action") this.#accept(message, toFloats(blobs[0]));
      if (message.type === "pong") this.#compareClocks(message);
      if (message.type === "status") this.#status = message;
      if (message.type === "bye") this.#lose("the policy said goodbye");
    }
  }

  #welcome(welcome: MessageOf<"welcome">): void {
    if (welcome.nonce !== this.#nonce || welcome.session === this.#session) return;
    this.#session = welcome.session;
    this.#ticksSinceHeard = 0;
    this.#gates.restart(welcome.session);
    this.#totals.welcomes++;
    this.#log(`welcomed by "${welcome.policy}"`);
    this.#wakeAll();
  }

  #error(error: MessageOf<"error">): void {
    this.#refused.add(`policy: ${error.code}`);
    const own = error.about === this.#nonce || error.about === this.#session;
    if (!own) return;
    this.#ticksSinceHeard = 0;
    if (error.code === "protocol" || error.code === "manifest") {
      this.#fatal = new WireError(error.message);
      this.#lose(error.message);
      this.#wakeAll();
    } else if (error.code === "session") {
      const had = this.#session !== undefined;
      this.#lose(error.message);
      // at once, unless that was the answer to a hello
      if (had) this.#hello();
    } else if (error.observation === this.#waiting?.sequence) this.#waiting?.done();
  }

  #accept(action: MessageOf<"action">, values: Float32Array): void {
    const waiting = this.#waiting?.sequence === action.observation ? this.#waiting : undefined;
    // in lock-step the world waits too, so an answer cannot be late
    const refusals = this.#gates.accept(action, values, monotonic_s(), waiting !== undefined);
    for (const refusal of refusals) {
      if (refusal) this.#refused.add(refusal);
      else this.#totals.actions++;
    }
    for (const robot of action.robots) waiting?.robots.delete(robot);
    if (waiting?.robots.size === 0) waiting.done();
  }

  #compareClocks({ sent_ns, received_ns, answered_ns }: MessageOf<"pong">): void {
    // NTP (RFC 5905, section 8): of many exchanges the quickest errs least
    const back_ns = stamp_ns(monotonic_s());
    const roundTrip_s = (back_ns - sent_ns - (answered_ns - received_ns)) / 1e9;
    if (roundTrip_s >= this.#clock.roundTrip_s) return;
    const offset_s = (received_ns - sent_ns + (answered_ns - back_ns)) / 2e9;
    this.#clock = { offset_s, roundTrip_s };
  }

  #tick(): void {
    this.#ticksSinceHeard++;
    // an exchange has its own, longer patience
    const silent = this.#ticksSinceHeard > lostAfterTicks && !this.#waiting;
    if (this.#session !== undefined && silent) this.#lose("the policy is silent");
    if (this.#session === undefined) this.#hello();
    else {
      const sent_ns = stamp_ns(monotonic_s());
      this.#post({ type: "ping", session: this.#session, sent_ns });
    }
  }

  #hello(): void {
    if (this.#fatal || this.#closed) return;
    const { manifest, robots } = this.#options;
    this.#post({
      type: "hello",
      protocol,
      nonce: this.#nonce,
      manifestHash: this.#hash,
      interface: describeInterface(manifest).slice(0, 2000),
      robots,
    });
  }

  /** Without a session every command is zero; the next hello asks for a new one. */
  #lose(why: string): void {
    if (this.#session !== undefined) this.#log(`session lost: ${why}`);
    this.#session = undefined;
    this.#nonce = randomUUID();
    this.#gates.restart("");
    this.#waiting?.done();
  }

  #send(observations: Rows, robots: readonly number[], resets?: Uint8Array): number | undefined {
    const { manifest, robots: total } = this.#options;
    const arrays = packRows(manifest.inputs, observations, robots, total);
    const session = this.#session;
    if (session === undefined || robots.length === 0) return undefined;
    const sequence = this.#sequence++;
    const now_s = monotonic_s();
    const header: MessageOf<"observation"> = {
      type: "observation",
      session,
      sequence,
      stamp_ns: stamp_ns(now_s),
      robots: [...robots],
      resets: resets ? this.#gates.marked(resets) : [],
      arrays: manifest.inputs.map(({ name, shape }) => ({ name, shape })),
    };
    this.#link.post(encode(header, arrays));
    this.#gates.sent(sequence, robots, now_s);
    this.#totals.observations += robots.length;
    return sequence;
  }

  async #sessionBefore(deadline_s: number): Promise<void> {
    while (this.#session === undefined) {
      this.#throwIfOver();
      const left_s = deadline_s - monotonic_s();
      if (left_s <= 0) return;
      await new Promise<void>((resolve) => {
        const timeout = setTimeout(resolve, 1000 * left_s);
        this.#wake.push(() => {
          clearTimeout(timeout);
          resolve();
        });
      });
    }
  }

  async #answerTo(sequence: number, robots: readonly number[], deadline_s: number): Promise<void> {
    await new Promise<void>((done) => {
      const timeout = setTimeout(done, Math.max(0, 1000 * (deadline_s - monotonic_s())));
      this.#waiting = {
        sequence,
        robots: new Set(robots),
        done: () => {
          clearTimeout(timeout);
          done();
        },
      };
    });
    this.#waiting = undefined;
  }

  #wakeAll(): void {
    const wake = this.#wake;
    this.#wake = [];
    for (const resume of wake) resume();
  }

  #throwIfOver(): void {
    if (this.#fatal) throw this.#fatal;
    if (this.#closed) throw new WireError("The connection to the policy was closed.");
  }

  #throwIfSilent(): void {
    const { patience_s, endpoint } = this.#options;
    if (this.#ticksSinceHeard * tick_ms < 1000 * patience_s) return;
    throw new WireError(
      `The policy at "${endpoint}" has been silent for ${patience_s} s. Check that it still runs.`,
    );
  }

  #post(message: Message): void {
    this.#link.post(encode(message));
  }
}
