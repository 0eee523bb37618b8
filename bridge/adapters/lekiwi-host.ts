/**
 * A robot that speaks as a LeKiwi host: LeRobot's own client, teleoperation, recorder and trainers drive
 * it without knowing better. It drives only through the command gate, and only as a differential drive can.
 */

import { Pull, Push } from "zeromq";
import type { PolicyOutput } from "../../policies/manifest.ts";
import { monotonic_s } from "../clock.ts";
import { CommandPort } from "./command-port.ts";
import {
  decodeCommand,
  encodeObservation,
  type LeKiwiState,
  type LeKiwiWire,
} from "./lekiwi-messages.ts";
import { cannotListen, checkLocal } from "./open-port.ts";
import { Refusal, RefusalLog } from "./refusal.ts";

export const defaultLeKiwi = {
  commands: "tcp://127.0.0.1:5555",
  observations: "tcp://127.0.0.1:5556",
} as const;

export interface LeKiwiHostOptions {
  /** Limits of the base: columns forward (m/s) and turn (rad/s). */
  readonly output: PolicyOutput;
  readonly wire: LeKiwiWire;
  /** Where clients push commands, and where they pull observations. */
  readonly commands?: string;
  readonly observations?: string;
  /** A LeKiwi stops half a second after the last command. */
  readonly watchdog_s?: number;
  readonly allowOpenPort?: boolean;
  readonly log?: (line: string) => void;
}

export interface LeKiwiHostReport {
  readonly observations: number;
  /** Observations that nobody was there to take. */
  readonly unsent: number;
  readonly commands: number;
  readonly refused: Readonly<Record<string, number>>;
}

/** Commands of a LeKiwi client, from bytes to the gate; no socket. */
export class LeKiwiCommands {
  readonly port: CommandPort;
  readonly refusals: RefusalLog;
  #accepted = 0;

  constructor(output: PolicyOutput, watchdog_s: number, log: (line: string) => void) {
    this.port = new CommandPort(output, watchdog_s);
    this.refusals = new RefusalLog(log);
  }

  get accepted(): number {
    return this.#accepted;
  }

  /** Takes one message; whatever is wrong with it stops the robot and is counted. */
  take(frames: readonly Uint8Array[], now_s: number): Refusal | undefined {
    try {
      const { forward_mps, left_mps, turn_radps } = decodeCommand(frames);
      if (Math.abs(left_mps) > 1e-6) {
        throw new Refusal("sideways", "This base is a differential drive: y.vel must be 0.");
      }
      this.port.offerSi([forward_mps, turn_radps], now_s);
      this.#accepted++;
      return undefined;
    } catch (error) {
      this.port.stop();
      return this.refusals.add(error);
    }
  }
}

/** Opens both sockets. @throws ConfigError or WireError when it cannot listen. */
export async function openLeKiwiHost(options: LeKiwiHostOptions): Promise<LeKiwiHost> {
  const { commands = defaultLeKiwi.commands, observations = defaultLeKiwi.observations } = options;
  // no conflate: it aborts on multipart messages; the reader below drains instead
  const pull = new Pull({ linger: 0, receiveHighWaterMark: 1000, maxMessageSize: 2 ** 20 });
  // two, as the stock host: what a slow client has not taken is not worth keeping
  const push = new Push({ linger: 0, sendHighWaterMark: 2, sendTimeout: 0 });
  for (const [socket, endpoint] of [
    [pull, commands],
    [push, observations],
  ] as const) {
    try {
      checkLocal(endpoint, options.allowOpenPort ?? false);
      await socket.bind(endpoint);
    } catch (error) {
      pull.close();
      push.close();
      throw (error as Error).name === "ConfigError" ? error : cannotListen(endpoint, error);
    }
  }
  return new LeKiwiHost(options, pull, push);
}

export class LeKiwiHost {
  /** Where it listens, with the ports it was given. */
  readonly commandsEndpoint: string;
  readonly observationsEndpoint: string;
  readonly #wire: LeKiwiWire;
  readonly #pull: Pull;
  readonly #push: Push;
  readonly #commands: LeKiwiCommands;
  #observations = 0;
  #unsent = 0;
  #wake: (() => void) | undefined;

  /** Use `openLeKiwiHost`. */
  constructor(options: LeKiwiHostOptions, pull: Pull, push: Push) {
    const { output, wire, watchdog_s = 0.5, log = () => {} } = options;
    this.#wire = wire;
    this.#pull = pull;
    this.#push = push;
    this.commandsEndpoint = pull.lastEndpoint ?? "";
    this.observationsEndpoint = push.lastEndpoint ?? "";
    this.#commands = new LeKiwiCommands(output, watchdog_s, log);
    log(`a LeKiwi of LeRobot ${wire}: commands at ${this.commandsEndpoint}`);
    log(`observations at ${this.observationsEndpoint}`);
    void this.#read();
  }

  report(): LeKiwiHostReport {
    return {
      observations: this.#observations,
      unsent: this.#unsent,
      commands: this.#commands.accepted,
      refused: this.#commands.refusals.byReason(),
    };
  }

  /** Sends what the robot sees now, or drops it where no client takes it. Says whether it was sent. */
  async publish(
    state: LeKiwiState,
    cameras: ReadonlyMap<string, Uint8Array>,
    now_s = monotonic_s(),
  ): Promise<boolean> {
    const frames = encodeObservation({ wire: this.#wire, state, cameras });
    try {
      await this.#push.send(frames);
    } catch {
      this.#unsent++;
      return false;
    }
    this.#observations++;
    this.#commands.port.observed(now_s);
    return true;
  }

  /** In the manifest's output units: zeros unless a valid command is in force. */
  command(now_s = monotonic_s()): Float32Array {
    return this.#commands.port.commandAt(now_s);
  }

  /** Waits for the next valid command, at most so long; says whether one came. */
  async nextCommand(timeout_s: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timeout = setTimeout(() => resolve(false), 1000 * timeout_s);
      this.#wake = () => {
        clearTimeout(timeout);
        resolve(true);
      };
    });
  }

  /** Zero until another observation was sent and answered, as between two episodes. */
  stop(): void {
    this.#commands.port.stop();
  }

  close(): void {
    this.#pull.close();
    this.#push.close();
  }

  async #read(): Promise<void> {
    while (!this.#pull.closed) {
      try {
        const frames = await this.#pull.receive();
        const refusal = this.#commands.take(frames, monotonic_s());
        if (!refusal) this.#wake?.();
      } catch (error) {
        if (!this.#pull.closed) throw error;
      }
    }
  }
}
