/** The sessions of a policy server: who may begin one, whose messages belong to it, what it counts. */

import { randomUUID } from "node:crypto";
import type { PolicyManifest } from "../policies/manifest.ts";
import { differenceBetween, interfaceText, manifestHash } from "../policies/manifest-hash.ts";
import { createFleet, type Fleet } from "./batcher.ts";
import type { ErrorCode, MessageOf } from "./messages.ts";
import { SpentNonces } from "./spent-nonces.ts";

export interface Session extends Fleet {
  readonly id: string;
  readonly nonce: string;
  /** Of the one peer that may use this session. */
  readonly address: Uint8Array;
  heard_s: number;
  /** Sequence of the last observation. */
  observed: number;
  /** Observation messages since the last status, and of the second before it. */
  recent: number;
  rate_hz: number;
  /** Sequence of the last action. */
  sequence: number;
  observations: number;
  actions: number;
  superseded: number;
  refused: number;
}

/** Why a message is not taken. */
export interface Refusal {
  readonly code: ErrorCode;
  /** What it is counted as. */
  readonly reason: string;
  /** One sentence: expected, found, what to do. */
  readonly text: string;
}

const maxSessions = 1024;

export class PolicySessions {
  readonly hash: string;
  readonly #manifest: PolicyManifest;
  readonly #sessions = new Map<string, Session>();
  readonly #spent = new SpentNonces();

  constructor(manifest: PolicyManifest) {
    this.#manifest = manifest;
    this.hash = manifestHash(manifest);
  }

  all(): Session[] {
    return [...this.#sessions.values()];
  }

  /** The session that a hello begins, or has begun: robots repeat it until they are answered. */
  greet(address: Uint8Array, hello: MessageOf<"hello">): Session | Refusal {
    if (hello.manifestHash !== this.hash) return this.#otherManifest(hello);
    const known = this.all().find(({ nonce }) => nonce === hello.nonce);
    if (this.#spent.has(hello.nonce) || (known && !isSame(known.address, address))) {
      const text = "A session began with that nonce before. Choose a new one for each session.";
      return { code: "session", reason: "replayed hello", text };
    }
    if (known) return known;
    if (this.#sessions.size >= maxSessions) {
      const text = `This policy already serves ${maxSessions} sessions. Close one, or serve the policy once more.`;
      return { code: "session", reason: "too many sessions", text };
    }
    const session = {
      ...createFleet(this.#manifest, hello.robots),
      ...blank(address, hello.nonce),
    };
    this.#sessions.set(session.id, session);
    return session;
  }

  /** The session `id`, if it is this connection's. */
  of(address: Uint8Array, id: string): Session | Refusal {
    const session = this.#sessions.get(id);
    if (!session) {
      const text = "There is no such session, perhaps because the policy was restarted.";
      return { code: "session", reason: "unknown session", text };
    }
    if (isSame(session.address, address)) return session;
    const text = "That session belongs to another connection. Begin one with a hello.";
    return { code: "session", reason: "other connection", text };
  }

  /** Ends a session for good: its nonce begins no other. */
  forget({ id, nonce }: Session): void {
    this.#sessions.delete(id);
    this.#spent.add(nonce);
  }

  #otherManifest(hello: MessageOf<"hello">): Refusal {
    const difference = differenceBetween(interfaceText(this.#manifest), hello.interface);
    const text = `Policy "${this.#manifest.name}" does not fit this robot: ${difference}. Serve a policy trained for it.`;
    return { code: "manifest", reason: "other manifest", text };
  }
}

function blank(address: Uint8Array, nonce: string): Omit<Session, keyof Fleet> {
  const counts = { observations: 0, actions: 0, superseded: 0, refused: 0 };
  const rates = { recent: 0, rate_hz: 0 };
  return {
    id: randomUUID(),
    nonce,
    address,
    heard_s: 0,
    observed: -1,
    sequence: 0,
    ...rates,
    ...counts,
  };
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
