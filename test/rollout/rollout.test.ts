/** What workers write into a roll-out, against the same environments stepped by hand. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Collector, type CollectorOptions, WorkerPool } from "../../rollout/pool.ts";
import type { Rollout } from "../../rollout/rollout.ts";
import type { Exploration } from "../../rollout/shard.ts";
import { privilegedLayout } from "../../sim/observations.ts";
import { findScene } from "../../sim/scenes/index.ts";
import { openBatch } from "../support/conformance.ts";
import { hashOf } from "../support/hash.ts";
import { freshTeacher, simulationOf } from "../support/tiny-runs.ts";

const simulation = simulationOf("reach-box", { config: { budgetSteps: 6 } });
const { actor, theta } = freshTeacher(simulation);
const [STEPS, ENVS] = [10, 8];
const explore: Exploration = { std: [0.5, 1.5] };

const open = (pool: WorkerPool, changes: Partial<CollectorOptions> = {}): Promise<Collector> =>
  pool.openCollector({
    simulation,
    actor,
    envs: ENVS,
    shardEnvs: 2,
    steps: STEPS,
    groups: ["keypoints:fov", "proprioception", "privileged"],
    finals: ["privileged"],
    ...changes,
  });

const arraysOf = (rollout: Rollout) => [
  ...Object.values(rollout.groups),
  ...Object.values(rollout.last),
  ...Object.values(rollout.finals),
  rollout.actions,
  rollout.logProbs,
  rollout.rewards,
  rollout.discounts,
  rollout.boundaries,
];

const copiesOf = (arrays: Readonly<Record<string, Float32Array>>) =>
  Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, array.slice()]));

/** A roll-out is filled again and again; this is how it is now, off the shared memory. */
function copyOf(rollout: Rollout): Rollout {
  const { steps, envs, groups, last, finals, ...arrays } = rollout;
  const copies = { groups: copiesOf(groups), last: copiesOf(last), finals: copiesOf(finals) };
  return { steps, envs, ...copies, ...copiesOf(arrays) } as unknown as Rollout;
}

describe("a roll-out", () => {
  let pool: WorkerPool;
  let collector: Collector;
  let first: Rollout;
  let second: Rollout;
  beforeAll(async () => {
    pool = new WorkerPool(2);
    collector = await open(pool);
    await collector.collect(theta, explore);
    first = copyOf(collector.rollout);
    await collector.collect(theta, explore);
    second = copyOf(collector.rollout);
    await collector.close();
  });
  afterAll(() => pool.close());

  it("is what its actions do in one batch of all environments", async () => {
    const batch = await openBatch(findScene("reach-box"), {
      ...simulation,
      scene: findScene("reach-box"),
      envs: ENVS,
      groups: ["keypoints:fov", "proprioception", "privileged"],
    });
    batch.reset();
    for (const rollout of [first, second]) {
      for (let t = 0; t < STEPS; t++) {
        for (const [group, rows] of Object.entries(rollout.groups)) {
          const size = ENVS * batch.rowSizes[group];
          expect(rows.slice(t * size, (t + 1) * size), `${group} at ${t}`).toEqual(
            batch.groups[group],
          );
        }
        batch.step(rollout.actions.slice(t * ENVS * 2, (t + 1) * ENVS * 2));
        for (const name of ["rewards", "discounts", "boundaries"] as const) {
          expect(rollout[name].slice(t * ENVS, (t + 1) * ENVS), `${name} at ${t}`).toEqual(
            batch[name],
          );
        }
      }
      expect(rollout.last.privileged.slice()).toEqual(batch.groups.privileged);
    }
    batch.free();
  });

  it("remembers the previous action, and forgets it where an episode begins", () => {
    let [same, fresh] = [0, 0];
    for (let t = 0; t + 1 < STEPS; t++) {
      for (let n = 0; n < ENVS; n++) {
        const row = t * ENVS + n;
        const next = [...first.groups.proprioception.slice((row + ENVS) * 2, (row + ENVS) * 2 + 2)];
        const action = [...first.actions.slice(row * 2, row * 2 + 2)];
        const clamped = action.map((x) => Math.min(1, Math.max(-1, x)));
        const ended = first.boundaries[row] === 1;
        expect(next).toEqual(ended ? [0, 0] : clamped);
        if (ended) fresh++;
        else same++;
      }
    }
    expect([same > 0, fresh > 0]).toEqual([true, true]);
  });

  it("keeps what an episode saw last, beside what the next one sees first", () => {
    const elapsed = privilegedLayout.at.progress + 2;
    const size = privilegedLayout.size;
    // nobody gets there in six steps, so all time out after the sixth, at t = 5
    for (let n = 0; n < ENVS; n++) {
      const row = 5 * ENVS + n;
      expect([first.boundaries[row], first.discounts[row]]).toEqual([1, 1]);
      expect(first.finals.privileged[row * size + elapsed]).toBe(1);
      expect(first.groups.privileged[(row + ENVS) * size + elapsed]).toBe(0);
    }
    expect(first.boundaries.reduce((sum, x) => sum + x, 0)).toBe(ENVS);
  });

  it("samples actions of the stated spread and writes down their log-probabilities", async () => {
    const zero = new Float32Array(theta.length);
    const again = await open(pool);
    const sums = [0, 0];
    const squares = [0, 0];
    const rounds = 20;
    for (let i = 0; i < rounds; i++) {
      await again.collect(zero, explore);
      const { actions, logProbs } = again.rollout;
      for (let row = 0; row < STEPS * ENVS; row++) {
        // without weights the mean is 0: -(a/s)^2 / 2 - log s - log(2 pi) / 2 for each column
        const [a, b] = actions.subarray(row * 2, row * 2 + 2);
        const expected = -(a * a) / 0.5 - (b * b) / 4.5 - Math.log(0.75) - Math.log(2 * Math.PI);
        expect(logProbs[row]).toBeCloseTo(expected, 4);
        [a, b].forEach((x, column) => {
          sums[column] += x;
          squares[column] += x * x;
        });
      }
    }
    const count = rounds * STEPS * ENVS;
    // 1600 samples: the mean within 4 s / 40, the variance within 4 sqrt(2) / 40
    for (const [column, std] of [0.5, 1.5].entries()) {
      expect(Math.abs(sums[column] / count / std)).toBeLessThan(0.1);
      expect(Math.abs(squares[column] / count / std ** 2 - 1)).toBeLessThan(0.142);
    }
    await again.close();
  });

  it("acts by the mean without exploration", async () => {
    const still = await open(pool);
    await still.collect(new Float32Array(theta.length), {});
    expect(still.rollout.actions.every((x) => x === 0)).toBe(true);
    expect(still.rollout.logProbs.every((x) => x === 0)).toBe(true);
    await still.close();
  });
});

