/**
 * A robot's session with a policy: greets until it is welcomed, pings, notices silence, begins anew.
 * What robots see and do goes through it; robot-client.ts gives that its meaning.
 */

import { randomUUID } from "node:crypto";
import { WireError } from "../core/errors.ts";
import type { PolicyInterface } from "../policies/manifest.ts";
import { interfaceText, manifestHash } from "../policies/manifest-hash.ts";
import { monotonic_s, stamp_ns } from "./clock.ts";
import { decode, encode } from "./codec.ts";
import { Counts } from "./counts.ts";
import { type Message, type MessageOf, protocol } from "./messages.ts";
import type { ConnectorKeys } from "./security/keys.ts";
import { connect, type Frames, Link } from "./sockets.ts";

export interface SessionOptions {
  readonly endpoint: string;
  readonly manifest: PolicyInterface;
  readonly robots: number;
  readonly keys?: ConnectorKeys | undefined;
  readonly log: (line: string) => void;
}

/** What the session tells its owner. */
export interface SessionEvents {
  /** No action may be in force longer than `ttl_s` after its observation. */
  begun(session: string, ttl_s: number): void;
  /** Nothing may move until the next session begins. */
  lost(): void;
  /** The policy answered a ping. */
  heard(): void;
  action(action: MessageOf<"action">, values: Uint8Array): void;
  /** The policy could not use an observation of this session. */
  refused(observation: number): void;
}

const tick_ms = 100;
/**
 * A policy silent for so many ticks is taken for gone, and a new hello is due. Ticks, not time: when
 * this process was busy itself, what it did not read is not the policy's silence.
 */
const lostAfterTicks = 6;

export class RobotSession {
  /** Messages not accepted, by reason. */
  readonly refused = new Counts();
  /** While true, silence does not end the session: who waits has a patience of its own. */
  patient = false;
  readonly #options: SessionOptions;
  readonly #events: SessionEvents;
  readonly #hash: string;
  readonly #link: Link;
  readonly #timer: NodeJS.Timeout;
  #id: string | undefined;
  #nonce = randomUUID();
  #fatal: WireError | undefined;
  #closed = false;
  #ticksSinceHeard = 0;
  #welcomes = 0;
  #wake: (() => void)[] = [];
  #clock = { offset_s: 0, roundTrip_s: Number.POSITIVE_INFINITY };
  #status: MessageOf<"status"> | undefined;

  constructor(options: SessionOptions, events: SessionEvents) {
    this.#options = options;
    this.#events = events;
    this.#hash = manifestHash(options.manifest);
    this.#link = new Link(connect(options.endpoint, options.keys), (messages) =>
      this.#receive(messages),
    );
    this.#timer = setInterval(() => this.#tick(), tick_ms);
    this.#hello();
  }

  /** Set while there is a session. */
  get id(): string | undefined {
    return this.#id;
  }

  /** Whether the policy answers at the moment. */
  get connected(): boolean {
    return this.#id !== undefined && this.#ticksSinceHeard <= lostAfterTicks;
  }

  get silence_s(): number {
    return (this.#ticksSinceHeard * tick_ms) / 1000;
  }

  get welcomes(): number {
    return this.#welcomes;
  }

  /** The policy's clock minus this one, by the quickest ping so far. */
  get clockOffset_s(): number {
    return this.#clock.offset_s;
  }

  get status(): MessageOf<"status"> | undefined {
    return this.#status;
  }

  post(message: Message, blobs: readonly Float32Array[] = []): void {
    this.#link.post(encode(message, blobs));
  }

  /** Waits for a session, at most until `deadline_s`. @throws WireError when there can be none. */
  async before(deadline_s: number): Promise<void> {
    this.throwIfOver();
    while (this.#id === undefined) {
      const left_s = deadline_s - monotonic_s();
      if (left_s <= 0) return;
      await new Promise<void>((resolve) => {
        const timeout = setTimeout(resolve, 1000 * left_s);
        this.#wake.push(() => {
          clearTimeout(timeout);
          resolve();
        });
      });
      this.throwIfOver();
    }
  }

  throwIfOver(): void {
    if (this.#fatal) throw this.#fatal;
    if (this.#closed) throw new WireError("The connection to the policy was closed.");
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    if (this.#id !== undefined) this.post({ type: "bye", session: this.#id });
    this.#closed = true;
    clearInterval(this.#timer);
    this.#lose("closed");
    this.#wakeAll();
    // a turn for the goodbye to leave: sockets do not linger
    await new Promise((resolve) => setTimeout(resolve, 20));
    this.#link.close();
  }

  #receive(messages: readonly Frames[]): void {
    for (const frames of messages) {
      const decoded = decode(frames, "policy");
      if ("refusal" in decoded) this.refused.add(decoded.refusal);
      else this.#handle(decoded.message, decoded.blobs);
    }
  }

  #handle(message: Message, blobs: readonly Uint8Array[]): void {
    if (message.type === "welcome") this.#welcome(message);
    else if (message.type === "error") this.#error(message);
    else if (!("session" in message)) return;
    else if (message.session !== this.#id) this.refused.add("other session");
    else {
      this.#ticksSinceHeard = 0;
      if (message.type === "action") this.#events.action(message, blobs[0]);
      if (message.type === "pong") {
        this.#compareClocks(message);
        this.#events.heard();
      }
      if (message.type === "status") this.#status = message;
      if (message.type === "bye") this.#lose("the policy said goodbye");
    }
  }

  #welcome(welcome: MessageOf<"welcome">): void {
    if (welcome.nonce !== this.#nonce || welcome.session === this.#id) return;
    this.#id = welcome.session;
    this.#ticksSinceHeard = 0;
    this.#welcomes++;
    this.#events.begun(welcome.session, welcome.ttl_ms / 1000);
    this.#options.log(`welcomed by "${welcome.policy}"`);
    this.#wakeAll();
  }

  #error(error: MessageOf<"error">): void {
    this.refused.add(`policy: ${error.code}`);
    if (error.about !== this.#nonce && error.about !== this.#id) return;
    this.#ticksSinceHeard = 0;
    if (error.code === "protocol" || error.code === "manifest") {
      this.#fatal = new WireError(error.message);
      this.#lose(error.message);
      this.#wakeAll();
    } else if (error.code === "session") {
      const had = this.#id !== undefined;
      this.#lose(error.message);
      // at once, unless that was the answer to a hello
      if (had) this.#hello();
    } else if (error.observation !== undefined) this.#events.refused(error.observation);
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
    const silent = this.#ticksSinceHeard > lostAfterTicks && !this.patient;
    if (this.#id !== undefined && silent) this.#lose("the policy is silent");
    if (this.#id === undefined) this.#hello();
    else this.post({ type: "ping", session: this.#id, sent_ns: stamp_ns(monotonic_s()) });
  }

  #hello(): void {
    if (this.#fatal || this.#closed) return;
    const { manifest, robots } = this.#options;
    this.post({
      type: "hello",
      protocol,
      nonce: this.#nonce,
      manifestHash: this.#hash,
      interface: interfaceText(manifest),
      robots,
    });
  }

  #lose(why: string): void {
    if (this.#id !== undefined) this.#options.log(`session lost: ${why}`);
    this.#id = undefined;
    this.#nonce = randomUUID();
    this.#events.lost();
  }

  #wakeAll(): void {
    const wake = this.#wake;
    this.#wake = [];
    for (const resume of wake) resume();
  }
}
