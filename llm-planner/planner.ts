/** One interface for everything that turns words into a plan: networks, endpoints, recorded answers. */

import type { WorldView } from "./world-view.ts";

/** What a planner is asked. */
export interface PlanRequest {
  /** In words. */
  readonly instruction: string;
  /** What stands where, in the world frame. */
  readonly world: WorldView;
  /** Why earlier answers to this request were refused, oldest first. */
  readonly refusals: readonly Refusal[];
}

/** An answer that did not pass, and why, in sentences that its author can act on. */
export interface Refusal {
  /** As the planner gave it. */
  readonly answer: string;
  readonly reasons: readonly string[];
}

/** What a planner answers. */
export interface Proposal {
  /** The answer as it came, JSON or not. It is checked against `planAnswerSchema` by the caller. */
  readonly answer: string;
  /** Tokens read and written, where the planner counts them. */
  readonly tokens?: { readonly input: number; readonly output: number };
  /** The answer came from a cache or a record and cost nothing. */
  readonly cached?: boolean;
}

/** Turns words into a plan: a network, an endpoint, a record, or one of your own. */
export interface Planner {
  /** For people and logs. Never holds a key. */
  readonly name: string;
  /**
   * Answers with the JSON of a plan's stages (`planAnswerJsonSchema`). Asked again, with the refusals, where that did not pass.
   * @throws WireError where no answer could be had within its time limit, PlanRefusedError where there is none to such words
   */
  propose(request: PlanRequest, signal: AbortSignal): Promise<Proposal>;
  /** Frees what it holds; whoever opened the planner calls it. */
  close(): Promise<void> | void;
}
