/** Begins a training from another planner's weights, also from those of an earlier shape. */

import path from "node:path";
import type { TrainState } from "../../nn/trainer.ts";
import { readCheckpoint } from "../../policies/checkpoint.ts";
import { readPlanner, WEIGHTS, WEIGHTS_KIND } from "./bundle.ts";
import { type ReaderSize, readerParams } from "./reader.ts";
import { sequencerParams } from "./sequencer.ts";
import { CLASSES } from "./words.ts";

/**
 * `fresh` weights with all that the planner in `folder` has under the same name and shape. Words are found by their
 * spelling; those that it did not know start out as what an unknown word is.
 */
export function startFrom(
  folder: string,
  size: ReaderSize,
  vocabulary: readonly string[],
  fresh: Float32Array,
): Float32Array {
  const { manifest } = readPlanner(folder);
  const { params, arrays } = readCheckpoint(path.join(folder, WEIGHTS), { kind: WEIGHTS_KIND });
  const theta = Float32Array.from(fresh);
  const known = new Map<string, Float32Array>();
  let at = 0;
  for (const { name, shape } of params) {
    const length = shape.reduce((a, b) => a * b, 1);
    const key = name === "word" ? name : `${name} ${shape.join(" ")}`;
    known.set(key, arrays.theta.subarray(at, at + length));
    at += length;
  }
  for (const { name, shape, at: to } of readerParams(size).specs) {
    const found = known.get(`${name} ${shape.join(" ")}`);
    if (name !== "word" && found) theta.set(found, to);
  }
  const table = known.get("word");
  if (!table || table.length !== manifest.vocabulary.length * size.width) return theta;
  vocabulary.forEach((word, i) => {
    const row = manifest.vocabulary.indexOf(word);
    const from = (row < 0 ? CLASSES.indexOf("<unknown>") : row) * size.width;
    // the table of words comes first among the parameters
    theta.set(table.subarray(from, from + size.width), i * size.width);
  });
  return theta;
}

/** Where the sequencer of the planner in `folder` has got to; undefined where it has another shape. */
export function sequencerFrom(
  folder: string,
): { readonly state: TrainState; readonly rounds: number } | undefined {
  const { manifest } = readPlanner(folder);
  const { arrays } = readCheckpoint(path.join(folder, WEIGHTS), { kind: WEIGHTS_KIND });
  const theta = arrays.sequencer;
  if (theta?.length !== sequencerParams().size) return undefined;
  const none = new Float32Array(theta.length);
  return { state: { theta, m: none, v: none, steps: 0 }, rounds: manifest.provenance.orderRounds };
}
