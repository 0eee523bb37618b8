/** The list that the page asks for: what can be opened, and at which address. */

import { assignmentsOf } from "../core/assignments.ts";

export interface ReplayItem {
  readonly name: string;
  /** Which run, zoo entry or folder it comes from. */
  readonly from: string;
  /** Relative to the page. */
  readonly url: string;
  readonly scene?: string;
  readonly outcome?: string;
  readonly policy?: string;
  readonly seed?: number;
  readonly start?: number;
}

export interface PolicyItem {
  readonly name: string;
  readonly scene: string;
  /** Folder of policy.json and policy.onnx, relative to the page. */
  readonly url: string;
  /** Settings of the scene that it was trained in: see `trainedIn`. */
  readonly settings: readonly string[];
}

/**
 * Assignments that make the world a policy was trained in of the scene's own, such as `shape=cylinder`. What paid there is left
 * out: it makes no difference to who has learnt.
 */
export function trainedIn(sceneConfig: unknown): string[] {
  if (typeof sceneConfig !== "object" || sceneConfig === null) return [];
  const { reward: _, ...world } = sceneConfig as Record<string, unknown>;
  return assignmentsOf(world);
}

export interface LibraryList {
  readonly replays: readonly ReplayItem[];
  readonly policies: readonly PolicyItem[];
  /** There is a live socket on this server. */
  readonly live?: boolean;
}
