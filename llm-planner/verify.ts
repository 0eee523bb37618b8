/**
 * Verification before use: what a plan says is checked, its numbers are looked at on random snapshots
 * of the world (LaRe, arXiv 2412.11120), and each of its stages must be completed once in simulation.
 */

import { createRng, type Rng } from "../core/rng.ts";
import { Ground } from "../sim/ground.ts";
import type { AssembledScene } from "../sim/scene.ts";
import { SceneBatch } from "../sim/scene-batch.ts";
import { checkPlan, PlanRefusedError } from "./check.ts";
import { createSituation, rowsOf, type Situation } from "./language/situation.ts";
import { Surveyor } from "./measure.ts";
import type { Factor, Staged } from "./plan.ts";
import { type PlannedStage, plannedStages } from "./planned-stage.ts";
import { type RehearsalOptions, rehearse, type StageRehearsal } from "./rehearsal/rehearse.ts";
import { asScene, sceneFromPlan } from "./scene.ts";
import { type CompiledStage, MAX_LEVEL, MAX_PROGRESS } from "./stages.ts";

/** How a plan is judged. */
export interface VerificationOptions extends RehearsalOptions {
  /** False leaves out the rehearsal in simulation; true unless given. */
  readonly rehearse?: boolean;
}

/** What was found. */
export interface Verdict {
  /** Why the plan is refused; empty where it is not. */
  readonly reasons: readonly string[];
  /** How each stage went in simulation; empty where a plan was refused before. */
  readonly rehearsal: readonly StageRehearsal[];
}

/**
 * Judges a plan for a scene: by looking, on snapshots of the world, and in simulation. Deterministic in the seed.
 * @throws the signal's reason once that is aborted
 */
export async function verifyPlan(
  base: AssembledScene,
  plan: Staged,
  options: VerificationOptions,
): Promise<Verdict> {
  try {
    checkPlan(plan, base.cast);
  } catch (error) {
    if (error instanceof PlanRefusedError) return { reasons: error.reasons, rehearsal: [] };
    throw error;
  }
  const numbers = await badNumbers(base, plan, options.seed);
  if (numbers.length > 0) return { reasons: numbers, rehearsal: [] };
  if (options.rehearse === false) return { reasons: [], rehearsal: [] };
  options.signal?.throwIfAborted();
  const rehearsal = await rehearse(base, plan, { untilReachable: true, ...options });
  return { reasons: rehearsal.flatMap((stage) => unreachable(stage)), rehearsal };
}

function unreachable(rehearsed: StageRehearsal): string[] {
  const { stage, entered, completed, reached, failures, nearest_m } = rehearsed;
  if (completed > 0 && reached > 0) return [];
  if (completed > 0) {
    return [
      `Stage "${stage}" was completed, but its "reached" held in none of ${entered} attempts in simulation, so that nothing would be paid for placing.`,
    ];
  }
  if (entered === 0) return [`Stage "${stage}" was never begun: no stage before it was completed.`];
  const ends = Object.entries(failures)
    .map(([outcome, count]) => `${outcome}: ${count}`)
    .join(", ");
  const near = Number.isFinite(nearest_m)
    ? ` The object came within ${(nearest_m * 100).toFixed(0)} cm of its place at best.`
    : "";
  return [
    `None of ${entered} attempts completed stage "${stage}" in simulation (${ends}).${near} Its place may be blocked by what was placed before, or its condition may never hold.`,
  ];
}

/** Smallest and largest value, and how many of all were no numbers. */
interface Range {
  low: number;
  high: number;
  bad: number;
  count: number;
}

/** Factors that are not finite, not varying or not bounded, and conditions that say nothing. */
async function badNumbers(base: AssembledScene, plan: Staged, seed: number): Promise<string[]> {
  const stages = plannedStages(plan, base.cast);
  const ranges = await survey(base, plan, stages, seed);
  return stages.flatMap(({ compiled }, i) => {
    const { reached, done, factors } = ranges[i];
    const where = `Stage "${compiled.plan.name}"`;
    const reasons: string[] = [];
    if (done.bad > 0) {
      reasons.push(`${where}: "done" is not a number in ${done.bad} of ${done.count} snapshots.`);
    }
    if (done.low === 1) {
      reasons.push(`${where}: "done" holds everywhere, so nothing would have to be done.`);
    }
    // as the usual factors, so the usual condition
    const idle = compiled.plan.reached === null ? undefined : badReached(reached);
    if (idle) reasons.push(`${where}: "reached" ${idle}`);
    // the usual factors have been looked at once and for all: one may have nothing to say in some plan
    if (compiled.plan.factors === null) return reasons;
    return [
      ...reasons,
      ...badFactors(factors, compiled.factors).map((what) => `${where}: ${what}`),
    ];
  });
}

function badReached({ low, bad, count }: Range): string | undefined {
  if (bad > 0) return `is not a number in ${bad} of ${count} snapshots.`;
  return low === 1 ? "holds everywhere, so reaching would be paid for nothing." : undefined;
}

