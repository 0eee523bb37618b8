/** What `train`, `distill` and `fine-tune` have in common: options, workers with a progress bar, and the report. */

import { claimFile } from "../core/files.ts";
import { planScene } from "../llm-planner/scene.ts";
import type { SimulationSpec } from "../rollout/shard.ts";
import type { Chain, CurvePoint } from "./chain.ts";
import { type Context, jsonOption, type Options, seedOption } from "./command.ts";
import { formatCount, formatPercent } from "./format.ts";
import { moduleOption } from "./modules.ts";
import { Progress } from "./progress.ts";
import type { RunConfig } from "./run-config.ts";
import { computeOptions, openPool, presetOption } from "./run-options.ts";

export const learnerOptions = {
  ...presetOption,
  ...moduleOption,
  ...computeOptions,
  ...seedOption,
  ...jsonOption,
} as const satisfies Options;

/** Where the learner is saved. */
export const outOption = (file: string) =>
  ({
    type: "string",
    default: file,
    description: "checkpoint to write; an existing one is resumed",
  }) as const;

export interface Learning {
  /** What the progress bar is called. */
  readonly bar: string;
  readonly simulation: SimulationSpec;
  readonly config: RunConfig;
  learn(chain: Chain): Promise<{ readonly progress: CurvePoint & { readonly iteration: number } }>;
  readonly learner: "Teacher" | "Student";
}

type LearnerContext = Context<
  typeof learnerOptions & { readonly out: ReturnType<typeof outOption> }
>;

/** Learns, or goes on learning, until it is done or interrupted, and reports what is in the checkpoint by then. */
export async function runLearner(
  { options, signal, report }: Pick<LearnerContext, "options" | "signal" | "report">,
  { bar, simulation, config, learn, learner }: Learning,
): Promise<void> {
  const { out, device, threads } = options;
  claimFile(out);
  const who = `${learner} of "${taskOf(simulation)}"`;
  const pool = openPool(options.workers, options.module);
  const progress = new Progress([bar]);
  try {
    const learnt = await learn({ simulation, config, pool, progress, signal, device, threads });
    const { environmentSteps, metrics, iteration } = learnt.progress;
    if (iteration === 0) {
      report({ checkpoint: null, iteration }, () => nothingSaved(who, out));
      return;
    }
    report({ checkpoint: out, iteration, environmentSteps, metrics }, () =>
      [
        `${who} in ${out}: ${formatCount(environmentSteps)} environment steps in its life,`,
        `success while training ${formatPercent(metrics.success ?? Number.NaN)}.`,
      ].join(" "),
    );
  } finally {
    await pool.close();
  }
}

/** The scene, or what a plan for it says in words. */
function taskOf({ scene, config }: SimulationSpec): string {
  const { plan } = (config ?? {}) as { readonly plan?: { readonly instruction?: string } };
  return (scene === planScene.name ? plan?.instruction : undefined) ?? scene;
}

function nothingSaved(who: string, out: string): string {
  return `${who} is not in ${out} yet: it was stopped before it was saved for the first time. The same command begins it anew; let it run for longer.`;
}
