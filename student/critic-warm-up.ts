/** A critic learns what comes of a student as it is, before the student learns from the critic. */

import { closingAfter } from "../core/closing.ts";
import type { Rng } from "../core/rng.ts";
import { Trainer } from "../nn/engine.ts";
import type { Objective } from "../nn/model.ts";
import { Params } from "../nn/params.ts";
import { shuffledRows } from "../nn/shuffle.ts";
import { addCritic, type CriticSpec, criticValue } from "../policies/networks/critic.ts";
import type { Critic } from "../rollout/critic.ts";
import type { Rollout } from "../rollout/rollout.ts";
import type { EpisodeEnd } from "../sim/scene-batch.ts";
import type { FineTuneConfig } from "./config.ts";

/** Epochs over each roll-out: it takes far longer to drive than to regress. */
const EPOCHS = 4;

export interface WarmUp {
  readonly spec: CriticSpec;
  readonly critic: Critic;
  readonly config: FineTuneConfig;
  readonly rng: Rng;
  readonly rollout: Rollout;
  /** Fills the roll-out: the student drives, and explores. */
  drive(): Promise<readonly EpisodeEnd[]>;
  /** Gets the steps so far, and the episodes that ended in the latest of them. */
  log(steps: number, ends: readonly EpisodeEnd[]): void;
  stopped(): boolean;
}

/** What a warm-up took. */
export interface WarmedUp {
  /** Environment steps. */
  readonly steps: number;
  /** Whether it was stopped before its end, so that the critic is not to be learnt from. */
  readonly stopped: boolean;
}

/** Overwrites the critic that lies in `theta` from `at` on. */
export async function warmUpCritic(
  theta: Float32Array,
  at: number,
  warmUp: WarmUp,
): Promise<WarmedUp> {
  const { spec, critic, rollout, config, rng, drive, log, stopped } = warmUp;
  const { envs, rolloutSteps, batch, criticIterations, criticLearningRate } = config;
  const rows = envs * rolloutSteps;
  return closingAfter(async (keep) => {
    const trainer = keep(await createTrainer(spec, config, theta.subarray(at)));
    for (let i = 0; i < criticIterations; i++) {
      if (stopped()) return { steps: i * rows, stopped: true };
      const ends = await drive();
      const { returns } = await critic.credit(theta, rollout, config);
      const order = shuffledRows(rng.split(`roll-out ${i}`), rows, { epochs: EPOCHS, batch });
      const rates = new Float64Array(order.length / batch).fill(criticLearningRate);
      await trainer.train({ privileged: rollout.groups.privileged, returns }, order, rates);
      theta.set(trainer.theta, at);
      log((i + 1) * rows, ends);
    }
    return { steps: criticIterations * rows, stopped: false };
  });
}

/** @param theta the critic's weights, and whatever comes after them */
function createTrainer(
  spec: CriticSpec,
  { envs, rolloutSteps, batch, clipNorm }: FineTuneConfig,
  theta: Float32Array,
): Promise<Trainer> {
  const params = addCritic(new Params(), spec);
  return Trainer.create({
    params,
    objective: regression,
    data: { privileged: { shape: [spec.privileged] }, returns: { shape: [] } },
    ...{ rows: envs * rolloutSteps, batch, clipNorm },
    device: "cpu",
    threads: 1,
    theta: theta.slice(0, params.size),
  });
}

const regression: Objective = (g, views, batch) => {
  const { value } = criticValue(g, views, batch);
  const valueLoss = g.mean(g.square(g.sub(value, batch.returns)));
  return { loss: valueLoss, stats: { valueLoss } };
};
