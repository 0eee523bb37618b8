/** `understudy plan train`: the embedded planner, from generated instructions to a folder that `plan` uses. */

import path from "node:path";
import { z } from "zod";
import { claimFolder } from "../../core/files.ts";
import { type Provenance, readPlanner, writePlanner } from "../../llm-planner/embedded/bundle.ts";
import { readPart, writePart } from "../../llm-planner/embedded/checkpoints.ts";
import { readerQuality, sequencerQuality } from "../../llm-planner/embedded/judging.ts";
import { learnOrders, orderConfig } from "../../llm-planner/embedded/order-training.ts";
import { READER_SIZE, readerParams } from "../../llm-planner/embedded/reader.ts";
import {
  readerConfig,
  type TrainedReader,
  trainReader,
  vocabularyOf,
} from "../../llm-planner/embedded/reader-training.ts";
import { sequencerParams } from "../../llm-planner/embedded/sequencer.ts";
import { sequencerFrom } from "../../llm-planner/embedded/warm-start.ts";
import { DEVICES } from "../../nn/device.ts";
import { defineCommand, jsonOption, seedOption } from "../command.ts";
import { formatPercent } from "../format.ts";
import { Progress } from "../progress.ts";

const schema = z.strictObject({
  reader: readerConfig.prefault({}),
  order: orderConfig.prefault({}),
});

export const planTrain = defineCommand({
  examples: [
    ["plan train --out runs/planner", "train a planner; run it again to go on after Ctrl-C"],
    ["plan train --out runs/small --set reader.steps=640", "a quick one, for a look"],
    [
      "plan train --from policies/zoo/planner --out runs/more --set reader.steps=2000 --set reader.growth=0",
      "go on from another one, for words or templates that were added",
    ],
  ],
  options: {
    out: {
      type: "string",
      default: "runs/planner/embedded",
      description: "folder to write; its checkpoints are resumed",
    },
    from: {
      type: "string",
      description: "planner to start from instead of from nothing",
    },
    device: { type: "string", choices: DEVICES, default: "cpu", description: "where to train" },
    threads: {
      type: "number",
      integer: true,
      min: 1,
      max: 64,
      default: 1,
      description: "threads inside one operator; the weights do not depend on it",
    },
    judge: {
      type: "number",
      integer: true,
      min: 0,
      max: 100_000,
      default: 500,
      description: "held-out instructions to judge the planner on",
    },
    ...seedOption,
    ...jsonOption,
  },
  config: schema,
  async run({ options, configure, signal, report }) {
    const { out, from, seed, judge } = options;
    const config = configure(schema);
    claimFolder(out);
    // read before an --out that is the same folder is written
    const before = from === undefined ? undefined : readPlanner(from).manifest.provenance;
    const progress = new Progress(["reading", "ordering"]);
    const reader = await trainWords(config.reader, options, progress, signal);
    if (signal.aborted) return;
    const sequencer = await trainOrders(config.order, reader, options, progress, signal);
    if (signal.aborted || !sequencer) return;
    const folder = path.join(out, "planner");
    const manifest = await writePlanner(folder, {
      size: reader.size,
      vocabulary: reader.vocabulary,
      reader: reader.state.theta,
      sequencer: sequencer.theta,
      provenance: {
        command: commandOf(config, seed, before),
        seed,
        readerSteps: reader.state.steps + (before?.readerSteps ?? 0),
        orderRounds: sequencer.rounds,
        corrections: before?.corrections ?? 0,
      },
    });
    const bytes = manifest.reader.bytes + manifest.sequencer.bytes;
    if (judge === 0) {
      report({ folder, bytes }, () => `Planner in ${folder}.`);
      return;
    }
    const heldOut = await readerQuality(reader, { seed, count: judge, split: "heldOut" });
    const orders = await sequencerQuality(reader, sequencer.theta, { seed, count: judge });
    report({ folder, bytes, heldOut, orders }, () =>
      [
        `Planner in ${folder}.`,
        `Held-out instructions read exactly: ${formatPercent(heldOut.tasks.rate)} of ${heldOut.tasks.trials}.`,
        `Plans that work where the order told does not: ${formatPercent(orders.infeasible.rate)} of ${orders.infeasible.trials}.`,
      ].join("\n"),
    );
  },
});

/** What to run to get the planner again: all that is not usual, and how the planner that it started from was made. */
function commandOf(
  config: z.output<typeof schema>,
  seed: number,
  before: Provenance | undefined,
): string {
  const usual = schema.parse({});
  const sets = (["reader", "order"] as const).flatMap((part) =>
    Object.entries(config[part])
      .filter(([key, value]) => value !== (usual[part] as Record<string, unknown>)[key])
      .map(([key, value]) => ` --set ${part}.${key}=${value}`),
  );
  const own = `understudy plan train --seed ${seed}${before ? " --from FOLDER" : ""}${sets.join("")}`;
  return before ? `${own}; FOLDER is from ${before.command}` : own;
}

interface Place {
  readonly out: string;
  readonly from?: string | undefined;
  readonly seed: number;
  readonly device: (typeof DEVICES)[number];
  readonly threads: number;
}

async function trainWords(
  config: z.output<typeof readerConfig>,
  { out, from, seed, device, threads }: Place,
  progress: Progress,
  signal: AbortSignal,
): Promise<TrainedReader> {
  const file = path.join(out, "reader.ckpt");
  const params = readerParams({ ...READER_SIZE, words: vocabularyOf(seed).length });
  const before = readPart(file, "reader", params, seed);
  const save = (state: TrainedReader["state"]) =>
    writePart(file, "reader", params, { state, seed, config, rounds: 0 });
  progress.start({ name: "reading", unit: "updates", total: config.steps });
  const trained = await trainReader({
    config,
    seed,
    device,
    threads,
    signal,
    ...(before && { state: before.state }),
    ...(from !== undefined && { from }),
    onChunk(state, { loss }) {
      progress.update(state.steps, { note: `loss ${loss.toFixed(3)}` });
      if (state.steps % 320 === 0) save(state);
    },
  });
  save(trained.state);
  progress.finish();
  return trained;
}

async function trainOrders(
  config: z.output<typeof orderConfig>,
  reader: TrainedReader,
  { out, from, seed, device }: Place,
  progress: Progress,
  signal: AbortSignal,
): Promise<{ readonly theta: Float32Array; readonly rounds: number } | undefined> {
  const file = path.join(out, "sequencer.ckpt");
  const saved = readPart(file, "sequencer", sequencerParams(), seed);
  const started = from === undefined ? undefined : sequencerFrom(from);
  // before the first round there is only imitation, which is done anew
  const before = saved && saved.rounds > 0 ? saved : started;
  progress.start({ name: "ordering", unit: "rounds", total: config.iterations });
  const learnt = await learnOrders(reader, {
    config,
    seed,
    device,
    signal,
    ...(before && { state: before.state, rounds: before.rounds }),
    onRound(rounds, success) {
      progress.update(rounds, { success });
    },
  });
  progress.finish();
  if (!learnt) return undefined;
  writePart(file, "sequencer", sequencerParams(), { ...learnt, seed, config });
  return { theta: learnt.state.theta, rounds: learnt.rounds };
}
