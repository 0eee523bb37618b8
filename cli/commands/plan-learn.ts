/** `understudy plan-learn`: fine-tunes the embedded planner by corrections that were logged. */

import path from "node:path";
import { ConfigError } from "../../core/errors.ts";
import { readPlanner, writePlanner } from "../../llm-planner/embedded/bundle.ts";
import { readPart, writePart } from "../../llm-planner/embedded/checkpoints.ts";
import {
  correctionConfig,
  exampleOf,
  learnCorrections,
} from "../../llm-planner/embedded/corrections.ts";
import { READER_SIZE, readerParams } from "../../llm-planner/embedded/reader.ts";
import { sequencerParams } from "../../llm-planner/embedded/sequencer.ts";
import { readCorrections } from "../../llm-planner/execution/corrections.ts";
import { defineCommand, jsonOption, seedOption } from "../command.ts";

export const planLearn = defineCommand({
  examples: [
    [
      "plan-learn --corrections runs/planner/corrections.jsonl --run runs/planner/embedded",
      "learn what people said while plans were carried out",
    ],
  ],
  options: {
    corrections: { type: "string", required: true, description: "log of corrections (JSONL)" },
    run: {
      type: "string",
      default: "runs/planner/embedded",
      description: "folder of plan-train, with the checkpoints to go on from",
    },
    out: {
      type: "string",
      default: "runs/planner/corrected",
      description: "folder to write; it can be the --run of the next corrections",
    },
    ...seedOption,
    ...jsonOption,
  },
  config: correctionConfig,
  async run({ options: { corrections, run, out, seed }, configure, report }) {
    const config = configure(correctionConfig);
    const logged = readCorrections(corrections);
    const examples = logged.flatMap((correction) => exampleOf(correction) ?? []);
    if (examples.length === 0) {
      throw new ConfigError(
        `None of the ${logged.length} corrections in "${corrections}" has stages that the embedded planner can say. Write into "stages" what was meant.`,
      );
    }
    const { manifest } = readPlanner(path.join(run, "planner"));
    const size = { ...READER_SIZE, words: manifest.vocabulary.length };
    const reader = readPart(path.join(run, "reader.ckpt"), "reader", readerParams(size));
    const sequencer = readPart(path.join(run, "sequencer.ckpt"), "sequencer", sequencerParams());
    if (!reader || !sequencer) {
      throw new ConfigError(
        `"${run}" lacks reader.ckpt or sequencer.ckpt. Give the folder that plan-train wrote.`,
      );
    }
    const before = { size, vocabulary: manifest.vocabulary, theta: reader.state.theta };
    const learnt = await learnCorrections(before, examples, config, seed);
    const none = new Float32Array(learnt.theta.length);
    const state = { theta: learnt.theta, m: none, v: none, steps: reader.state.steps };
    const params = readerParams(learnt.size);
    writePart(path.join(out, "reader.ckpt"), "reader", params, { ...reader, state });
    writePart(path.join(out, "sequencer.ckpt"), "sequencer", sequencerParams(), sequencer);
    const folder = path.join(out, "planner");
    await writePlanner(folder, {
      size: learnt.size,
      vocabulary: learnt.vocabulary,
      reader: learnt.theta,
      sequencer: sequencer.state.theta,
      provenance: {
        ...manifest.provenance,
        corrections: manifest.provenance.corrections + examples.length,
      },
    });
    const words = learnt.vocabulary.length - manifest.vocabulary.length;
    report(
      { folder, corrections: examples.length, left: logged.length - examples.length, words },
      () =>
        [
          `Learnt from ${examples.length} of ${logged.length} corrections, with ${words} new words.`,
          `Planner in ${folder}.`,
        ].join("\n"),
    );
  },
});
