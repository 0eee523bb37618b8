/** A worker thread: owns shards, and does what the pool asks, one request at a time. */

import { ConfigError } from "../core/errors.ts";
import { type EvaluationShard, evaluateShard } from "./evaluation.ts";
import { answerRequests } from "./requests.ts";
import type { Rollout } from "./rollout.ts";
import { type Exploration, Shard, type ShardSpec } from "./shard.ts";

/** What the pool may ask for. `collector` is the number of the one that asks. */
export type Request =
  | { readonly kind: "open"; readonly collector: number; readonly shards: readonly ShardSpec[] }
  | { readonly kind: "attach"; readonly collector: number; readonly rollout: Rollout }
  | {
      readonly kind: "collect";
      readonly collector: number;
      readonly theta: Float32Array;
      readonly exploration: Exploration;
    }
  | { readonly kind: "evaluate"; readonly shard: EvaluationShard }
  /** Closes whatever is open where no number is given. */
  | { readonly kind: "close"; readonly collector?: number };

/** Whose environments are open. */
let collector: number | undefined;
const shards: Shard[] = [];
let rollout: Rollout | undefined;

async function answer(request: Request): Promise<unknown> {
  switch (request.kind) {
    case "open":
      await closeShards();
      collector = request.collector;
      for (const spec of request.shards) shards.push(await Shard.open(spec));
      return shards[0]?.rowSizes ?? {};
    case "attach":
      checkOpen(request.collector);
      rollout = request.rollout;
      return undefined;
    case "collect": {
      checkOpen(request.collector);
      if (!rollout) throw new Error("internal: collect before attach");
      const ends = [];
      for (const shard of shards) {
        ends.push(...(await shard.collect(request.theta, rollout, request.exploration)));
      }
      return ends;
    }
    case "evaluate":
      return evaluateShard(request.shard);
    case "close":
      if ((request.collector ?? collector) === collector) await closeShards();
      return undefined;
  }
}

function checkOpen(number: number): void {
  if (number === collector) return;
  throw new ConfigError(
    "The collector is closed: it was closed itself, or another was opened in its pool. Open a new one.",
  );
}

async function closeShards(): Promise<void> {
  collector = undefined;
  rollout = undefined;
  for (const shard of shards.splice(0)) await shard.close();
}

answerRequests(answer);
