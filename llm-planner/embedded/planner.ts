/** The planner that needs no network and no key: a trained reader and sequencer behind the planners' interface. */

import path from "node:path";
import { packageRoot } from "../../core/package-root.ts";
import { tensorOver } from "../../nn/arrays.ts";
import { createSession } from "../../nn/device.ts";
import { PlanRefusedError, quote } from "../check.ts";
import { type Direction, type Goal, placesOf, stagesOf } from "../grammar/goals.ts";
import { readAnswer } from "../make-plan.ts";
import type { Planner, PlanRequest, Proposal } from "../planner.ts";
import type { WorldView } from "../world-view.ts";
import { positionsIn } from "./batches.ts";
import { type PlannerManifest, readPlanner } from "./bundle.ts";
import { decode, type Reading, type ReadRow } from "./decoding.ts";
import { encode, MOST_TOKENS, OBJECTS } from "./encoding.ts";
import { rowOf } from "./read.ts";
import { READER_SIZE, readerInputs } from "./reader.ts";
import { likeliestOrders, pairFeatures, sequencerInputs, sided } from "./sequencer.ts";
import { readInstruction, type Token } from "./words.ts";

/** Folder of the planner that ships. */
export const zooPlanner: string = path.join(packageRoot, "policies", "zoo", "planner");

/** What was understood of an instruction, and in which orders it may be done, likeliest first. */
export interface Understood {
  /** The words, articles left out. */
  readonly tokens: readonly Token[];
  /** What the reader's network answered, by output: logits. */
  readonly row: ReadRow;
  /** The goals that fit together best, or why there are none. */
  readonly reading: Reading;
  /** Each a permutation of the indices of `reading.goals`; empty where there are none. */
  readonly orders: readonly (readonly number[])[];
}

type Session = Awaited<ReturnType<typeof createSession>>;

/**
 * The planner that needs no network and no key; close it when done. It reads which object goes on which side of which other, in
 * scenes of two to eight objects.
 */
export class EmbeddedPlanner implements Planner {
  readonly name = "embedded";
  readonly manifest: PlannerManifest;
  readonly #vocabulary: ReadonlyMap<string, number>;
  readonly #reader: Session;
  readonly #sequencer: Session;

  private constructor(manifest: PlannerManifest, reader: Session, sequencer: Session) {
    this.manifest = manifest;
    this.#vocabulary = positionsIn(manifest.vocabulary);
    this.#reader = reader;
    this.#sequencer = sequencer;
  }

  /**
   * Loads a planner from its folder, the one that ships unless given; one thread.
   * @throws FileError where the folder holds no planner of this version
   */
  static async load(folder: string = zooPlanner): Promise<EmbeddedPlanner> {
    const { manifest, reader, sequencer } = readPlanner(folder);
    return new EmbeddedPlanner(
      manifest,
      await createSession(reader, { name: `The reader of "${folder}"` }),
      await createSession(sequencer, { name: `The sequencer of "${folder}"` }),
    );
  }

  /**
   * A plan as JSON: the likeliest order of its stages that has not been refused.
   * @throws PlanRefusedError where the words ask for nothing that can be planned here, with the reason
   */
  async propose({ instruction, world, refusals }: PlanRequest): Promise<Proposal> {
    const { tokens, row, reading, orders } = await this.understand(instruction, world);
    if (reading.status !== "ok") throw new PlanRefusedError([refusalOf(reading, tokens, world)]);
    const refused = new Set(refusals.map(({ answer }) => keyOf(readAnswer(answer).stages ?? [])));
    const why = (goal: Goal) => reasonFor(goal, row, tokens);
    const plans = orders.map((order) =>
      stagesOf(
        world,
        order.map((i) => reading.goals[i]),
        why,
      ),
    );
    const stages = plans.find((plan) => !refused.has(keyOf(plan)));
    if (!stages) {
      throw new PlanRefusedError([
        ...(refusals.at(-1)?.reasons ?? []),
        `No other order of these ${reading.goals.length} stages is left to try.`,
      ]);
    }
    return { answer: JSON.stringify({ stages }) };
  }

