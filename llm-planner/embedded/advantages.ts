/**
 * Who deserves credit for how a plan turned out: group-relative advantages from snapshots of the world (GiGPO, arXiv
 * 2505.10978), and the planner's share apart from the executor's (HiPER, arXiv 2602.16165).
 */

/** One way to do a task: what was chosen at each stage, and what each stage paid. */
export interface Trial {
  /** Equal snapshots of the world before a stage have equal keys; one more than there are stages. */
  readonly snapshots: readonly string[];
  /** What was chosen in each snapshot. */
  readonly choices: readonly string[];
  readonly rewards: readonly number[];
}

/** Sums of what a trial pays from each stage on; one more than there are stages, the last 0. */
export function returnsOf(rewards: readonly number[]): number[] {
  const returns = [...rewards, 0];
  for (let k = rewards.length - 1; k >= 0; k--) returns[k] += returns[k + 1];
  return returns;
}

/** Differences from the mean, over the standard deviation; zeros where all are equal. */
export function standardized(values: readonly number[]): number[] {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const spread = Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length);
  return values.map((x) => (spread > 1e-9 ? (x - mean) / spread : 0));
}

/**
 * GiGPO: the advantage of a stage is that of its whole trial among all trials of the task, plus `weight` times that
 * of its return among all stages that began in the same snapshot. Both are standardized in their groups.
 */
export function groupAdvantages(trials: readonly Trial[], weight = 1): number[][] {
  const returns = trials.map(({ rewards }) => returnsOf(rewards));
  const whole = standardized(returns.map(([total]) => total));
  const groups = new Map<string, { trial: number; stage: number }[]>();
  trials.forEach(({ rewards, snapshots }, trial) => {
    rewards.forEach((_, stage) => {
      const group = groups.get(snapshots[stage]) ?? [];
      group.push({ trial, stage });
      groups.set(snapshots[stage], group);
    });
  });
  const advantages = trials.map(({ rewards }, trial) => rewards.map(() => whole[trial]));
  for (const members of groups.values()) {
    const own = standardized(members.map(({ trial, stage }) => returns[trial][stage]));
    members.forEach(({ trial, stage }, i) => {
      advantages[trial][stage] += weight * own[i];
    });
  }
  return advantages;
}

export interface SharedCredit {
  /** For each trial and stage: what choosing this stage was worth. */
  readonly planner: readonly (readonly number[])[];
  /** What carrying it out was worth, beyond what the choice promised. */
  readonly executor: readonly (readonly number[])[];
}

/**
 * HiPER's two levels with values measured rather than learnt: V_high of a snapshot is the mean return of the stages
 * that began there, V_low of a choice in it the mean return of those that made it. The planner's advantage is
 * V_low - V_high. The executor's is r + V_high(next) - V_low: luck and skill within a stage stay out of the
 * planner's account. Along a trial, both together and V_high at its start add up to its return.
 */
export function sharedCredit(trials: readonly Trial[]): SharedCredit {
  const high = new Mean();
  const low = new Mean();
  const chosen = (trial: Trial, k: number) => `${trial.snapshots[k]} > ${trial.choices[k]}`;
  for (const trial of trials) {
    const returns = returnsOf(trial.rewards);
    trial.rewards.forEach((_, k) => {
      high.add(trial.snapshots[k], returns[k]);
      low.add(chosen(trial, k), returns[k]);
    });
  }
  return {
    planner: trials.map((trial) =>
      trial.rewards.map((_, k) => low.of(chosen(trial, k)) - high.of(trial.snapshots[k])),
    ),
    executor: trials.map((trial) =>
      trial.rewards.map((reward, k) => {
        const isLast = k === trial.rewards.length - 1;
        const next = isLast ? 0 : high.of(trial.snapshots[k + 1]);
        return reward + next - low.of(chosen(trial, k));
      }),
    ),
  };
}

class Mean {
  readonly #sums = new Map<string, { total: number; count: number }>();

  add(key: string, value: number): void {
    const sum = this.#sums.get(key) ?? { total: 0, count: 0 };
    sum.total += value;
    sum.count++;
    this.#sums.set(key, sum);
  }

  of(key: string): number {
    const { total, count } = this.#sums.get(key) ?? { total: 0, count: 1 };
    return total / count;
  }
}

/** Pairs (better, worse) of trials whose totals differ by more than `margin`; each trial is better in one at most. */
export function preferencePairs(
  totals: readonly number[],
  margin: number,
  choose: (count: number) => number,
): (readonly [number, number])[] {
  return totals.flatMap((total, better) => {
    const worse = totals.flatMap((other, i) => (total - other > margin ? [i] : []));
    return worse.length === 0 ? [] : [[better, worse[choose(worse.length)]] as const];
  });
}
