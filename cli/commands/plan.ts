/** `understudy plan "words"`: a checked plan of stages for a scene. */

import { appendFileSync, mkdirSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { ConfigError } from "../../core/errors.ts";
import { PlanRefusedError } from "../../llm-planner/check.ts";
import { type MadePlan, makePlan } from "../../llm-planner/make-plan.ts";
import { type PlanStage, readPlan, writePlan } from "../../llm-planner/plan.ts";
import type { Planner } from "../../llm-planner/planner.ts";
import { EndpointPlanner } from "../../llm-planner/providers/endpoint.ts";
import { recordedPlanner } from "../../llm-planner/providers/recorded.ts";
import { usual } from "../../llm-planner/stages.ts";
import { verifyPlan } from "../../llm-planner/verify.ts";
import type { AssembledScene } from "../../sim/scene.ts";
import { findScene, scenes } from "../../sim/scenes/index.ts";
import { defineCommand, jsonOption, seedOption, type ValuesOf } from "../command.ts";
import { formatTable } from "../table.ts";

/** What `--set` may set: the scene. */
function planConfigSchema(scene?: string) {
  const { config } = scene ? findScene(scene) : scenes[scenes.length - 1];
  return z.strictObject({ scene: config.prefault({}) });
}

const options = {
  scene: { type: "string", description: "name of the scene; see `scenes`" },
  provider: {
    type: "string",
    choices: ["embedded", "endpoint", "recorded"],
    default: "embedded",
    description: "who plans: the planner that ships, a model at --url, or recorded answers",
  },
  planner: { type: "string", description: "folder of another embedded planner" },
  url: {
    type: "string",
    default: "http://127.0.0.1:8080/v1",
    description: "endpoint that speaks chat completions; its key is UNDERSTUDY_PLANNER_KEY",
  },
  model: { type: "string", default: "default", description: "name of the endpoint's model" },
  answers: { type: "string", description: "file of recorded answers" },
  limit_s: {
    type: "number",
    min: 1,
    max: 600,
    default: 60,
    description: "time for one answer, retries included",
  },
  tries: {
    type: "number",
    integer: true,
    min: 1,
    max: 10,
    default: 3,
    description: "answers that may be refused before the planner is given up",
  },
  cache: {
    type: "string",
    default: "runs/planner/cache",
    description: "folder of answers that were paid for",
  },
  log: {
    type: "string",
    default: "runs/planner/log.jsonl",
    description: "where requests, tokens and times are written",
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
    const made = options.check
      ? await checked(options.check, options.seed, configure)
      : await asked(words, options, configure, signal);
    if (options.out) writePlan(options.out, made.plan);
    report({ ...made, ...(options.out ? { file: options.out } : {}) }, () =>
      describe(made, options.explain, options.out),
    );
  },
});

type Configure = <S extends z.ZodType>(schema: S, base?: object) => z.output<S>;

function assemble(scene: string, configure: Configure): AssembledScene {
  return findScene(scene).assemble(configure(planConfigSchema(scene)).scene);
}

async function checked(file: string, seed: number, configure: Configure): Promise<MadePlan> {
  const found = readPlan(file);
  const verdict = await verifyPlan(assemble(found.scene, configure), found, { seed });
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
    const known = scenes.map(({ name }) => name).join(", ");
    throw new ConfigError(`"plan" needs --scene NAME. Scenes: ${known}.`);
  }
  const base = assemble(scene, configure);
  const planner = await openPlanner(values);
  try {
    return await makePlan({ planner, scene, base, instruction: words, seed, tries, signal });
  } finally {
    await planner.close();
  }
}

async function openPlanner(values: ValuesOf<typeof options>): Promise<Planner> {
  const { provider, answers } = values;
  if (provider === "embedded") {
    // the only provider that needs an inference session
    const { EmbeddedPlanner } = await import("../../llm-planner/embedded/planner.ts");
    return EmbeddedPlanner.load(values.planner);
  }
  if (provider === "recorded") {
    if (answers === undefined) {
      throw new ConfigError('"--provider recorded" needs --answers FILE.');
    }
    return recordedPlanner(answers);
  }
  return openEndpoint(values);
}

function openEndpoint(values: ValuesOf<typeof options>): Planner {
  const { url, model, limit_s, cache, log } = values;
  if (!URL.canParse(url)) {
    throw new ConfigError(`"--url" must be a URL such as http://127.0.0.1:8080/v1, got "${url}".`);
  }
  const key = process.env.UNDERSTUDY_PLANNER_KEY;
  return new EndpointPlanner({
    url,
    model,
    limit_s,
    cache,
    ...(key ? { key } : {}),
    clock: () => performance.now(),
    log(entry) {
      mkdirSync(path.dirname(log), { recursive: true });
      appendFileSync(log, `${JSON.stringify(entry)}\n`);
    },
  });
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
  ].join("\n");
}