  /**
   * Reads an instruction without making a plan of it.
   * @throws PlanRefusedError for more words or objects than it reads
   */
  async understand(instruction: string, world: WorldView): Promise<Understood> {
    const tokens = readInstruction(instruction, world);
    checkSize(tokens, world);
    const encoded = encode(tokens, world, this.#vocabulary);
    const spec = readerInputs({ ...READER_SIZE, words: this.#vocabulary.size });
    const feeds = Object.entries(encoded).map(([name, data]) => [
      name,
      tensorOver(data, [1, ...spec[name].shape]),
    ]);
    const outputs = await this.#reader.run(Object.fromEntries(feeds));
    const row = rowOf(
      Object.fromEntries(
        Object.entries(outputs).map(([name, { data }]) => [name, data as Float32Array]),
      ),
      0,
      1,
    );
    const read = decode(row, tokens, world, this.#vocabulary);
    const reading = read.goals.length > 0 ? sided(world, read) : read;
    return { tokens, row, reading, orders: await this.#orders(world, reading) };
  }

  /** Frees the networks; ask nothing afterwards. */
  async close(): Promise<void> {
    await this.#reader.release();
    await this.#sequencer.release();
  }

  async #orders(world: WorldView, reading: Reading): Promise<number[][]> {
    if (reading.goals.length === 0) return [];
    const pairs = tensorOver(pairFeatures(world, reading), [1, ...sequencerInputs.pairs.shape]);
    const { scores } = await this.#sequencer.run({ pairs });
    return likeliestOrders(scores.data as Float32Array, reading.goals);
  }
}

const keyOf = (stages: Parameters<typeof placesOf>[0]) => placesOf(stages).join();

function checkSize(tokens: readonly Token[], { objects }: WorldView): void {
  if (tokens.length > MOST_TOKENS) {
    throw new PlanRefusedError([
      `The instruction has ${tokens.length} words; the embedded planner reads ${MOST_TOKENS}. Say it shorter, or in two parts.`,
    ]);
  }
  if (objects.length < 2 || objects.length > OBJECTS) {
    throw new PlanRefusedError([
      `The scene has ${objects.length} objects; the embedded planner plans for 2 to ${OBJECTS}. Use another provider.`,
    ]);
  }
}

/** One sentence why there is no plan. */
function refusalOf(
  { status, objection }: Reading,
  tokens: readonly Token[],
  world: WorldView,
): string {
  if (objection) return objection;
  const here = world.objects
    .map(({ name, colour, shape }) => `${quote(name)} (${colour ? `${colour} ` : ""}${shape})`)
    .join(", ");
  if (status === "unknown-object") {
    const absent = tokens.filter(({ word }) => word.startsWith("<absent")).map(({ text }) => text);
    const what = absent.length > 0 ? quote(absent.join(" ")) : "an object";
    return `The instruction names ${what}, which the scene does not have. Objects: ${here}.`;
  }
  if (status === "ambiguous") {
    return `The instruction could mean several objects. Name them by colour, size, place or name. Objects: ${here}.`;
  }
  return `The instruction does not say which object goes where. Expected, for example, "put the red cube left of the cylinder". Objects: ${here}.`;
}

/** The words that a goal was read from. */
function reasonFor({ object, anchor, direction }: Goal, row: ReadRow, tokens: readonly Token[]) {
  const spoken = (wanted: number) => {
    const speaks = (t: number) => row.refers[t * OBJECTS + wanted] > 0;
    const first = tokens.findIndex((_, t) => speaks(t));
    if (first < 0) return "what the words call it";
    const end = tokens.findIndex((_, t) => t > first && !speaks(t));
    // the phrase ends with the last word that names something; what follows may be swept along
    const run = tokens.slice(first, end < 0 ? tokens.length : end);
    const last = run.findLastIndex(({ fits }) => fits.length > 0);
    return quote(
      run
        .slice(0, Math.max(1, last + 1))
        .map(({ text }) => text)
        .join(" "),
    );
  };
  return `The words ask for ${spoken(object)} ${sideWords(direction)} ${spoken(anchor)}.`;
}

function sideWords(direction: Direction): string {
  if (direction === "behind" || direction === "beside") return direction;
  return direction === "front" ? "in front of" : `${direction} of`;
}
