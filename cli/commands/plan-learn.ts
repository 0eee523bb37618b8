/** `understudy plan learn`: fine-tunes the embedded planner by corrections that were logged. */

import { ConfigError } from "../../core/errors.ts";
import { readWeights, writePlanner } from "../../llm-planner/embedded/bundle.ts";
import {
  correctionConfig,
  exampleOf,
  isNews,
  learnCorrections,
} from "../../llm-planner/embedded/corrections.ts";
import { EmbeddedPlanner, zooPlanner } from "../../llm-planner/embedded/planner.ts";
import { type Correction, readCorrections } from "../../llm-planner/execution/corrections.ts";
import { defineCommand, jsonOption, seedOption } from "../command.ts";

export const planLearn = defineCommand({
  examples: [
    [
      "plan learn --corrections runs/planner/corrections.jsonl --out runs/planner/corrected",
      "learn what people said while plans were carried out",
    ],
  ],
  options: {
    corrections: { type: "string", required: true, description: "log of corrections (JSONL)" },
    planner: {
      type: "string",
      description: "planner to go on from; the one that ships unless given",
    },
    out: {
      type: "string",
      default: "runs/planner/corrected",
      description: "folder to write; it can be the --planner of the next corrections",
    },
    ...seedOption,
    ...jsonOption,
  },
  config: correctionConfig,
  async run({ options, configure, report }) {
    const { corrections, planner = zooPlanner, out, seed } = options;
    const config = configure(correctionConfig);
    const logged = readCorrections(corrections);
    const news = await newsAmong(logged, planner);
    const examples = news.flatMap((correction) => exampleOf(correction) ?? []);
    if (examples.length === 0) {
      throw new ConfigError(
        `None of the ${logged.length} corrections in "${corrections}" has stages that the embedded planner can say and does not say already. Write into "stages" what was meant.`,
      );
    }
    const { reader, sequencer, size, vocabulary, provenance } = readWeights(planner);
    const before = { size, vocabulary, theta: reader };
    const learnt = await learnCorrections(before, examples, config, seed);
    await writePlanner(out, {
      size: learnt.size,
      vocabulary: learnt.vocabulary,
      reader: learnt.theta,
      sequencer,
      provenance: { ...provenance, corrections: provenance.corrections + examples.length },
    });
    const words = learnt.vocabulary.length - vocabulary.length;
    const left = logged.length - examples.length;
    report({ folder: out, corrections: examples.length, left, words }, () =>
      [
        `Learnt from ${examples.length} of ${logged.length} corrections, with ${words} new words.`,
        `Planner in ${out}.`,
      ].join("\n"),
    );
  },
});

/** The corrections that say something else than the planner has read in their words. */
async function newsAmong(logged: readonly Correction[], folder: string): Promise<Correction[]> {
  const planner = await EmbeddedPlanner.load(folder);
  try {
    const news: Correction[] = [];
    for (const correction of logged) if (await isNews(planner, correction)) news.push(correction);
    return news;
  } finally {
    await planner.close();
  }
}
