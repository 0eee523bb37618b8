/**
 * The robot side of the wire, for one robot or for many simulated ones that share a session.
 *
 * Free-running: `observe` sends, `commandOf` says what the actuators may be told right now.
 * Lock-step: `exchange` sends and waits for the answer to just that observation, for simulations
 * that must not depend on the wall clock. In both, whatever is not a valid fresh action is zero.
 */

import { ConfigError, WireError } from "../core/errors.ts";
import { type PolicyInterface, rowSize } from "../policies/manifest.ts";
import type { Rows } from "../policies/runtime/runtime.ts";
import { checkWaits_s, monotonic_s, stamp_ns } from "./clock.ts";
import { toFloats } from "./codec.ts";
import { Latencies } from "./counts.ts";
import { FleetGates, packRows } from "./fleet-gates.ts";
import { type MessageOf, maxRobots, type SessionStatus } from "./messages.ts";
import { RobotSession } from "./robot-session.ts";
import type { ConnectorKeys } from "./security/keys.ts";
import { defaultEndpoint } from "./sockets.ts";

/** Which policy, and how long to wait for it. */
export interface ConnectOptions {
  /** What this robot sees and does; a whole manifest fits. Compared with the policy's at hello. */
  readonly manifest: PolicyInterface;
  /** Where the policy listens; tcp://127.0.0.1:5601 (`defaultEndpoint`) unless given. */
  readonly endpoint?: string;
  /** Needed where the policy has keys, as it should off this machine; none unless given. */
  readonly keys?: ConnectorKeys | undefined;
  /** How many robots share this session; 1 unless given. */
  readonly robots?: number;
  /** Zero command this long after the last valid action; 0.25 unless given. */
  readonly watchdog_s?: number;
  /** How long `connectRobot` waits for a policy; 3 unless given. */
  readonly connectTimeout_s?: number;
  /** How long `exchange` waits for an answer before it gives zeros; 2 unless given. */
  readonly exchangeTimeout_s?: number;
  /** How long the policy may be silent before `exchange` throws; 10 unless given. */
  readonly patience_s?: number;
  /** Gets one line for each session that begins or is lost; nobody does unless given. */
  readonly log?: (line: string) => void;
}

/** Counts and times of a `RobotLink` since it was made. */
export interface RobotReport {
  readonly connected: boolean;
  /** Welcomes after the first. */
  readonly reconnections: number;
  /** Rows sent, and actions accepted, robot by robot. */
  readonly observations: number;
  readonly actions: number;
  /** Messages and actions not accepted, by reason. */
  readonly refused: Readonly<Record<string, number>>;
  /** Lock-step: from observation sent to action accepted. 0 before the first. */
  readonly roundTripP50_ms: number;
  readonly roundTripP99_ms: number;
  /** The policy's clock minus this one, by the quickest ping so far. */
  readonly clockOffset_s: number;
  /** What the policy said of this session last. */
  readonly status: SessionStatus | undefined;
}

interface Waiting {
  readonly sequence: number;
  readonly robots: Set<number>;
  readonly done: () => void;
}

/**
 * Connects and agrees on the manifest; close the link when done. @throws WireError when nobody answers in time, or when the
 * policy speaks another version or was made for another robot, ConfigError for options out of range.
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

/** One robot's connection to its policy, or that of many which share a session. Rows of all arrays are robots. */
export class RobotLink {
  readonly #options: Required<ConnectOptions>;
  readonly #session: RobotSession;
  readonly #gates: FleetGates;
  readonly #roundTrips = new Latencies();
  #sequence = 0;
  #waiting: Waiting | undefined;
  #totals = { observations: 0, actions: 0 };

