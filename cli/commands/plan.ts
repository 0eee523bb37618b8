/** `understudy plan "words"`: a checked plan of stages for a scene. */

import { ConfigError } from "../../core/errors.ts";
import { claimFile } from "../../core/files.ts";
import { PlanRefusedError } from "../../llm-planner/check.ts";
import { printable } from "../../llm-planner/language/tokens.ts";
import { type MadePlan, makePlan } from "../../llm-planner/make-plan.ts";
import { type PlanStage, readPlan, writePlan } from "../../llm-planner/plan.ts";
import { usual } from "../../llm-planner/stages.ts";
import { verifyPlan } from "../../llm-planner/verify.ts";
import { listedNames } from "../../sim/scenes/index.ts";
import { defineCommand, jsonOption, seedOption, type ValuesOf } from "../command.ts";
import { moduleOption } from "../modules.ts";
import {
  assembleScene,
  type Configure,
  openPlanner,
  planConfigSchema,
  plannerOptions,
} from "../planner-options.ts";
import { formatTable } from "../table.ts";

const options = {
  scene: { type: "string", description: "name of the scene; see `scenes`" },
  ...moduleOption,
  ...plannerOptions,
  tries: {
    type: "number",
    integer: true,
    min: 1,
    max: 10,
    default: 3,
    description: "answers that may be refused before the planner is given up",
  },
  check: { type: "string", description: "verify this plan instead of making one" },
  out: { type: "string", description: "file to write the plan to" },
  explain: { type: "boolean", description: "say why each stage, and what it is judged by" },
  ...seedOption,
  ...jsonOption,
} as const;

export const plan = defineCommand({
  examples: [
    [
      'plan "put the object in front of the anchor" --scene push-pair --explain',
      "ask the planner that ships",
    ],
    [
      'plan "put the object in front of the anchor" --scene push-pair --provider endpoint --model qwen3',
      "ask a server of your own",
    ],
    ["plan --check runs/plan.json", "verify a plan that you wrote or changed"],
  ],
  positionals: ["words"],
  options,
  config: planConfigSchema(),
  async run({ options, positionals: [words], configure, signal, report }) {
    if (options.check !== undefined) refuseBeside(options.check, words, options.scene);
    if (options.out) claimFile(options.out);
    const made = options.check
      ? await checked(options.check, options.seed, configure, signal)
      : await asked(words, options, configure, signal);
    if (options.out) writePlan(options.out, made.plan);
    report({ ...made, ...(options.out ? { file: options.out } : {}) }, () =>
      describe(made, options.explain, options.out),
    );
  },
});

/** @throws ConfigError for words or a scene beside a plan that has its own */
function refuseBeside(file: string, words: string | undefined, scene: string | undefined): void {
  const given = words === undefined ? scene && `--scene ${scene}` : `"${words}"`;
  if (given === undefined || (words === undefined && scene === readPlan(file).scene)) return;
  throw new ConfigError(
    `--check verifies "${file}" in the scene that it is for; ${given} beside it decides nothing. Leave it out.`,
  );
}

async function checked(
  file: string,
  seed: number,
  configure: Configure,
  signal: AbortSignal,
): Promise<MadePlan> {
  const found = readPlan(file);
  const base = assembleScene(found.scene, configure);
  const verdict = await verifyPlan(base, found, { seed, signal });
  if (verdict.reasons.length > 0) throw new PlanRefusedError(verdict.reasons);
  return {
    plan: found,
    rehearsal: verdict.rehearsal,
    refusals: [],
    tokens: { input: 0, output: 0 },
  };
}

async function asked(
  words: string | undefined,
  values: ValuesOf<typeof options>,
  configure: Configure,
  signal: AbortSignal,
): Promise<MadePlan> {
  const { scene, seed, tries } = values;
  if (words === undefined) {
    throw new ConfigError('Say what to plan: understudy plan "put ..." --scene NAME.');
  }
  if (scene === undefined) {
    throw new ConfigError(`"plan" needs --scene NAME. Scenes: ${listedNames()}.`);
  }
  const base = assembleScene(scene, configure);
  const planner = await openPlanner(values);
  try {
    return await makePlan({ planner, scene, base, instruction: words, seed, tries, signal });
  } finally {
    await planner.close();
  }
}

function describe(
  { plan: made, rehearsal, refusals, tokens }: MadePlan,
  explain: boolean,
  out?: string,
): string {
  const rows = made.stages.map((stage, i) => [
    String(i + 1),
    stage.name,
    stage.active,
    placeOf(stage),
    triesOf(rehearsal.find((each) => each.stage === stage.name)),
  ]);
  const table = formatTable(
    [
      { title: "#", align: "right" },
      { title: "stage" },
      { title: "object" },
      { title: "place" },
      { title: "in simulation", align: "right" },
    ],
    rows,
  );
  const remarks = [
    ...refusals.map(({ reasons }, i) => `Answer ${i + 1} was refused: ${reasons.join(" ")}`),
    ...(tokens.input + tokens.output > 0
      ? [`Tokens: ${tokens.input} read, ${tokens.output} written.`]
      : []),
    ...(out ? [`Written to ${out}.`] : []),
  ];
  const why = explain ? `\n${made.stages.map(explanation).join("\n")}` : "";
  return [table, why, remarks.length > 0 ? `\n${remarks.join("\n")}\n` : ""].join("");
}

/** `in front of "anchor" 0.25 m`, or coordinates where it is no plain side. */
function placeOf({ place }: PlanStage): string {
  if (!place) return "reach it";
  const { anchor, x_m, y_m, yaw_deg } = place;
  const turned = yaw_deg === null || yaw_deg === 0 ? "" : `, turned ${yaw_deg}°`;
  const side = [
    [x_m > 0, y_m === 0, "in front of"],
    [x_m < 0, y_m === 0, "behind"],
    [x_m === 0, y_m > 0, "left of"],
    [x_m === 0, y_m < 0, "right of"],
  ].find(([a, b]) => a && b)?.[2];
  const away_m = Math.hypot(x_m, y_m).toFixed(2);
  if (side) return `${away_m} m ${side} ${anchor}${turned}`;
  return `${x_m.toFixed(2)} m ahead, ${y_m.toFixed(2)} m left of ${anchor}${turned}`;
}

function triesOf(stage: MadePlan["rehearsal"][number] | undefined): string {
  return stage ? `${stage.completed} of ${stage.entered} done` : "–";
}

function explanation(stage: PlanStage): string {
  const fallback = usual(stage);
  const factors = stage.factors ?? fallback.factors;
  return [
    `${stage.name}: ${stage.why || "no reason was given."}`,
    ...(stage.after.length > 0 ? [`  after    ${stage.after.join(", ")}`] : []),
    `  reached  ${stage.reached ?? fallback.reached}`,
    `  done     ${stage.done ?? fallback.done}`,
    ...factors.map(
      ({ name, kind, value, weight, phase }) =>
        `  pays     ${weight} x ${kind === "progress" ? "gain of " : ""}${value} (${name}${phase === "both" ? "" : `, while ${phase}`})`,
    ),
    `  within   ${stage.budgetSteps} control steps`,
    "",
  ]
    .map(printable)
    .join("\n");
}