it("is the same, bit by bit, whoever shares the work, and another with another seed", async () => {
  const hashes: string[] = [];
  for (const workers of [1, 2]) {
    const pool = new WorkerPool(workers);
    const collector = await open(pool);
    const ends = [
      await collector.collect(theta, explore),
      await collector.collect(theta, { ...explore, practiceShare: 0.5 }),
    ];
    expect(ends[0].map(({ env }) => env)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    hashes.push(hashOf([...arraysOf(collector.rollout), ...ends.flat().map((end) => end.ledger)]));
    await pool.close();
  }
  expect(new Set(hashes).size).toBe(1);
});

it("has coulomb contacts in the share of its shards that is asked for, and the simulation's in the others", async () => {
  const pool = new WorkerPool(1);
  const lastOf = async (changes: Partial<CollectorOptions>) => {
    const collector = await open(pool, changes);
    await collector.collect(theta, { ...explore, practiceShare: 1 });
    const { privileged } = collector.rollout.last;
    const half = privileged.length / 2;
    await collector.close();
    return [privileged.slice(0, half), privileged.slice(half)];
  };
  const planar = await lastOf({});
  const coulomb = await lastOf({ simulation: { ...simulation, contact: "coulomb" } });
  const mixed = await lastOf({ coulombShare: 0.5 });
  expect(mixed).toEqual([coulomb[0], planar[1]]);
  expect(mixed).not.toEqual(planar);
  expect(mixed).not.toEqual(coulomb);
  await pool.close();
});

it("begins as it is asked to from the first episode on", async () => {
  const pool = new WorkerPool(1);
  const pushing = simulationOf("push-pair", { config: { reward: { budgetSteps: 10 } } });
  const collector = await open(pool, {
    simulation: pushing,
    actor: freshTeacher(pushing).actor,
  });
  const ends = await collector.collect(freshTeacher(pushing).theta, { practiceShare: 1 });
  const first = ends.filter(({ episode }) => episode === 0);
  expect(first.map(({ practice }) => practice)).toEqual(new Array(ENVS).fill(true));
  await pool.close();
});