  /** Use `connectRobot`. */
  constructor(options: ConnectOptions) {
    this.#options = complete(options);
    const { manifest, robots, watchdog_s } = this.#options;
    const { low, high, shape } = manifest.output;
    const limits = { low, high, watchdog_s, step_s: manifest.controlStep_s };
    this.#gates = new FleetGates(robots, { size: rowSize(shape), ...limits });
    this.#session = new RobotSession(this.#options, {
      begun: (session, ttl_s) => this.#gates.restart(session, ttl_s),
      lost: () => this.#lost(),
      heard: () => this.#gates.heard(monotonic_s()),
      action: (action, values) => this.#accept(action, toFloats(values)),
      refused: (observation) => {
        if (observation === this.#waiting?.sequence) this.#waiting.done();
      },
    });
  }

  /** Whether a policy answers at the moment. */
  get connected(): boolean {
    return this.#session.connected;
  }

  /** Resolves once there is a session; used by `connectRobot`. */
  async welcomed(): Promise<void> {
    const { connectTimeout_s, endpoint } = this.#options;
    await this.#session.before(monotonic_s() + connectTimeout_s);
    if (this.#session.id !== undefined) return;
    throw new WireError(
      `No policy answered at "${endpoint}" within ${connectTimeout_s} s. Start one with "understudy serve --policy DIR", or check the endpoint.`,
    );
  }

  /**
   * Free-running: sends rows [robots, ...shape] of each input of the manifest, in its units, and does not wait. The arrays are
   * copied; others beside them are left out.
   * @param active [robots] not zero where a robot takes part; all do unless given
   * @param resets [robots] not zero where a policy's memory starts anew; nowhere unless given
   * @throws ShapeError for arrays of other sizes, WireError where the policy is no longer the same, or the link was closed
   */
  observe(observations: Rows, active?: ArrayLike<number>, resets?: ArrayLike<number>): void {
    this.#session.throwIfOver();
    this.#send(observations, this.#gates.marked(active), resets);
  }

  /**
   * A control step begins without an observation: of a chunk, the next action is due. `observe` does
   * this by itself, so call it only in steps that send nothing.
   */
  advance(): void {
    this.#gates.stepBegun();
  }

  /**
   * Says that an episode of `robot` has ended with its last observation, and how ("success", or anything
   * else in a word or two): who records the session can tell episodes apart. The policy forgets by `resets`.
   * @param robot 0 unless given
   * @param sum its return: the rewards of the episode, added up; left out unless given
   */
  endEpisode(outcome: string, { robot = 0, sum }: { robot?: number; sum?: number } = {}): void {
    this.#session.throwIfOver();
    const session = this.#session.id;
    if (session === undefined) return;
    const rewards = sum === undefined ? {} : { return: sum };
    this.#session.post({ type: "episode", session, robot, outcome, ...rewards });
  }

  /** How many seconds longer `commandOf` may be in force, unless a newer action comes; 0 where it is not. */
  timeLeft_s(robot: number, now_s = monotonic_s()): number {
    return this.#gates.timeLeft_s(robot, now_s);
  }

  /**
   * What `robot` (from 0) may be told right now [A], in the manifest's output units (`inSiUnits` scales them): zeros unless all is
   * well. @throws ShapeError where there is no such robot
   */
  commandOf(robot: number, now_s = monotonic_s()): Float32Array {
    return this.#gates.commandOf(robot, now_s);
  }

  /**
   * Lock-step: sends like `observe` and waits for the answer. Actions [robots, A] in the manifest's output units; zeros for
   * robots that are not active, and where no valid answer came in time. One call at a time. A `SceneBatch` is driven by
   * `batch.step(await link.exchange(batch.groups, undefined, batch.boundaries))`.
   * @throws WireError when the policy has been silent for too long or is no longer the same, or another exchange is under way; ShapeError
   * for arrays of other sizes
   */
  async exchange(
    observations: Rows,
    active?: ArrayLike<number>,
    resets?: ArrayLike<number>,
  ): Promise<Float32Array> {
    if (this.#session.patient) {
      throw new WireError("An exchange is under way. Wait for its answer before the next one.");
    }
    this.#session.throwIfOver();
    this.#throwIfSilent();
    this.#session.patient = true;
    try {
      return await this.#exchange(observations, active, resets);
    } finally {
      this.#session.patient = false;
    }
  }

  /** Counts and times so far. */
  report(): RobotReport {
    const { welcomes, refused, clockOffset_s, status } = this.#session;
    return {
      connected: this.connected,
      reconnections: Math.max(0, welcomes - 1),
      ...this.#totals,
      refused: refused.byReason(),
      roundTripP50_ms: this.#roundTrips.quantile_ms(0.5),
      roundTripP99_ms: this.#roundTrips.quantile_ms(0.99),
      clockOffset_s,
      status,
    };
  }

  /** Ends the session; commands are zero from here on, and `observe` and `exchange` throw. */
  close(): Promise<void> {
    return this.#session.close();
  }

  async #exchange(
    observations: Rows,
    active: ArrayLike<number> | undefined,
    resets: ArrayLike<number> | undefined,
  ): Promise<Float32Array> {
    const { robots, exchangeTimeout_s, manifest } = this.#options;
    const size = rowSize(manifest.output.shape);
    const actions = new Float32Array(robots * size);
    const marked = this.#gates.marked(active);
    if (marked.length === 0) return actions;
    const start_s = monotonic_s();
    await this.#session.before(start_s + exchangeTimeout_s);
    const sequence = this.#send(observations, marked, resets);
    if (sequence === undefined) return actions;
    await this.#answerTo(sequence, marked, start_s + exchangeTimeout_s);
    for (const robot of marked) {
      const answer = this.#gates.answerTo(sequence, robot);
      if (answer) actions.set(answer, robot * size);
      else this.#session.refused.add("no answer");
    }
    this.#roundTrips.add(monotonic_s() - start_s);
    return actions;
  }

  #accept(action: MessageOf<"action">, values: Float32Array): void {
    const waiting = this.#waiting?.sequence === action.observation ? this.#waiting : undefined;
    // in lock-step the world waits too, so an answer cannot be late
    const refusals = this.#gates.accept(action, values, monotonic_s(), waiting !== undefined);
    for (const refusal of refusals) {
      if (refusal) this.#session.refused.add(refusal);
      else this.#totals.actions++;
    }
    for (const robot of action.robots) waiting?.robots.delete(robot);
    if (waiting?.robots.size === 0) waiting.done();
  }

  #send(
    observations: Rows,
    robots: readonly number[],
    resets?: ArrayLike<number>,
  ): number | undefined {
    const { manifest, robots: total } = this.#options;
    const arrays = packRows(manifest.inputs, observations, robots, total);
    const session = this.#session.id;
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
    this.#session.post(header, arrays);
    this.#gates.sent(sequence, robots, now_s);
    this.#totals.observations += robots.length;
    return sequence;
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

  /** Without a session every command is zero. */
  #lost(): void {
    this.#gates.restart("", 0);
    this.#waiting?.done();
  }

  #throwIfSilent(): void {
    const { patience_s, endpoint } = this.#options;
    if (this.#session.silence_s < patience_s) return;
    throw new WireError(
      `The policy at "${endpoint}" has been silent for ${patience_s} s. Check that it still runs.`,
    );
  }
}

/** The options, with what is not given or undefined filled in. @throws ConfigError for what is out of range */
function complete({
  manifest,
  endpoint = defaultEndpoint,
  keys,
  robots = 1,
  watchdog_s = 0.25,
  connectTimeout_s = 3,
  exchangeTimeout_s = 2,
  patience_s = 10,
  log = () => {},
}: ConnectOptions): Required<ConnectOptions> {
  const waits_s = { watchdog_s, connectTimeout_s, exchangeTimeout_s, patience_s };
  checkWaits_s(waits_s);
  if (!Number.isInteger(robots) || robots < 1 || robots > maxRobots) {
    throw new ConfigError(`Expected from 1 to ${maxRobots} robots, got ${robots}.`);
  }
  return { manifest, endpoint, keys, robots, log, ...waits_s };
}
