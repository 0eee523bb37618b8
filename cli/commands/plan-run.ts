/** `understudy plan run`: carries a plan out in simulation under the eye of the monitor. */

import { applyCorrection, checkWords } from "../../llm-planner/execution/corrections.ts";
import { Replanner } from "../../llm-planner/execution/replanning.ts";
import {
  type ExecutionResult,
  executeInSimulation,
  type Moment,
} from "../../llm-planner/execution/simulated.ts";
import { viewNow } from "../../llm-planner/make-plan.ts";
import { type Plan, readPlan } from "../../llm-planner/plan.ts";
import type { Planner } from "../../llm-planner/planner.ts";
import type { WorldView } from "../../llm-planner/world-view.ts";
import type { PolicyRuntime } from "../../policies/runtime/runtime.ts";
import type { AssembledScene } from "../../sim/scene.ts";
import { defineCommand, jsonOption, seedOption, type ValuesOf } from "../command.ts";
import { moduleOption } from "../modules.ts";
import {
  assembleScene,
  openPlanner,
  planConfigSchema,
  plannerOptions,
} from "../planner-options.ts";
import { formatTable } from "../table.ts";

const options = {
  plan: { type: "string", required: true, description: "file of the plan; see `plan --out`" },
  policy: {
    type: "string",
    description: "bundle that drives, with a goal as input; the scripted pusher unless given",
  },
  max_steps: {
    type: "number",
    integer: true,
    min: 1,
    max: 100_000,
    default: 3000,
    description: "control steps after which it ends in any case",
  },
  replans: {
    type: "number",
    integer: true,
    min: 0,
    max: 10,
    default: 1,
    description: "times that the planner is asked anew where a stage was given up",
  },
  say: { type: "string", description: "a correction, in words" },
  at_step: {
    type: "number",
    integer: true,
    min: 0,
    default: 50,
    description: "control step at which it is said",
  },
  corrections: {
    type: "string",
    default: "runs/planner/corrections.jsonl",
    description: "where corrections are logged",
  },
  ...moduleOption,
  ...plannerOptions,
  ...seedOption,
  ...jsonOption,
} as const;

export const planRun = defineCommand({
  examples: [
    ["plan run --plan runs/plan.json", "see what becomes of each stage"],
    [
      "plan run --plan runs/plan.json --policy runs/arrangement/bundle",
      "driven by a student that is told its goal, judged by its own pose head where it has one",
    ],
    [
      'plan run --plan runs/plan.json --say "put the object behind the anchor" --at_step 50',
      "with a correction, which is logged",
    ],
  ],
  options,
  config: planConfigSchema(),
  async run({ options, configure, signal, report }) {
    const plan = readPlan(options.plan);
    const base = assembleScene(plan.scene, configure);
    const { say, seed } = options;
    if (say !== undefined) checkWords(say);
    const policy = options.policy === undefined ? undefined : await openPolicy(options.policy);
    const director = new Director(plan, base, options, signal);
    try {
      const result = await executeInSimulation({
        base,
        plan,
        seed,
        maxSteps: options.max_steps,
        meanwhile: (moment) => director.watch(moment),
        signal,
        ...(policy && { policy }),
      });
      const { controlStep_s } = base.timing;
      const remarks = [...director.remarks, ...remarksOn(policy)];
      report({ scene: plan.scene, seed, ...result, refused: director.remarks }, () =>
        describe(result, remarks, controlStep_s),
      );
    } finally {
      await director.close();
      await policy?.close();
    }
  },
});

async function openPolicy(folder: string): Promise<PolicyRuntime> {
  // an inference session that the scripted pusher does without
  const { loadPolicy } = await import("../../policies/runtime/node.ts");
  return loadPolicy(folder);
}

function remarksOn(policy: PolicyRuntime | undefined): string[] {
  if (!policy || policy.manifest.inputs.some(({ name }) => name === "goal")) return [];
  const { name } = policy.manifest;
  return [`"${name}" is not told where things belong: it does what it was trained for.`];
}

/** Speaks to the planner while a plan is carried out: corrections, and what to do where a stage was given up. */
class Director {
  /** Why a correction or another plan was not followed. */
  readonly remarks: string[] = [];
  readonly #plan: Plan;
  readonly #base: AssembledScene;
  readonly #options: ValuesOf<typeof options>;
  readonly #signal: AbortSignal;
  readonly #replanner = new Replanner();
  #planner: Planner | undefined;
  #replans = 0;

  constructor(
    plan: Plan,
    base: AssembledScene,
    values: ValuesOf<typeof options>,
    signal: AbortSignal,
  ) {
    this.#plan = plan;
    this.#base = base;
    this.#options = values;
    this.#signal = signal;
  }

  async watch(moment: Moment): Promise<void> {
    const { say, at_step, replans } = this.#options;
    if (say !== undefined && moment.step === at_step) await this.#correct(moment, say);
    const givenUp = moment.events.some(({ kind }) => kind === "given up");
    if (!givenUp || this.#plan.instruction === "" || this.#replans >= replans) return;
    this.#replans++;
    const { reasons } = await this.#replanner.replan({
      execution: moment.execution,
      planner: await this.#open(),
      base: this.#base,
      plan: this.#plan,
      world: this.#worldAt(moment),
      seed: this.#options.seed,
      signal: this.#signal,
    });
    this.remarks.push(...reasons.map((reason) => `There is no other plan: ${reason}`));
  }

  async close(): Promise<void> {
    await this.#planner?.close();
  }

  async #correct(moment: Moment, words: string): Promise<void> {
    const { correction } = await applyCorrection({
      execution: moment.execution,
      planner: await this.#open(),
      base: this.#base,
      scene: this.#plan.scene,
      instruction: this.#plan.instruction,
      words,
      world: this.#worldAt(moment),
      step: moment.step,
      seed: this.#options.seed,
      file: this.#options.corrections,
      signal: this.#signal,
    });
    this.remarks.push(
      ...correction.reasons.map((reason) => `The correction was not followed: ${reason}`),
    );
  }

  /** Opened when there is something to say. */
  async #open(): Promise<Planner> {
    this.#planner ??= await openPlanner(this.#options);
    return this.#planner;
  }

  #worldAt({ ground }: Moment): WorldView {
    return viewNow(this.#plan.scene, this.#base, ground);
  }
}

function describe(
  { events, steps, success }: ExecutionResult,
  remarks: readonly string[],
  controlStep_s: number,
): string {
  const table = formatTable(
    [{ title: "s", align: "right" }, { title: "stage" }, { title: "event" }, { title: "because" }],
    events.map(({ step, stage, kind, reason }) => [
      (step * controlStep_s).toFixed(1),
      stage,
      kind,
      reason,
    ]),
  );
  const end = success ? "everything stands in its place" : "not everything stands in its place";
  return [table, `After ${(steps * controlStep_s).toFixed(1)} s ${end}.`, ...remarks, ""].join(
    "\n",
  );
}
