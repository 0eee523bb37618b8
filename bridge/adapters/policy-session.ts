/**
 * A policy as other protocols ask it: arrays by name in, actions out. Finds the policy's inputs among
 * what was sent, checks them, and remembers from step to step what the policy needs to remember.
 */

import { limitProblem } from "../../core/arrays.ts";
import { ConfigError } from "../../core/errors.ts";
import {
  type PolicyInput,
  type PolicyInterface,
  type PolicyManifest,
  type PolicyOutput,
  rowSize,
} from "../../policies/manifest.ts";
import { firstActions, type PolicyRuntime, type Rows } from "../../policies/runtime/runtime.ts";
import { type NdArray, toFloat32 } from "./numpy.ts";
import { Refusal } from "./refusal.ts";
import { decodeRoles, rolesPerImage } from "./role-image.ts";

/** Where an input is found, if not under its own name: wire name by input name. */
export type InputNames = Readonly<Record<string, string>>;

/** The array sent under a name. */
export type FindArray = (name: string) => NdArray | undefined;

/** Rows asked for in one request. */
const maxRows = 256;

export class PolicySession {
  /** Actions in one answer; more than one is a chunk, one action for each control step. */
  readonly steps: number;
  readonly #policy: PolicyRuntime;
  readonly #names: InputNames;
  #rows = 0;
  #memory: Rows | undefined;
  #lastActions: Float32Array | undefined;

  constructor(policy: PolicyRuntime, names: InputNames = {}) {
    this.steps = policy.manifest.steps ?? 1;
    this.#policy = policy;
    this.#names = names;
  }

  /**
   * Actions [rows, steps, A] in the manifest's output units. `find` gives the array sent under a name. Arrays
   * have `leadingAxes` axes in front of a row's own, of which the first counts the rows and others are 1.
   * The robot is expected to carry out all of them. @throws Refusal for what cannot be used; then nothing is remembered.
   */
  async act(find: FindArray, leadingAxes: 0 | 1 | 2): Promise<Float32Array> {
    const { actions, rows } = await this.#infer(find, leadingAxes);
    this.#lastActions = lastOfEach(actions, rows, this.steps);
    return actions;
  }

  /** The same for robots that ask again after each action: the first of each chunk, [rows, A]. */
  async actOnce(find: FindArray, leadingAxes: 0 | 1 | 2): Promise<Float32Array> {
    const { actions, rows } = await this.#infer(find, leadingAxes);
    this.#lastActions = firstActions(actions, rows, this.steps);
    return this.#lastActions;
  }

