/** The contract of every scene; after dm_env's EnvironmentTestMixin. */

import { describe, expect, it } from "vitest";
import { ConfigError } from "../../core/errors.ts";
import { createRng } from "../../core/rng.ts";
import type { Stage } from "../../credit/stage.ts";
import { type GroupName, groupNames } from "../../sim/observations.ts";
import { type AssembledScene, assembleScene, type Scene } from "../../sim/scene.ts";
import { type EpisodeEnd, SceneBatch, type SceneBatchOptions } from "../../sim/scene-batch.ts";
import { hashOf } from "./hash.ts";

/** A batch of a scene with its defaults: seed 1, training, every group. */
export function openBatch(
  scene: Scene,
  options: Partial<SceneBatchOptions> & { readonly envs: number },
): Promise<SceneBatch> {
  return SceneBatch.create({ scene, seed: 1, purpose: "training", groups: groupNames, ...options });
}

/** Uniform actions of one environment, from its number alone. */
function randomActions(environment: number): () => readonly [number, number] {
  const rng = createRng(7).split(`actions of environment ${environment}`);
  return () => [rng.uniform(-1, 1), rng.uniform(-1, 1)];
}

export function describeScene(scene: Scene): void {
  const assembled = assembleScene(scene);
  const budgetSteps = assembled.stages.reduce((sum, stage) => sum + stage.budgetSteps, 0);

  describe(scene.name, () => {
    it("accepts an empty config, and nothing it does not know", async () => {
      expect(() => scene.config.parse({})).not.toThrow();
      const misspelt = openBatch(scene, { envs: 1, config: { tyop: 1 } });
      await expect(misspelt).rejects.toThrow(ConfigError);
      await expect(misspelt).rejects.toThrow(/tyop/);
    });

    it.each([0, 1])(
      "pays nothing for changes in a first step without any, after an end or not (stageShare %i)",
      async (stageShare) => {
        const envs = 6;
        const changes: number[] = [];
        const overheard = { ...scene, assemble: (input: unknown) => tell(scene, input, changes) };
        const batch = await openBatch(overheard, { envs, groups: ["proprioception"] });
        const actions = Array.from({ length: envs }, (_, env) => randomActions(env));
        batch.stageShare = stageShare;
        batch.reset();
        batch.step(new Float32Array(envs * 2));
        let ended = 0;
        for (let t = 0; t < 2 * budgetSteps && ended < envs; t++) {
          const next = actions.map((random, env) => (batch.boundaries[env] ? [0, 0] : random()));
          batch.step(Float32Array.from(next.flat()));
          ended += batch.ends.length;
        }
        batch.step(new Float32Array(envs * 2));
        expect(ended).toBeGreaterThanOrEqual(envs);
        expect(changes.length).toBeGreaterThanOrEqual(2 * envs);
        // what stands at rest settles by a fraction of a millimetre
        for (const paid of changes) expect(Math.abs(paid)).toBeLessThan(0.01);
        batch.free();
      },
    );

    it("keeps every observation finite and of the stated size, and ends within its budget", async () => {
      const envs = 3;
      const batch = await openBatch(scene, { envs });
      const actions = Array.from({ length: envs }, (_, env) => randomActions(env));
      batch.reset();
      const ended = new Set<number>();
      for (let t = 0; t < budgetSteps && (t < 200 || ended.size < envs); t++) {
        batch.step(Float32Array.from(actions.flatMap((next) => next())));
        for (const [group, rows] of Object.entries(batch.groups)) {
          expect(rows.length).toBe(envs * batch.rowSizes[group]);
          expect(allFinite(rows), `${group} after step ${t}`).toBe(true);
        }
        for (const { env } of batch.ends) ended.add(env);
      }
      expect(ended.size).toBe(envs);
      expect(batch.rowSizes.layers).toBeGreaterThan(0);
      batch.free();
    });

    it("starts an episode from its seed alone, not from the episode before", async () => {
      const drifted = await openBatch(scene, { envs: 2 });
      const fresh = await openBatch(scene, { envs: 2 });
      for (const batch of [drifted, fresh]) batch.reset();
      // too short for an episode to end, which would make the next one another
      for (let t = 0; t < 10; t++) drifted.step(Float32Array.of(1, 1, 1, -0.5));
      for (const batch of [drifted, fresh]) batch.reset();
      expect(fingerprint(drifted)).toBe(fingerprint(fresh));
      for (let t = 0; t < 30; t++) {
        for (const batch of [drifted, fresh]) batch.step(Float32Array.of(1, 0, 0.5, 0.2));
      }
      expect(fingerprint(drifted)).toBe(fingerprint(fresh));
      for (const batch of [drifted, fresh]) batch.free();
    });

    it("replays exactly from the same seed, and differs with another", async () => {
      const first = await record(scene, { seed: 3 });
      expect(await record(scene, { seed: 3 })).toEqual(first);
      const other = await record(scene, { seed: 4 });
      expect(other[0]).not.toBe(first[0]);
      expect((await record(scene, { seed: 3, purpose: "evaluation" }))[0]).not.toBe(first[0]);
    });

    it.each(["planar", "coulomb"] as const)(
      "moves an environment alone as in a batch (%s)",
      async (contact) => {
        const batch = await openBatch(scene, { envs: 18, contact });
        const alone = await openBatch(scene, { envs: 1, firstEnv: 11, contact });
        const actions = Array.from({ length: 18 }, (_, env) => randomActions(env));
        for (const each of [batch, alone]) each.reset();
        for (let t = 0; t < 40; t++) {
          const rows = actions.map((next) => next());
          batch.step(Float32Array.from(rows.flat()));
          alone.step(Float32Array.from(rows[11]));
          expect(fingerprint(alone), `after step ${t}`).toBe(fingerprint(batch, 11));
        }
        for (const each of [batch, alone]) each.free();
      },
    );

    it("bootstraps from a time-out, not from a termination, and keeps what was seen last", async () => {
      const envs = 4;
      const batch = await openBatch(scene, { envs });
      const ends: EpisodeEnd[] = [];
      batch.reset();
      const idle = new Float32Array(envs * 2).fill(0.01);
      for (let t = 0; t < budgetSteps + 1; t++) {
        batch.step(idle);
        for (const end of batch.ends) {
          ends.push(end);
          expect(batch.boundaries[end.env]).toBe(1);
          expect(batch.discounts[end.env]).toBe(end.outcome === "timed out" ? 1 : 0);
          expect(rowOf(batch.finalGroups, batch, "proprioception", end.env)).toEqual(
            Float32Array.of(0.01, 0.01),
          );
          expect(rowOf(batch.groups, batch, "proprioception", end.env)).toEqual(
            Float32Array.of(0, 0),
          );
        }
      }
      expect(ends.map(({ outcome }) => outcome)).toContain("timed out");
      for (const end of ends) expect(end.steps).toBeLessThanOrEqual(budgetSteps);
      batch.free();
    });

    it("accounts for every reward in the ledger", async () => {
      const envs = 6;
      const batch = await openBatch(scene, { envs, groups: ["proprioception"] });
      const paid = new Float64Array(envs);
      const actions = Array.from({ length: envs }, (_, env) => randomActions(env));
      batch.reset();
      batch.practiceShare = 0.5;
      batch.stageShare = 0.5;
      let ended = 0;
      for (let t = 0; t < 2 * budgetSteps && ended < 3 * envs; t++) {
        batch.step(Float32Array.from(actions.flatMap((next) => next())));
        batch.rewards.forEach((reward, env) => {
          paid[env] += reward;
        });
        for (const end of batch.ends) {
          const inLedger = end.ledger.reduce((sum, column) => sum + column, 0);
          expect(end.ledger).toHaveLength(batch.termNames.length);
          expect(inLedger).toBeCloseTo(end.return, 9);
          expect(paid[end.env]).toBeCloseTo(end.return, 4);
          paid[end.env] = 0;
          ended++;
        }
      }
      expect(ended).toBeGreaterThanOrEqual(envs);
      batch.free();
    });
  });
}

