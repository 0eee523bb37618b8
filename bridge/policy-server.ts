/**
 * The policy side of the wire: robots connect, agree on the manifest, send observations and get
 * actions. All observations that wait when the policy is free are answered by one inference.
 */

import type { PolicyRuntime } from "../policies/runtime/runtime.ts";
import { type Answer, Batcher } from "./batcher.ts";
import { monotonic_s, stamp_ns } from "./clock.ts";
import { decode, encode } from "./codec.ts";
import { Latencies, Refusals } from "./counts.ts";
import { type ErrorCode, type Message, type MessageOf, protocol } from "./messages.ts";
import { PolicySessions, type Refusal, type Session } from "./policy-sessions.ts";
import type { ListenerKeys } from "./security/keys.ts";
import {
  type Connection,
  defaultEndpoint,
  type Frames,
  type Listening,
  listen,
} from "./sockets.ts";

/** Which policy, and who may ask it. */
export interface ServeOptions {
  /** Stays the caller's: close it after the server. */
  readonly policy: PolicyRuntime;
  /** Such as ipc:///tmp/policy, or a port * for a free one; tcp://127.0.0.1:5601 (`defaultEndpoint`) unless given. */
  readonly endpoint?: string;
  /** How long after its observation an action may be in force; 250 unless given. */
  readonly ttl_ms?: number;
  /** Who may connect, and as whom this server answers. Needed where other machines can connect; none unless given. */
  readonly keys?: ListenerKeys;
  /** Listens where other machines can connect, without keys; false unless given, and that is refused. */
  readonly allowOpenPort?: boolean;
  /** Gets one line for each session, refusal (the first of a kind) and end; nobody does unless given. */
  readonly log?: (line: string) => void;
}

/** Counts and times of a `PolicyServer` since it began. */
export interface ServerReport {
  /** Sessions that are open now, and the robots in them. */
  readonly sessions: number;
  readonly robots: number;
  /** Rows received, answered, and not answered because a newer one had come. */
  readonly observations: number;
  readonly actions: number;
  readonly superseded: number;
  /** Inferences. */
  readonly batches: number;
  /** Episodes that robots said had ended. */
  readonly episodes: number;
  /** Messages not accepted, by reason. */
  readonly refused: Readonly<Record<string, number>>;
  /** From an observation received to its action sent. 0 before the first. */
  readonly latencyP50_ms: number;
  readonly latencyP99_ms: number;
}

/** A session that was silent this long is forgotten. */
const forgetAfter_s = 10;
const statusEvery_ms = 1000;

/**
 * Answers robots at `endpoint` until closed, in this process.
 * @throws ConfigError for an endpoint that other machines can reach without keys, WireError when it cannot listen
 */
export async function servePolicy(options: ServeOptions): Promise<PolicyServer> {
  const { endpoint = defaultEndpoint, keys, allowOpenPort, log = () => {} } = options;
  const refusals = new Refusals(log);
  return new PolicyServer(
    options,
    await listen(endpoint, refusals, { keys, allowOpenPort }),
    refusals,
  );
}

/** A policy that answers robots; made by `servePolicy`. */
export class PolicyServer {
  /** Where it listens, with the port it was given. */
  readonly endpoint: string;
  readonly #policy: PolicyRuntime;
  readonly #ttl_ms: number;
  readonly #log: (line: string) => void;
  readonly #link: Connection;
  readonly #batcher: Batcher<Session>;
  readonly #sessions: PolicySessions;
  readonly #refused: Refusals;
  readonly #latencies = new Latencies();
  readonly #timer: NodeJS.Timeout;
  #totals = { observations: 0, actions: 0, superseded: 0, batches: 0, episodes: 0 };
  #running: Promise<void> | undefined;
  #closed = false;

  /** Use `servePolicy`. */
  constructor(
    { policy, ttl_ms = 250, log = () => {} }: ServeOptions,
    { endpoint, open }: Listening,
    refused: Refusals,
  ) {
    this.endpoint = endpoint;
    this.#refused = refused;
    this.#policy = policy;
    this.#sessions = new PolicySessions(policy.manifest);
    this.#ttl_ms = ttl_ms;
    this.#log = log;
    this.#batcher = new Batcher(policy);
    this.#link = open((messages) => this.#receive(messages));
    this.#timer = setInterval(() => this.#eachSecond(), statusEvery_ms);
    log(`serving "${policy.manifest.name}" at ${endpoint}`);
  }

