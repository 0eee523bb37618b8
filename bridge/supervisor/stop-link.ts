/** The emergency stop's own connection: one button, one latch, nothing else on the line. */

import { setTimeout as sleep } from "node:timers/promises";
import { WireError } from "../../core/errors.ts";
import { monotonic_s } from "../clock.ts";
import type { ConnectorKeys } from "../security/keys.ts";
import { connect, type Frames, Link } from "../sockets.ts";
import type { Mode } from "./machine.ts";
import { decodeStop, defaultStopEndpoint, encodeOne, type StopMessage } from "./messages.ts";

/** What a supervisor answers on the socket for stops. */
export interface StopState {
  readonly mode: Mode;
  /** Emergency stops so far: the number that a reset has to name. */
  readonly stops: number;
}

type Question = Exclude<StopMessage, { type: "state" }>;

/** How often a message that is not answered is sent again. */
const repeat_ms = 50;

/** The emergency stop's own connection to a supervisor; close it when done. Times are seconds to wait for an answer. */
export class StopLink {
  readonly #endpoint: string;
  readonly #link: Link;
  /** Who waits for the answer, by request. */
  readonly #waiting = new Map<number, (state: StopState) => void>();
  #request = 0;

  /** @param endpoint where the supervisor listens for stops; tcp://127.0.0.1:5612 unless given */
  constructor(endpoint = defaultStopEndpoint, keys?: ConnectorKeys) {
    this.#endpoint = endpoint;
    this.#link = new Link(connect(endpoint, keys), (messages) => this.#receive(messages));
  }

  /** Stops the robot. @throws WireError when no supervisor says that it did: cut the power. */
  stop(why: string, timeout_s = 2): Promise<StopState> {
    return this.#say({ type: "stop", why, request: ++this.#request }, timeout_s);
  }

  /** Ends the last stop; the robot is disarmed then. @throws WireError when it is not ended. */
  async reset(timeout_s = 2): Promise<StopState> {
    const { stops, mode } = await this.ask(timeout_s);
    if (mode !== "estop")
      throw new WireError(`There is no emergency stop to reset: it is ${mode}.`);
    const state = await this.#say(
      { type: "reset", stop: stops, request: ++this.#request },
      timeout_s,
    );
    if (state.mode === "estop") throw new WireError("Somebody stopped it again. Look why first.");
    return state;
  }

  /** How the supervisor stands; changes nothing. @throws WireError when nobody answers */
  ask(timeout_s = 2): Promise<StopState> {
    return this.#say({ type: "ask", request: ++this.#request }, timeout_s);
  }

  /** Closes the connection. The robot stays as it is. */
  close(): void {
    this.#link.close();
  }

  /** Sends until it is answered; several may be under way. */
  async #say(message: Question, timeout_s: number): Promise<StopState> {
    const deadline_s = monotonic_s() + timeout_s;
    const answer = new Promise<StopState>((resolve) => {
      this.#waiting.set(message.request, resolve);
    });
    try {
      while (monotonic_s() < deadline_s) {
        this.#link.post(encodeOne(message));
        const state = await Promise.race([answer, sleep(repeat_ms, undefined)]);
        if (state) return state;
      }
    } finally {
      this.#waiting.delete(message.request);
    }
    throw new WireError(
      `No supervisor answered at "${this.#endpoint}" within ${timeout_s} s. If the robot moves, cut its power.`,
    );
  }

  #receive(messages: readonly Frames[]): void {
    for (const frames of messages) {
      const decoded = decodeStop(frames, "supervisor");
      if (!("message" in decoded) || decoded.message.type !== "state") continue;
      const { request = 0 } = decoded.message;
      this.#waiting.get(request)?.(decoded.message);
    }
  }
}
