/** One interface for everything that turns words into a plan: networks, endpoints, recorded answers. */

import type { WorldView } from "./world-view.ts";

export interface PlanRequest {
  readonly instruction: string;
  readonly world: WorldView;
  /** Why earlier answers to this request were refused, oldest first. */
  readonly refusals: readonly Refusal[];
}

/** An answer that did not pass, and why, in sentences that its author can act on. */
export interface Refusal {
  readonly answer: string;
  readonly reasons: readonly string[];
}

export interface Proposal {
  /** The answer as it came, JSON or not. It is checked against `planAnswerSchema` by the caller. */
  readonly answer: string;
  /** Tokens read and written, where the planner counts them. */
  readonly tokens?: { readonly input: number; readonly output: number };
  /** The answer came from a cache or a record and cost nothing. */
  readonly cached?: boolean;
}

export interface Planner {
  /** For people and logs. Never holds a key. */
  readonly name: string;
  /** Throws a WireError where no answer could be had within its time limit. */
  propose(request: PlanRequest, signal: AbortSignal): Promise<Proposal>;
  close(): Promise<void> | void;
}