function badFactors(
  ranges: readonly Range[],
  factors: CompiledStage["factors"],
): readonly string[] {
  const named = factors.map(({ factor }, f) => ({ ...factor, range: ranges[f] }));
  const mistakes = named.flatMap(({ name, range }) => {
    const mistake = badRange(range);
    return mistake ? [`factor "${name}" ${mistake}`] : [];
  });
  if (mistakes.length > 0) return mistakes;
  return (["progress", "level"] as const).flatMap((kind) => {
    const paying = named.filter((factor) => factor.kind === kind);
    const paid = paying.reduce((sum, factor) => sum + mostPaid(factor), 0);
    const limit = kind === "progress" ? MAX_PROGRESS : MAX_LEVEL;
    if (paid <= limit) return [];
    const names = paying.map(({ name }) => `"${name}"`).join(", ");
    const which = paying.length === 1 ? `factor ${names}` : `factors ${names} together`;
    const span = kind === "progress" ? "over a stage" : "in one step";
    return [
      `${which} can pay ${paid.toFixed(1)} ${span}, more than ${limit}. Use smaller weights.`,
    ];
  });
}

function badRange({ low, high, bad, count }: Range): string | undefined {
  if (bad > 0) return `is not a finite number in ${bad} of ${count} snapshots of the world.`;
  return high - low < 1e-9 ? `is ${low.toPrecision(3)} everywhere: it says nothing.` : undefined;
}

/** What a factor pays at most, either way; of progress also from 0, as what lies beyond the limit is cut. */
function mostPaid({ weight, kind, range }: Factor & { readonly range: Range }): number {
  const [low, high] = [Math.min(0, range.low), Math.max(0, range.high)];
  return Math.abs(weight) * (kind === "progress" ? high - low : Math.max(high, -low));
}

const SNAPSHOT_ENVS = 16;
const SNAPSHOT_ROUNDS = 12;
const PLACED_ROUNDS = 8;

/** What a stage's expressions came to. */
interface Ranges {
  readonly reached: Range;
  readonly done: Range;
  readonly factors: readonly Range[];
}

const noRange = (): Range => ({
  low: Number.POSITIVE_INFINITY,
  high: Number.NEGATIVE_INFINITY,
  bad: 0,
  count: 0,
});

/** Ranges of each stage's conditions and factors, over starts of all kinds driven about at random. */
async function survey(
  base: AssembledScene,
  plan: Staged,
  stages: readonly PlannedStage[],
  seed: number,
): Promise<readonly Ranges[]> {
  const batch = await SceneBatch.create({
    scene: asScene(sceneFromPlan(base, plan)),
    envs: SNAPSHOT_ENVS,
    seed,
    purpose: "training",
    groups: ["proprioception"],
  });
  try {
    batch.practiceShare = 0.5;
    batch.stageShare = 1;
    return surveyed(new Snapshots(base, batch, stages), createRng(seed).split("snapshots"));
  } finally {
    batch.free();
  }
}

function surveyed(snapshots: Snapshots, rng: Rng): readonly Ranges[] {
  const { batch } = snapshots;
  batch.reset();
  for (let round = 0; round < SNAPSHOT_ROUNDS; round++) {
    const actions = Float32Array.from({ length: SNAPSHOT_ENVS * 2 }, () => rng.uniform(-1, 1));
    for (let t = 0; t < 6; t++) batch.step(actions);
    snapshots.look();
  }
  // random driving hardly ever ends near a target
  for (let round = 0; round < PLACED_ROUNDS; round++) {
    const within_m = round % 2 === 0 ? 0.2 : 1.2;
    snapshots.look({ rng: rng.split(`placed ${round}`), within_m });
  }
  return snapshots.ranges;
}

/** Looks at what each stage's expressions come to in a batch of worlds. */
class Snapshots {
  readonly batch: SceneBatch;
  readonly ranges: readonly Ranges[];
  readonly #stages: readonly PlannedStage[];
  readonly #surveyor: Surveyor;
  readonly #situation: Situation;

  constructor(base: AssembledScene, batch: SceneBatch, stages: readonly PlannedStage[]) {
    this.batch = batch;
    this.ranges = stages.map(({ compiled }) => ({
      reached: noRange(),
      done: noRange(),
      factors: compiled.factors.map(noRange),
    }));
    this.#stages = stages;
    this.#surveyor = new Surveyor(base.cast);
    this.#situation = createSituation(rowsOf(base.cast.bodies.map(({ name }) => name)));
  }

  /** @param placed puts each stage's object somewhere about its target before it is looked at */
  look(placed?: { readonly rng: Rng; readonly within_m: number }): void {
    const ground = new Ground(this.batch.world);
    for (let env = 0; env < this.batch.envs; env++) {
      ground.env = env;
      for (const [i, stage] of this.#stages.entries()) {
        const goal = placed && stage.target?.(ground);
        if (placed && goal) {
          const { rng, within_m } = placed;
          const [dx, dy] = [rng.uniform(-within_m, within_m), rng.uniform(-within_m, within_m)];
          const yaw_rad = goal.yaw_rad + rng.uniform(-1, 1);
          this.batch.world.place(env, stage.active, goal.x_m + dx, goal.y_m + dy, yaw_rad);
        }
        this.#measure(ground, stage);
        const { reached, done, factors } = this.ranges[i];
        const { compiled } = stage;
        widen(reached, compiled.reached.evaluate(this.#situation));
        widen(done, compiled.done.evaluate(this.#situation));
        for (const [f, { value }] of compiled.factors.entries()) {
          widen(factors[f], value.evaluate(this.#situation));
        }
      }
    }
  }

  #measure(ground: Ground, { active, target, compiled }: PlannedStage): void {
    this.#surveyor.measure(
      ground,
      { active, target, uses: compiled.uses },
      [0, 0],
      this.#situation,
    );
  }
}

function widen(range: Range, value: number): void {
  range.count++;
  if (!Number.isFinite(value)) {
    range.bad++;
    return;
  }
  range.low = Math.min(range.low, value);
  range.high = Math.max(range.high, value);
}
