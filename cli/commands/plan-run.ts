/** `understudy plan-run`: carries a plan out in simulation under the eye of the monitor. */

import { ConfigError } from "../../core/errors.ts";
import { applyCorrection } from "../../llm-planner/execution/corrections.ts";
import {
  type ExecutionResult,
  executeInSimulation,
  type Moment,
} from "../../llm-planner/execution/simulated.ts";
import { viewOf } from "../../llm-planner/make-plan.ts";
import { poseOf } from "../../llm-planner/measure.ts";
import { readPlan } from "../../llm-planner/plan.ts";
import { defineCommand, jsonOption, seedOption } from "../command.ts";
import {
  assembleScene,
  openPlanner,
  planConfigSchema,
  plannerOptions,
} from "../planner-options.ts";
import { formatTable } from "../table.ts";

export const planRun = defineCommand({
  examples: [
    ["plan-run --plan runs/plan.json", "see what becomes of each stage"],
    [
      'plan-run --plan runs/plan.json --say "put the object behind the anchor" --at_step 50',
      "with a correction, which is logged",
    ],
  ],
  options: {
    plan: { type: "string", required: true, description: "file of the plan; see `plan --out`" },
    max_steps: {
      type: "number",
      integer: true,
      min: 1,
      max: 100_000,
      default: 3000,
      description: "control steps after which it ends in any case",
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
    ...plannerOptions,
    ...seedOption,
    ...jsonOption,
  },
  config: planConfigSchema(),
  async run({ options, configure, signal, report }) {
    const plan = readPlan(options.plan);
    const base = assembleScene(plan.scene, configure);
    const { say, seed } = options;
    if (say?.trim() === "") throw new ConfigError('"--say" needs words.');
    const planner = say === undefined ? undefined : await openPlanner(options);
    const reasons: string[] = [];
    const correct = async ({ step, execution, ground }: Moment) => {
      if (!planner || say === undefined || step !== options.at_step) return;
      const poses = [0, ...base.cast.bodies.map((_, i) => i + 1)].map((row) => poseOf(ground, row));
      const { correction } = await applyCorrection({
        execution,
        planner,
        base,
        scene: plan.scene,
        instruction: plan.instruction,
        words: say,
        world: viewOf(plan.scene, base, poses),
        step,
        seed,
        file: options.corrections,
      });
      reasons.push(...correction.reasons);
    };
    try {
      const result = await executeInSimulation({
        base,
        plan,
        seed,
        maxSteps: options.max_steps,
        meanwhile: correct,
        signal,
      });
      const { controlStep_s } = base.timing;
      report({ scene: plan.scene, seed, ...result, refused: reasons }, () =>
        describe(result, reasons, controlStep_s),
      );
    } finally {
      await planner?.close();
    }
  },
});

function describe(
  { events, steps, success }: ExecutionResult,
  refused: readonly string[],
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
  return [
    table,
    `After ${(steps * controlStep_s).toFixed(1)} s ${end}.`,
    ...(refused.length > 0 ? [`The correction was not followed: ${refused.join(" ")}`] : []),
    "",
  ].join("\n");
}
