/**
 * Learning from corrections: what a person said and what the plan should have been. Words that were never seen get a
 * place in the vocabulary, and the reader is trained on a mixture of corrections and generated instructions, so that
 * it keeps what it knew (after Yell At Your Robot, arXiv 2403.12910: only the level above learns).
 */

import { z } from "zod";
import { createRng, type Rng } from "../../core/rng.ts";
import type { Meters } from "../../core/units.ts";
import { Trainer } from "../../nn/trainer.ts";
import type { Correction } from "../execution/corrections.ts";
import {
  type AskedGoal,
  DIRECTIONS,
  type Direction,
  distanceOf,
  MOST_PLACES,
  placeOf,
  placesOf,
  withSides,
} from "../grammar/goals.ts";
import { type Example, MOST_GOALS } from "../grammar/instructions.ts";
import { MOST_OBJECTS, shuffled } from "../grammar/worlds.ts";
import { readAnswer, reasonsOf } from "../make-plan.ts";
import type { Place } from "../plan.ts";
import type { Planner } from "../planner.ts";
import type { ObjectView, WorldView } from "../world-view.ts";
import { batchOf, positionsIn, sampleFitting } from "./batches.ts";
import { READER_SIZE, type ReaderSize, readerInputs, readerParams } from "./reader.ts";
import { type ReadExample, readerObjective, readPieces, targetSpec } from "./reader-targets.ts";
import { CLASSES, isClass, knownNouns, readInstruction, type Token } from "./words.ts";

/**
 * What was said and meant, in the reader's terms; undefined where the log has no stages for the words, or stages that
 * the embedded planner cannot say: another can make a plan of those, or a person can write one into the log.
 */
export function exampleOf({ words, world: logged, stages }: Correction): Example | undefined {
  const world: WorldView = { ...logged, objects: logged.objects.map(withoutGaps) };
  const at = (name: string) => world.objects.findIndex((object) => object.name === name);
  const tokens = readInstruction(words, world);
  const goals = (stages ?? []).map(({ active, place }) => {
    const [object, anchor] = [at(active), at(place?.anchor ?? "")];
    if (!place || object < 0 || anchor < 0) return undefined;
    return asSaid(goalOf(world, object, anchor, place), tokens);
  });
  const whole = goals.filter((goal) => goal !== undefined);
  const fits =
    world.objects.length <= MOST_OBJECTS &&
    whole.length <= MOST_GOALS &&
    tokens.length <= READER_SIZE.tokens;
  if (goals.length === 0 || whole.length < goals.length || !fits) return undefined;
  const pieces = [{ text: words.replace(/[.,;:!?\s]+$/, "") }];
  const meaning = { goals: whole, before: [] };
  const untold = { sides: whole.map((_, i) => maybeBeside(world, whole, i)) };
  return { world, instruction: words, pieces, status: "ok", meaning, untold };
}

/** Whether goal `i` would be where it is, too, if the words had left its side open. */
function maybeBeside(world: WorldView, goals: readonly AskedGoal[], i: number): boolean {
  const open = goals.map((goal, j) => (j === i ? { ...goal, direction: "beside" as const } : goal));
  return withSides<AskedGoal>(world, open)[i].direction === goals[i].direction;
}

/** Whether a planner reads the words otherwise than the stages have it, their order aside: what it says itself teaches it nothing. */
export async function isNews(
  planner: Planner,
  { words, world, stages }: Correction,
): Promise<boolean> {
  const viewed = { ...world, objects: world.objects.map(withoutGaps) };
  const request = { instruction: words, world: viewed, refusals: [] };
  const read = await planner.propose(request, new AbortController().signal).catch(reasonsOf);
  if ("reasons" in read) return true;
  const said = placesOf(readAnswer(read.answer).stages ?? []);
  return (
    said.sort().join() !==
    placesOf(stages ?? [])
      .sort()
      .join()
  );
}

/** A place is written to a tenth of a millimetre, so what is said of it may be off by as much in each direction. */
const SAME_LENGTH_m: Meters = 1e-3;

/** A goal whose distance is the one that the words say; undefined where they say none like it. */
function asSaid(goal: AskedGoal, tokens: readonly Token[]): AskedGoal | undefined {
  const { distance_m } = goal;
  if (distance_m === undefined) return goal;
  const off_m = (length_m: Meters) => Math.abs(length_m - distance_m);
  const said = tokens
    .flatMap(({ length_m }) => (length_m === undefined ? [] : [length_m]))
    .filter((length_m) => off_m(length_m) < SAME_LENGTH_m)
    .sort((a, b) => off_m(a) - off_m(b));
  return said.length > 0 ? { ...goal, distance_m: said[0] } : undefined;
}

/** The same object without keys that hold nothing. */
function withoutGaps({ colour, fixed, ...object }: Correction["world"]["objects"][0]): ObjectView {
  return { ...object, ...(colour !== undefined && { colour }), ...(fixed && { fixed }) };
}

