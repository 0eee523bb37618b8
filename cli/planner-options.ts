/** Options of the commands that ask a planner, and what they stand for. */

import { appendFileSync, mkdirSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { ConfigError } from "../core/errors.ts";
import type { Planner } from "../llm-planner/planner.ts";
import { recordedPlanner } from "../llm-planner/providers/recorded.ts";
import type { AssembledScene } from "../sim/scene.ts";
import { findScene, scenes } from "../sim/scenes/index.ts";
import type { Options, ValuesOf } from "./command.ts";

export const plannerOptions = {
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
} as const satisfies Options;

type PlannerValues = ValuesOf<typeof plannerOptions>;

export async function openPlanner(values: PlannerValues): Promise<Planner> {
  const { provider, answers } = values;
  if (provider === "embedded") {
    // the only provider that needs an inference session
    const { EmbeddedPlanner } = await import("../llm-planner/embedded/planner.ts");
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

async function openEndpoint(values: PlannerValues): Promise<Planner> {
  const { url, model, limit_s, cache, log } = values;
  if (!URL.canParse(url)) {
    throw new ConfigError(`"--url" must be a URL such as http://127.0.0.1:8080/v1, got "${url}".`);
  }
  // a client that nobody else has to wait for
  const { EndpointPlanner } = await import("../llm-planner/providers/endpoint.ts");
  const key = process.env.UNDERSTUDY_PLANNER_KEY;
  return new EndpointPlanner({
    url,
    model,
    limit_s,
    cache,
    ...(key ? { key } : {}),
    log(entry) {
      mkdirSync(path.dirname(log), { recursive: true });
      appendFileSync(log, `${JSON.stringify(entry)}\n`);
    },
  });
}

/** What `--set` may set: the scene. */
export function planConfigSchema(scene?: string) {
  const { config } = scene ? findScene(scene) : scenes[scenes.length - 1];
  return z.strictObject({ scene: config.prefault({}) });
}

export type Configure = <S extends z.ZodType>(schema: S, base?: object) => z.output<S>;

export function assembleScene(scene: string, configure: Configure): AssembledScene {
  return findScene(scene).assemble(configure(planConfigSchema(scene)).scene);
}
