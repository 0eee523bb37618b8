/** A critic learns what comes of a student as it is, before the student learns from the critic. */

import type { Rng } from "../core/rng.ts";
import { Trainer } from "../nn/engine.ts";
import type { Objective } from "../nn/model.ts";
import { Params } from "../nn/params.ts";
import { addCritic, type CriticSpec, criticValue } from "../policies/networks/critic.ts";
import type { Critic } from "../rollout/critic.ts";
import type { Rollout } from "../rollout/rollout.ts";
import { shuffledRows } from "../rollout/shuffle.ts";
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

/**
 * Overwrites the critic that lies in `theta` from `at` on, and returns the environment steps that it took.
 */
export async function warmUpCritic(
  theta: Float32Array,
  at: number,
  { spec, critic, rollout, config, rng, drive, log, stopped }: WarmUp,
): Promise<number> {
  const params = addCritic(new Params(), spec);
  const { envs, rolloutSteps, batch, clipNorm, criticIterations, criticLearningRate } = config;
  const rows = envs * rolloutSteps;
  const trainer = await Trainer.create({
    params,
    objective: regression,
    data: { privileged: { shape: [spec.privileged] }, returns: { shape: [] } },
    ...{ rows, batch, clipNorm },
    device: "cpu",
    threads: 1,
    theta: theta.slice(at, at + params.size),
  });
  let steps = 0;
  for (let i = 0; i < criticIterations && !stopped(); i++) {
    const ends = await drive();
    const { returns } = await critic.credit(theta, rollout, config);
    const order = shuffledRows(rng.split(`roll-out ${i}`), rows, { epochs: EPOCHS, batch });
    const rates = new Float64Array(order.length / batch).fill(criticLearningRate);
    await trainer.train({ privileged: rollout.groups.privileged, returns }, order, rates);
    theta.set(trainer.theta, at);
    steps += rows;
    log(steps, ends);
  }
  await trainer.close();
  return steps;
}

const regression: Objective = (g, views, batch) => {
  const { value } = criticValue(g, views, batch);
  const valueLoss = g.mean(g.square(g.sub(value, batch.returns)));
  return { loss: valueLoss, stats: { valueLoss } };
};
