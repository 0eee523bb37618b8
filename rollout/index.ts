/** Public face of rollout/. In this repository, import from the file itself. */

export type { ActorSpec, NetworkActor } from "./actor.ts";
export type { CreditFormula } from "./critic.ts";
export { type EvaluatedEpisode, type EvaluationSummary, summarize } from "./evaluation.ts";
export { type Collector, type CollectorOptions, defaultWorkers, WorkerPool } from "./pool.ts";
export { type ReplaySource, writeReplays } from "./replays.ts";
export type { Rollout } from "./rollout.ts";
export type { Exploration, SimulationSpec } from "./shard.ts";
export { teacherActor } from "./teacher-actor.ts";
export { timingOf } from "./timing.ts";
