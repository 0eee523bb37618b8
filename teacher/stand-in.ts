/**
 * A stand-in for the student to come, so that a teacher learns not to need what no student can know (Student-Informed Teacher
 * Training, Messikommer et al., ICLR 2025, https://arxiv.org/abs/2412.09149).
 *
 * The paper's teacher earns r - λ KL(π_teacher || π_proxy), with a proxy that reads what the teacher reads and imitates a student
 * that reads images. (The released code adds the divergence; the sign here is the paper's.) This stand-in needs neither
 * images nor a proxy: it has a teacher's network, reads what a camera could have shown it, and imitates the teacher on every roll-out.
 * Where it cannot, no student could, and there the teacher pays.
 */

import type { Rng } from "../core/rng.ts";
import { runInBatches } from "../nn/batches.ts";
import { Actor, Trainer } from "../nn/engine.ts";
import type { Objective } from "../nn/model.ts";
import { shuffledRows } from "../nn/shuffle.ts";
import type { TrainState } from "../nn/trainer.ts";
import {
  actorParams,
  type TeacherSpec,
  teacherInputs,
  teacherNetwork,
} from "../policies/networks/teacher.ts";
import { type NetworkActor, readBy } from "../rollout/actor.ts";
import type { Rollout } from "../rollout/rollout.ts";
import { teacherActor } from "../rollout/teacher-actor.ts";
import type { Observability } from "../sim/visibility.ts";
import type { TeacherConfig } from "./config.ts";

/** Of the stand-in's imitation. */
const LEARNING_RATE = 1e-3;
const EPOCHS = 2;

/** A teacher whose actions are charged for. */
export interface Charged {
  /** How it reads a roll-out. */
  readonly actor: NetworkActor;
  readonly theta: Float32Array;
  /** Standard deviation of each action. */
  readonly std: readonly number[];
}

export class StandIn {
  /** How it reads a roll-out. */
  readonly actor: NetworkActor;
  readonly #config: TeacherConfig;
  readonly #trainer: Trainer;
  readonly #own: Actor;
  readonly #teacher: Actor;

  private constructor(
    actor: NetworkActor,
    config: TeacherConfig,
    trainer: Trainer,
    own: Actor,
    teacher: Actor,
  ) {
    this.actor = actor;
    this.#config = config;
    this.#trainer = trainer;
    this.#own = own;
    this.#teacher = teacher;
  }

  /** @param sight what it may see, where the teacher may see `config.observability` */
  static async create(
    spec: TeacherSpec,
    sight: Observability,
    config: TeacherConfig,
    rng: Rng,
  ): Promise<StandIn> {
    const params = actorParams(spec);
    const network = teacherNetwork(spec);
    const inputs = teacherInputs(spec);
    const { batch } = config;
    const trainer = await Trainer.create({
      params,
      objective: imitation(spec),
      data: { ...inputs, teacherActions: { shape: [spec.actions] } },
      rows: config.envs * config.rolloutSteps,
      batch,
      clipNorm: config.clipNorm,
      device: "cpu",
      threads: 1,
      theta: params.init(rng),
    });
    const of = { forward: network.act, inputs, outputs: ["mean"], batch };
    const own = await Actor.create({ params, ...of });
    const teacher = await Actor.create({ params: network.params, ...of });
    return new StandIn(teacherActor(spec, sight), config, trainer, own, teacher);
  }

  /**
   * Takes weight * log(π_teacher(a|s) / π_standIn(a|s)) off the reward of every step of a roll-out, and then imitates what the
   * teacher did in it. In the mean over actions that is the divergence; but taken from an action it tells this one from others, as the
   * divergence of a state cannot. Returns the mean divergence in nats.
   */
  async charge(rollout: Rollout, { actor, theta, std }: Charged, rng: Rng): Promise<number> {
    const { batch, informedWeight } = this.#config;
    const sizes = { rows: rollout.steps * rollout.envs, batch };
    const observed = readBy(this.actor, rollout);
    const { mean: wanted } = await runInBatches(
      this.#teacher,
      theta,
      readBy(actor, rollout),
      sizes,
    );
    const { mean: able } = await runInBatches(this.#own, this.#trainer.theta, observed, sizes);
    logRatio(rollout.actions, wanted, able, std).forEach((nats, i) => {
      rollout.rewards[i] -= informedWeight * nats;
    });

    const order = shuffledRows(rng, sizes.rows, { epochs: EPOCHS, batch });
    const rates = new Float64Array(order.length / batch).fill(LEARNING_RATE);
    await this.#trainer.train({ ...observed, teacherActions: wanted }, order, rates);
    return divergence(wanted, able, std).reduce((sum, kl) => sum + kl / sizes.rows, 0);
  }

  state(): TrainState {
    return this.#trainer.state();
  }

  load(state: TrainState): void {
    this.#trainer.load(state);
  }

  async close(): Promise<void> {
    await Promise.all([this.#trainer.close(), this.#own.close(), this.#teacher.close()]);
  }
}

/**
 * log(N(action; wanted, std²) / N(action; able, std²)) of each row, in nats: the sum over columns of
 * ((action - able)² - (action - wanted)²) / (2 std²). Actions and means [N, A].
 */
export function logRatio(
  actions: Float32Array,
  wanted: Float32Array,
  able: Float32Array,
  std: readonly number[],
): Float32Array {
  return Float32Array.from({ length: actions.length / std.length }, (_, row) =>
    std.reduce((sum, sigma, a) => {
      const i = row * std.length + a;
      const [from, to] = [(actions[i] - wanted[i]) ** 2, (actions[i] - able[i]) ** 2];
      return sum + (to - from) / (2 * sigma ** 2);
    }, 0),
  );
}

/** KL(N(wanted, std²) || N(able, std²)) of each row: what `logRatio` is in the mean, (wanted - able)² / (2 std²) over the columns. */
export function divergence(
  wanted: Float32Array,
  able: Float32Array,
  std: readonly number[],
): Float32Array {
  return logRatio(wanted, wanted, able, std);
}

/** The squared error of its actions. */
function imitation(spec: TeacherSpec): Objective {
  const { act } = teacherNetwork(spec);
  return (g, views, batch) => {
    const { mean } = act(g, views, batch);
    const loss = g.mean(g.square(g.sub(mean, batch.teacherActions)));
    return { loss, stats: {} };
  };
}