/** The scene, assembled, whose terms tell in each first step of an episode how much they pay for what has changed in it. */
function tell(scene: Scene, input: unknown, changes: number[]): AssembledScene {
  const assembled = scene.assemble(input);
  const stages = assembled.stages.map((stage): Stage<unknown> => {
    const terms = Object.entries(stage.terms).map(([name, pay]) => {
      const told: typeof pay = (step) => {
        const paid = pay(step);
        if (step.episodeSteps === 0) changes.push(paid - pay({ ...step, before: step.now }));
        return paid;
      };
      return [name, told] as const;
    });
    return { ...stage, terms: Object.fromEntries(terms) };
  });
  return { ...assembled, stages };
}

/** What an episode's first 60 steps look like, step by step. */
async function record(scene: Scene, options: Partial<SceneBatchOptions>): Promise<string[]> {
  const batch = await openBatch(scene, { envs: 2, ...options });
  const actions = [randomActions(0), randomActions(1)];
  batch.reset();
  const prints = [fingerprint(batch)];
  for (let t = 0; t < 60; t++) {
    batch.step(Float32Array.from(actions.flatMap((next) => next())));
    prints.push(fingerprint(batch));
  }
  batch.free();
  return prints;
}

/** Every bit of what is observed, paid and true of one environment, or of all. */
export function fingerprint(batch: SceneBatch, env?: number): string {
  const rows = (array: Float32Array) => {
    const size = array.length / batch.envs;
    return env === undefined ? array : array.subarray(env * size, (env + 1) * size);
  };
  const arrays = [
    ...Object.values(batch.groups),
    batch.world.states,
    batch.rewards,
    batch.discounts,
    batch.boundaries,
  ];
  return hashOf(arrays.map(rows));
}

function rowOf(
  groups: Readonly<Record<string, Float32Array>>,
  batch: SceneBatch,
  group: GroupName,
  env: number,
): Float32Array {
  const size = batch.rowSizes[group];
  return groups[group].slice(env * size, (env + 1) * size);
}

function allFinite(values: Float32Array): boolean {
  for (const value of values) if (!Number.isFinite(value)) return false;
  return true;
}
