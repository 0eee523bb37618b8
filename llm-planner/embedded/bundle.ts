/**
 * A trained planner as a folder: `reader.onnx` and `sequencer.onnx`, which plan; `planner.json`, which says how to use
 * them; and `weights.ckpt`, from which learning goes on.
 */

import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { FileError } from "../../core/errors.ts";
import { writeFolderWhole } from "../../core/files.ts";
import { encodeInference } from "../../nn/inference.ts";
import { readCheckpoint, writeCheckpoint } from "../../policies/checkpoint.ts";
import { DIRECTIONS, MOST_PLACES } from "../grammar/goals.ts";
import { STATUSES } from "../grammar/instructions.ts";
import { MOST_TOKENS, OBJECT_COLUMNS, OBJECTS, PAIR_COLUMNS } from "./encoding.ts";
import {
  READER_OUTPUTS,
  READER_SIZE,
  type ReaderSize,
  readerForward,
  readerInputs,
  readerParams,
} from "./reader.ts";
import {
  GOALS,
  PAIR_FEATURES,
  SEQUENCER_OUTPUTS,
  sequencerForward,
  sequencerInputs,
  sequencerParams,
} from "./sequencer.ts";
import { CLASSES } from "./words.ts";

const MANIFEST = "planner.json";
const READER = "reader.onnx";
const SEQUENCER = "sequencer.onnx";
export const WEIGHTS = "weights.ckpt";
export const WEIGHTS_KIND = "planner";

const fileSchema = z.strictObject({ bytes: z.int().min(1), sha256: z.string().length(64) });

const manifestSchema = z.strictObject({
  format: z.literal(1),
  /** Word classes first; a word's position is its number. */
  vocabulary: z.array(z.string().min(1)).min(CLASSES.length).max(256),
  /** The meaning of rows and columns. A planner of another layout cannot be used by this version. */
  layout: z.record(z.string(), z.union([z.number(), z.array(z.string())])),
  reader: fileSchema,
  sequencer: fileSchema,
  provenance: z.strictObject({
    command: z.string(),
    seed: z.int(),
    readerSteps: z.int(),
    orderRounds: z.int(),
    corrections: z.int().default(0),
  }),
});
/** What `planner.json` says of an embedded planner: words that it knows, layout of its arrays, where it comes from. */
export type PlannerManifest = z.output<typeof manifestSchema>;
export type Provenance = PlannerManifest["provenance"];

/** What both sides of a bundle must agree on. */
const layout: PlannerManifest["layout"] = {
  tokens: MOST_TOKENS,
  objects: OBJECTS,
  objectColumns: OBJECT_COLUMNS,
  pairColumns: PAIR_COLUMNS,
  places: MOST_PLACES,
  goals: GOALS,
  directions: [...DIRECTIONS],
  statuses: [...STATUSES],
  pairFeatures: [...PAIR_FEATURES],
};

export interface PlannerWeights {
  readonly size: ReaderSize;
  readonly vocabulary: readonly string[];
  readonly reader: Float32Array;
  readonly sequencer: Float32Array;
  readonly provenance: Provenance;
}

export interface PlannerBundle {
  readonly manifest: PlannerManifest;
  readonly reader: Uint8Array;
  readonly sequencer: Uint8Array;
}

/** Writes the four files beside `folder`, then puts them in its place. */
export async function writePlanner(
  folder: string,
  weights: PlannerWeights,
): Promise<PlannerManifest> {
  const { size, vocabulary, provenance } = weights;
  const reader = encodeInference({
    params: readerParams(size),
    theta: weights.reader,
    forward: readerForward(size),
    inputs: readerInputs(size),
    outputs: READER_OUTPUTS,
  });
  const sequencer = encodeInference({
    params: sequencerParams(),
    theta: weights.sequencer,
    forward: sequencerForward,
    inputs: sequencerInputs,
    outputs: SEQUENCER_OUTPUTS,
  });
  const manifest: PlannerManifest = {
    format: 1,
    vocabulary: [...vocabulary],
    layout,
    reader: identityOf(reader),
    sequencer: identityOf(sequencer),
    provenance,
  };
  await writeFolderWhole(folder, [MANIFEST, READER, SEQUENCER, WEIGHTS], (beside) => {
    writeFileSync(path.join(beside, READER), reader);
    writeFileSync(path.join(beside, SEQUENCER), sequencer);
    writeFileSync(path.join(beside, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
    writeCheckpoint(path.join(beside, WEIGHTS), {
      kind: WEIGHTS_KIND,
      seed: provenance.seed,
      config: {},
      progress: provenance,
      params: readerParams(size).specs.map(({ name, shape }) => ({ name, shape })),
      arrays: { theta: weights.reader, sequencer: weights.sequencer },
    });
  });
  return manifest;
}

/** @throws FileError when a file is missing, altered, or of another layout. */
export function readPlanner(folder: string): PlannerBundle {
  const manifestFile = path.join(folder, MANIFEST);
  if (!existsSync(manifestFile)) {
    throw new FileError(
      `There is no planner at "${folder}". Expected a folder with ${MANIFEST}; train one with understudy plan train.`,
    );
  }
  const manifest = parseManifest(readFileSync(manifestFile, "utf8"), manifestFile);
  const part = (name: string, expected: PlannerManifest["reader"]) => {
    const file = path.join(folder, name);
    const bytes = existsSync(file) ? readFileSync(file) : new Uint8Array();
    if (identityOf(bytes).sha256 !== expected.sha256) {
      throw new FileError(
        `"${file}" is missing or was altered: its SHA-256 is not the manifest's. Train or copy the planner again.`,
      );
    }
    return bytes;
  };
  return {
    manifest,
    reader: part(READER, manifest.reader),
    sequencer: part(SEQUENCER, manifest.sequencer),
  };
}

/** What learning goes on from. @throws FileError when the folder's weights are missing or of another layout. */
export function readWeights(folder: string): PlannerWeights {
  const { manifest } = readPlanner(folder);
  const size = { ...READER_SIZE, words: manifest.vocabulary.length };
  const params = readerParams(size).specs.map(({ name, shape }) => ({ name, shape }));
  const { arrays } = readCheckpoint(path.join(folder, WEIGHTS), { kind: WEIGHTS_KIND, params });
  const { vocabulary, provenance } = manifest;
  return { size, vocabulary, reader: arrays.theta, sequencer: arrays.sequencer, provenance };
}

function parseManifest(text: string, file: string): PlannerManifest {
  let input: unknown;
  try {
    input = JSON.parse(text);
  } catch (error) {
    throw new FileError(`"${file}" is not JSON: ${(error as Error).message}.`);
  }
  const result = manifestSchema.safeParse(input);
  if (!result.success) {
    throw new FileError(`"${file}" describes no planner:\n${z.prettifyError(result.error)}`);
  }
  const other = Object.keys(layout).find(
    (key) => JSON.stringify(result.data.layout[key]) !== JSON.stringify(layout[key]),
  );
  if (other === undefined) return result.data;
  throw new FileError(
    `The planner of "${file}" was trained for other ${other} than this version has. Train it again with understudy plan train.`,
  );
}

function identityOf(bytes: Uint8Array): PlannerManifest["reader"] {
  return { bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
}
