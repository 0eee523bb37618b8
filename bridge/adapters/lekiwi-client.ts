/**
 * A LeKiwi (real, or simulated by lekiwi-host.ts) as seen from here. It takes either wire, keeps the newest
 * observation only, and says twenty times a second what the base should do: zeros unless a fresh command is
 * in force. The arm is told to stay where it is.
 */

import { Pull, Push } from "zeromq";
import { WireError } from "../../core/errors.ts";
import type { PolicyOutput } from "../../policies/manifest.ts";
import { monotonic_s } from "../clock.ts";
import { connecting } from "../sockets.ts";
import { CommandPort } from "./command-port.ts";
import { defaultLeKiwi } from "./lekiwi-host.ts";
import { decodeObservation, encodeCommand, type LeKiwiObservation } from "./lekiwi-messages.ts";
import { RefusalLog } from "./refusal.ts";

export interface LeKiwiClientOptions {
  /** Limits of the base: columns forward (m/s) and turn (rad/s). */
  readonly output: PolicyOutput;
  readonly commands?: string;
  readonly observations?: string;
  readonly watchdog_s?: number;
  readonly log?: (line: string) => void;
}

const commandEvery_ms = 50;

/** An observation, and the number by which an action says that it answers it. */
export interface NumberedObservation extends LeKiwiObservation {
  readonly number: number;
}

export class LeKiwiClient {
  readonly refusals: RefusalLog;
  readonly #pull: Pull;
  readonly #push: Push;
  readonly #port: CommandPort;
  readonly #timer: NodeJS.Timeout;
  #newest: LeKiwiObservation | undefined;
  /** When that came. */
  #newest_s = 0;
  #fresh = false;
  #wake: (() => void) | undefined;

  /** Connects, and keeps trying. @throws WireError for what is no endpoint. */
  constructor(options: LeKiwiClientOptions) {
    const { output, watchdog_s = 0.25, log = () => {} } = options;
    const { commands = defaultLeKiwi.commands, observations = defaultLeKiwi.observations } =
      options;
    this.refusals = new RefusalLog(log);
    this.#port = new CommandPort(output, watchdog_s);
    // a large queue that is drained, rather than a small one that hides what waits in the kernel
    this.#pull = new Pull({ linger: 0, receiveHighWaterMark: 4096, maxMessageSize: 64 * 2 ** 20 });
    // nothing old may wait for a robot to come back
    this.#push = new Push({ linger: 0, sendTimeout: 0, immediate: true, sendHighWaterMark: 1 });
    try {
      connecting(observations, defaultLeKiwi.observations, () => this.#pull.connect(observations));
      connecting(commands, defaultLeKiwi.commands, () => this.#push.connect(commands));
    } catch (error) {
      this.#pull.close();
      this.#push.close();
      throw error;
    }
    this.#timer = setInterval(() => void this.#say(), commandEvery_ms);
    void this.#read();
  }

  /**
   * The newest observation that was not given yet; none once the client is closed.
   * @throws WireError after a silence.
   */
  async next(timeout_s: number): Promise<NumberedObservation | undefined> {
    await allRead();
    while (!this.#fresh && !this.#pull.closed) {
      await this.#arrival(timeout_s);
      await allRead();
    }
    if (this.#pull.closed || !this.#newest) return undefined;
    this.#fresh = false;
    return { ...this.#newest, number: this.#port.observed(this.#newest_s) };
  }

  /** Takes an action in the manifest's output units as the answer to the observation of that number. */
  drive(action: Float32Array, number: number): void {
    try {
      this.#port.offer(action, monotonic_s(), number);
    } catch (error) {
      this.refusals.add(error);
    }
    void this.#say();
  }

  /** Zero, until something new is seen and answered. */
  stop(): void {
    this.#port.stop();
  }

  /** Stops the base and hangs up. */
  async close(): Promise<void> {
    if (this.#pull.closed) return;
    clearInterval(this.#timer);
    this.#port.stop();
    await this.#say();
    // a turn for the zeros to leave: sockets do not linger
    await new Promise((resolve) => setTimeout(resolve, 20));
    this.#pull.close();
    this.#push.close();
    this.#wake?.();
  }

  /** Until an observation comes, or the client is closed. @throws WireError after a silence. */
  async #arrival(timeout_s: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#wake = undefined;
        reject(new WireError(`The LeKiwi sent no observation for ${timeout_s} s.`));
      }, 1000 * timeout_s);
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
    });
  }

  async #say(): Promise<void> {
    const joints = this.#newest?.state.joints;
    // where the arm is not known, nothing is said: a goal of 0 would make it jump
    if (!joints) return;
    const [forward_mps, turn_radps] = this.#port.siCommandAt(monotonic_s());
    try {
      await this.#push.send(encodeCommand({ joints, forward_mps, left_mps: 0, turn_radps }));
    } catch {
      // nobody there, or the one before is still on its way
    }
  }

  async #read(): Promise<void> {
    while (!this.#pull.closed) {
      try {
        // while messages wait this resolves within the turn, so that the newest is decoded last
        const frames = await this.#pull.receive();
        this.#take(frames);
      } catch (error) {
        if (!this.#pull.closed) throw error;
      }
    }
  }

  #take(frames: readonly Uint8Array[]): void {
    try {
      this.#newest = decodeObservation(frames);
    } catch (error) {
      this.#fresh = false;
      this.#port.stop();
      this.refusals.add(error);
      return;
    }
    this.#newest_s = monotonic_s();
    this.#fresh = true;
    this.#wake?.();
  }
}

/** A turn of the event loop: what waited in the sockets has been read then, the newest last. */
function allRead(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