  async #infer(find: FindArray, leadingAxes: 0 | 1 | 2) {
    const { inputs, output } = this.#policy.manifest;
    const given = inputs.map((input) => ({ input, array: find(this.#wireName(input)) }));
    const rows = rowsIn(given.find(({ array }) => array)?.array, leadingAxes);
    if (rows !== this.#rows) this.reset();
    const batch: Record<string, Float32Array> = {};
    for (const { input, array } of given) {
      batch[input.name] = array
        ? rowsOf(input, array, rows, leadingAxes)
        : this.#remembered(input, output, rows);
    }
    const { actions, state } = await this.#policy.step(batch, this.#memory, rows);
    this.#rows = rows;
    this.#memory = state;
    return { actions, rows };
  }

  /** Forgets: the next request begins an episode. */
  reset(): void {
    this.#rows = 0;
    this.#memory = undefined;
    this.#lastActions = undefined;
  }

  /** An input that repeats the last action need not be sent. */
  #remembered(input: PolicyInput, output: PolicyOutput, rows: number): Float32Array {
    if (repeatsAction(input, output)) {
      return this.#lastActions ?? new Float32Array(rows * rowSize(input.shape));
    }
    throw new Refusal(
      "missing input",
      `Expected "${this.#wireName(input)}" of shape [${input.shape.join(", ")}], which was not sent.`,
    );
  }

  #wireName({ name }: PolicyInput): string {
    return this.#names[name] ?? name;
  }
}

/** Inputs that a robot has to send beside its images, such as a goal: nobody else can know them. */
export function toldInputs({ inputs, output }: PolicyInterface): readonly PolicyInput[] {
  return inputs.filter((input) => !input.camera && !repeatsAction(input, output));
}

/** The one input that is an image. @throws ConfigError where there is none, or more than one. */
export function onlyCamera({ name, inputs }: PolicyManifest) {
  const [input, ...others] = inputs.filter(({ camera }) => camera);
  if (input?.camera && others.length === 0) return { input, camera: input.camera };
  const found = input ? `${others.length + 1} cameras` : "no camera";
  throw new ConfigError(
    `Policy "${name}" looks at ${found}, this robot has one. Serve it over understudy/1, GR00T or openpi.`,
  );
}

/** Whether an input is the previous action: the same columns within the same limits. */
export function repeatsAction(input: PolicyInput, output: PolicyOutput): boolean {
  const names = (columns: PolicyInput["columns"]) =>
    columns?.map(({ name, width }) => `${name} ${width}`).join();
  const sameColumns = input.columns && names(input.columns) === names(output.columns);
  return Boolean(sameColumns) && input.low === output.low && input.high === output.high;
}

/** The last action of each row's chunk [rows, steps, A], as if all had been carried out. */
function lastOfEach(actions: Float32Array, rows: number, steps: number): Float32Array {
  const size = actions.length / rows / steps;
  const last = new Float32Array(rows * size);
  for (let row = 0; row < rows; row++) {
    const end = (row + 1) * steps * size;
    last.set(actions.subarray(end - size, end), row * size);
  }
  return last;
}

function rowsIn(array: NdArray | undefined, leadingAxes: number): number {
  const rows = leadingAxes === 0 || !array ? 1 : array.shape[0];
  if (rows >= 1 && rows <= maxRows) return rows;
  throw new Refusal("wrong shape", `Expected 1 to ${maxRows} rows, got ${rows}.`);
}

/**
 * [rows, ...shape] of one input. An image may come as float32 [C, H, W] or [H, W, C] in the manifest's
 * unit, or as uint8 [H, W, C] in codes of role-image.ts; anything else as numbers of its shape.
 */
function rowsOf(
  input: PolicyInput,
  array: NdArray,
  rows: number,
  leadingAxes: number,
): Float32Array {
  const lead = [rows, 1].slice(0, leadingAxes);
  const own = array.shape.slice(leadingAxes);
  const leads = array.shape.slice(0, leadingAxes).join() === lead.join();
  const size = rowSize(input.shape);
  if (leads && own.join() === input.shape.join() && array.dtype !== "|u1") {
    return checked(input, toFloat32(array));
  }
  const { camera } = input;
  const channels = own[2];
  if (!leads || !camera || own.length !== 3 || !fits(camera, own)) {
    throw new Refusal("wrong shape", shapeSentence(input, lead, array));
  }
  const out = new Float32Array(rows * size);
  const image = size && (array.data.length / rows) | 0;
  for (let row = 0; row < rows; row++) {
    if (array.data instanceof Uint8Array) {
      const pixels = array.data.subarray(row * image, (row + 1) * image);
      decodeRoles(pixels, channels, camera, out, row * size);
    } else {
      channelsFirst(toFloat32(array), row * image, channels, camera, out, row * size);
    }
  }
  return checked(input, out);
}

function fits(
  camera: NonNullable<PolicyInput["camera"]>,
  [height, width, channels]: readonly number[],
): boolean {
  const roles = camera.layers.length;
  const enough = channels === roles || (channels === rolesPerImage && roles < rolesPerImage);
  return height === camera.height && width === camera.width && enough;
}

function channelsFirst(
  values: Float32Array,
  from: number,
  channels: number,
  { width, height, layers }: NonNullable<PolicyInput["camera"]>,
  out: Float32Array,
  to: number,
): void {
  const pixels = width * height;
  for (let c = 0; c < layers.length; c++) {
    for (let p = 0; p < pixels; p++) out[to + c * pixels + p] = values[from + p * channels + c];
  }
}

function checked(input: PolicyInput, values: Float32Array): Float32Array {
  if (!values.every(Number.isFinite)) {
    throw new Refusal("not finite", `"${input.name}" holds a number that is not finite.`);
  }
  const problem = limitProblem(values, input);
  if (problem === undefined) return values;
  throw new Refusal("outside limits", `"${input.name}" holds ${problem}.`);
}

function shapeSentence(input: PolicyInput, lead: readonly number[], array: NdArray): string {
  const { camera, name, shape } = input;
  const rows = [[...lead, ...shape].join(", ")];
  if (camera) rows.push([...lead, camera.height, camera.width, camera.layers.length].join(", "));
  const expected = rows.map((row) => `[${row}]`).join(" or ");
  return `Expected "${name}" of shape ${expected}, got ${array.dtype} [${array.shape.join(", ")}].`;
}
