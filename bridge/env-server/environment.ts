/** What the environment server serves: N environments that step together. It knows no simulator. */

/** One observation of every environment: [N, ...shape] float32. */
export interface ObservationSpec {
  readonly name: string;
  /** Of one environment's row. */
  readonly shape: readonly number[];
  /** Bounds of every number; undefined where there is none. */
  readonly low?: number;
  readonly high?: number;
}

export interface ActionSpec {
  readonly shape: readonly [number];
  readonly low: number;
  readonly high: number;
  /** Names of the columns. */
  readonly columns: readonly string[];
}

export interface VectorSpec {
  /** What is simulated, such as "push-pair". */
  readonly name: string;
  readonly envs: number;
  readonly controlStep_s: number;
  /** Longest episode, in steps. */
  readonly maxEpisodeSteps: number;
  readonly observations: readonly ObservationSpec[];
  readonly action: ActionSpec;
}

/** An episode that ended in the last step, and what it saw last. */
export interface EndedEpisode {
  readonly env: number;
  /** "success", "timed out", or what went wrong. */
  readonly outcome: string;
  readonly steps: number;
  readonly return: number;
  /** One row for each observation, in the order of the spec. */
  readonly finals: readonly Float32Array[];
}

/**
 * Environments that begin anew by themselves: after a step that ends an episode, the observation is
 * already the next one's first, and what the ended one saw last is in `EndedEpisode.finals`.
 */
export interface VectorEnvironment {
  readonly spec: VectorSpec;
  /** In the order of the spec, [N, ...shape]; reused by the next reset or step. */
  readonly observations: readonly Float32Array[];
  readonly rewards: Float32Array;
  /** 1 where the last step ended an episode for good. */
  readonly terminated: Uint8Array;
  /** 1 where the last step ran out of time. */
  readonly truncated: Uint8Array;
  /** Begins an episode everywhere; with a seed, the first one of a new run under that seed. */
  reset(seed: number | undefined): Promise<void>;
  /** `actions` [N, A] are read before it returns its promise. */
  step(actions: Float32Array): Promise<readonly EndedEpisode[]>;
}