  /** Counts and times so far. */
  report(): ServerReport {
    const sessions = this.#sessions.all();
    return {
      sessions: sessions.length,
      robots: sessions.reduce((sum, { robots }) => sum + robots, 0),
      ...this.#totals,
      refused: this.#refused.byReason(),
      latencyP50_ms: this.#latencies.quantile_ms(0.5),
      latencyP99_ms: this.#latencies.quantile_ms(0.99),
    };
  }

  /** Says goodbye to every robot, and waits for an inference that is under way. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    for (const session of this.#sessions.all()) {
      this.#send(session.address, { type: "bye", session: session.id });
    }
    await this.#running;
    // a turn for the goodbyes to leave: sockets do not linger
    await new Promise((resolve) => setTimeout(resolve, 20));
    this.#link.close();
  }

  #receive(messages: readonly Frames[]): void {
    const now_s = monotonic_s();
    for (const [address, ...frames] of messages) this.#handle(address, frames, now_s);
    this.#running ??= this.#answerAll().finally(() => {
      this.#running = undefined;
    });
  }

  #handle(address: Uint8Array, frames: Frames, now_s: number): void {
    const decoded = decode(frames, "robot");
    if ("refusal" in decoded) {
      const other = decoded.refusal === "other protocol";
      const text = other
        ? `This policy speaks ${protocol}, the robot "${decoded.detail}". Use the same version of understudy on both sides.`
        : `Not a message of ${protocol}: ${decoded.refusal} (${decoded.detail}).`;
      const code = other ? "protocol" : "message";
      const about = other ? nonceOf(decoded.header) : "";
      this.#refuse(address, { code, reason: decoded.refusal, text }, about);
      return;
    }
    const { message, blobs } = decoded;
    if (message.type === "hello") this.#greet(address, message, now_s);
    if (message.type === "inspect") this.#inspect(address, message.nonce, now_s);
    if (!("session" in message)) return;
    const session = this.#sessions.of(address, message.session);
    if ("reason" in session) {
      this.#refuse(address, session, message.session);
      return;
    }
    session.heard_s = now_s;
    if (message.type === "observation") this.#observe(session, message, blobs, now_s);
    if (message.type === "episode") this.#endEpisode(session, message);
    if (message.type === "ping") this.#pong(session, message, now_s);
    if (message.type === "bye") this.#forget(session, "said goodbye");
  }

  #greet(address: Uint8Array, hello: MessageOf<"hello">, now_s: number): void {
    const session = this.#sessions.greet(address, hello);
    if ("reason" in session) {
      this.#refuse(address, session, hello.nonce);
      return;
    }
    if (session.heard_s === 0) {
      this.#log(`session ${session.id.slice(0, 8)} begins: ${session.robots} robot(s)`);
    }
    session.heard_s = now_s;
    this.#send(address, {
      type: "welcome",
      nonce: hello.nonce,
      session: session.id,
      policy: this.#policy.manifest.name,
      manifestHash: this.#sessions.hash,
      ttl_ms: this.#ttl_ms,
    });
  }

  #observe(
    session: Session,
    header: MessageOf<"observation">,
    blobs: readonly Uint8Array[],
    received_s: number,
  ): void {
    if (header.sequence <= session.observed) {
      const text = `Expected an observation after number ${session.observed}, got number ${header.sequence}.`;
      this.#refuseObservation(session, header.sequence, "observation", text, "old sequence");
      return;
    }
    session.observed = header.sequence;
    session.recent++;
    const rows = header.robots.length;
    session.observations += rows;
    this.#totals.observations += rows;
    const problem = this.#batcher.problem(session, header);
    if (problem !== undefined) {
      this.#refuseObservation(session, header.sequence, "observation", problem);
      return;
    }
    const superseded = this.#batcher.add({ fleet: session, header, blobs, received_s });
    session.superseded += superseded;
    this.#totals.superseded += superseded;
  }

  #endEpisode({ id, address, robots }: Session, { robot }: MessageOf<"episode">): void {
    if (robot < robots) this.#totals.episodes++;
    else {
      const text = `The end of an episode of robot ${robot} of a session of ${robots} robots.`;
      this.#refuse(address, { code: "message", reason: "unknown robot", text }, id);
    }
  }

  async #answerAll(): Promise<void> {
    while (!this.#closed && !this.#batcher.idle) {
      const answers = await this.#batcher.run();
      this.#totals.batches++;
      for (const answer of answers) this.#answer(answer);
      // let what came meanwhile join the next batch
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #answer(answer: Answer<Session>): void {
    const { fleet: session, header, received_s } = answer.observed;
    if ("refusal" in answer) {
      this.#refuseObservation(session, header.sequence, answer.refusal, answer.message);
      return;
    }
    const { robots, actions } = answer;
    session.sequence++;
    session.actions += robots.length;
    this.#totals.actions += robots.length;
    const { steps = 1 } = this.#policy.manifest;
    const action: MessageOf<"action"> = {
      type: "action",
      session: session.id,
      sequence: session.sequence,
      observation: header.sequence,
      ttl_ms: this.#ttl_ms,
      robots: [...robots],
      size: actions.length / robots.length / steps,
      ...(steps > 1 ? { steps } : {}),
    };
    this.#link.post([session.address, ...encode(action, [actions])]);
    this.#latencies.add(monotonic_s() - received_s);
  }

  #pong({ id, address }: Session, { sent_ns }: MessageOf<"ping">, received_s: number): void {
    this.#send(address, {
      type: "pong",
      session: id,
      sent_ns,
      received_ns: stamp_ns(received_s),
      answered_ns: stamp_ns(monotonic_s()),
    });
  }

  #inspect(address: Uint8Array, nonce: string, received_s: number): void {
    const { name, controlStep_s } = this.#policy.manifest;
    const sessions = this.#sessions.all().slice(0, 64);
    this.#send(address, {
      type: "inspection",
      nonce,
      protocol,
      policy: name,
      manifestHash: this.#sessions.hash,
      controlStep_ms: 1000 * controlStep_s,
      ttl_ms: this.#ttl_ms,
      received_ns: stamp_ns(received_s),
      answered_ns: stamp_ns(monotonic_s()),
      sessions: sessions.map(({ robots, rate_hz, superseded, refused }) => {
        return { robots, rate_hz, superseded, refused };
      }),
      latencyP99_ms: this.#latencies.quantile_ms(0.99),
      refused: { ...this.#refused.byReason() },
    });
  }

  #refuseObservation(
    session: Session,
    observation: number,
    code: ErrorCode,
    text: string,
    reason: string = code,
  ): void {
    session.refused++;
    this.#refuse(session.address, { code, reason, text }, session.id, observation);
  }

  #refuse(
    address: Uint8Array,
    { code, reason, text }: Refusal,
    about: string,
    observation?: number,
  ): void {
    this.#refused.add(reason, text);
    const error = { type: "error", code, message: text.slice(0, 2000), about } as const;
    this.#send(address, observation === undefined ? error : { ...error, observation });
  }

  #eachSecond(): void {
    const now_s = monotonic_s();
    for (const session of this.#sessions.all()) {
      if (now_s - session.heard_s > forgetAfter_s) {
        this.#forget(session, `was silent for ${forgetAfter_s} s`);
        continue;
      }
      session.rate_hz = (1000 * session.recent) / statusEvery_ms;
      session.recent = 0;
      const { id, observations, actions, superseded, refused } = session;
      this.#send(session.address, {
        type: "status",
        session: id,
        observations,
        actions,
        superseded,
        refused,
        latencyP50_ms: this.#latencies.quantile_ms(0.5),
        latencyP99_ms: this.#latencies.quantile_ms(0.99),
      });
    }
  }

  #forget(session: Session, why: string): void {
    this.#sessions.forget(session);
    this.#batcher.drop(session);
    this.#log(`session ${session.id.slice(0, 8)} ${why} after ${session.actions} actions`);
  }

  #send(address: Uint8Array, message: Message): void {
    this.#link.post([address, ...encode(message)]);
  }
}

function nonceOf(header: unknown): string {
  const { nonce } = (header ?? {}) as { nonce?: unknown };
  return typeof nonce === "string" ? nonce.slice(0, 64) : "";
}