/** The side and the place in a row that come nearest to a point in the anchor's frame. */
export function goalOf(
  world: WorldView,
  object: number,
  anchor: number,
  { x_m, y_m }: Pick<Place, "x_m" | "y_m">,
): AskedGoal {
  const sides = DIRECTIONS.filter(
    (side): side is Exclude<Direction, "beside"> => side !== "beside",
  );
  const choices = sides.flatMap((direction) =>
    Array.from({ length: MOST_PLACES }, (_, i) => ({ object, anchor, direction, place: i + 1 })),
  );
  const away = (goal: AskedGoal) => {
    const [x, y] = placeOf(world, goal);
    return Math.hypot(x - x_m, y - y_m);
  };
  const nearest = choices.reduce((best, goal) => (away(goal) < away(best) ? goal : best));
  const far_m = Math.hypot(x_m, y_m);
  // further off than places of a row are apart, it must have been a distance in the words
  if (Math.abs(distanceOf(world, nearest) - far_m) < 0.02) return nearest;
  return { ...nearest, place: 1, distance_m: far_m };
}

export const correctionConfig = z.strictObject({
  steps: z.int().min(1).default(192).describe("updates"),
  batch: z.int().min(4).max(4096).default(64).describe("instructions of an update"),
  share: z.number().min(0).max(1).default(0.5).describe("of corrections among them"),
  learningRate: z.number().positive().default(5e-4),
});
export type CorrectionConfig = z.output<typeof correctionConfig>;

export interface Correctable {
  readonly size: ReaderSize;
  readonly vocabulary: readonly string[];
  readonly theta: Float32Array;
}

/** The reader after learning from what `exampleOf` made of corrections. */
export async function learnCorrections(
  reader: Correctable,
  examples: readonly Example[],
  config: CorrectionConfig,
  seed: number,
): Promise<Correctable> {
  const rng = createRng(seed).split("corrections");
  const grown = withWords(reader, examples);
  const { size, vocabulary, theta } = grown;
  const rows = config.batch;
  const trainer = await Trainer.create({
    params: readerParams(size),
    objective: readerObjective(size),
    data: { ...readerInputs(size), ...targetSpec(size) },
    rows,
    batch: rows,
    clipNorm: 1,
    theta,
  });
  const index = Int32Array.from({ length: rows }, (_, i) => i);
  const options = { size, vocabulary: positionsIn(vocabulary), rows, blur: true };
  try {
    for (let step = 0; step < config.steps; step++) {
      const draw = rng.split(`step ${step}`);
      const data = batchOf(draw, options, () =>
        draw.next() < config.share
          ? relisted(draw, examples[Math.floor(draw.next() * examples.length)])
          : sampleFitting(draw, { split: "train" }, size.tokens),
      );
      const rate = config.learningRate * Math.min(1, (step + 1) / 20);
      await trainer.train(data, index, [rate]);
    }
    return { size, vocabulary, theta: trainer.theta };
  } finally {
    await trainer.close();
  }
}

/** Adds the words that are new: each starts out as what an unknown word is. */
export function withWords(reader: Correctable, examples: readonly Example[]): Correctable {
  const known = new Set(reader.vocabulary);
  const met = examples.flatMap(({ instruction, world }) =>
    readInstruction(instruction, world).map(({ word }) => word),
  );
  const fresh = [...new Set(met)].filter((word) => !isClass(word) && !known.has(word));
  const added = fresh.filter((word) => !knownNouns.includes(word)).slice(0, 256 - known.size);
  const vocabulary = [...reader.vocabulary, ...added];
  const size = { ...reader.size, words: vocabulary.length };
  const width = READER_SIZE.width;
  // the table of words comes first among the parameters
  const table = reader.vocabulary.length * width;
  const unknown = CLASSES.indexOf("<unknown>") * width;
  const theta = new Float32Array(reader.theta.length + added.length * width);
  theta.set(reader.theta.subarray(0, table));
  added.forEach((_, i) => {
    theta.set(reader.theta.subarray(unknown, unknown + width), table + i * width);
  });
  theta.set(reader.theta.subarray(table), table + added.length * width);
  return { size, vocabulary, theta };
}

/** The same example with its objects listed in another order: which slot an object has must not matter. */
function relisted(rng: Rng, example: Example): { example: Example; read: ReadExample } {
  const order = shuffled(
    rng,
    example.world.objects.map((_, i) => i),
  );
  const now = (object: number) => order.indexOf(object);
  const world = { ...example.world, objects: order.map((i) => example.world.objects[i]) };
  const goals = example.meaning.goals.map((goal) => ({
    ...goal,
    object: now(goal.object),
    anchor: now(goal.anchor),
  }));
  const changed = { ...example, world, meaning: { ...example.meaning, goals } };
  return { example: changed, read: readPieces(changed) };
}
