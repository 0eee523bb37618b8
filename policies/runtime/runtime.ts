/** What every runtime does, whichever onnxruntime is below: check, run, keep the recurrent state. */

import { validate } from "../../core/arrays.ts";
import { ConfigError, FileError, ShapeError } from "../../core/errors.ts";
import { type PolicyManifest, rowSize, specOf } from "../manifest.ts";

/** Arrays by name, each with the same number of rows in front. */
export type Rows = Readonly<Record<string, Float32Array>>;

export interface PolicyRuntime {
  readonly manifest: PolicyManifest;
  /**
   * Actions [rows, A] for inputs [rows, ...shape], in the manifest's output units (`inSiUnits`
   * scales them); of a chunk, the first, since the next call brings another. Keeps a recurrent state for
   * each row, so call it once per control step and wait.
   * @throws ShapeError when an input is missing, unknown or of the wrong size, or there are other rows than those it remembers;
   *   ConfigError once it was closed
   */
  act(inputs: Rows, rows?: number): Promise<Float32Array>;
  /**
   * The same without memory: the caller keeps the state (none: zeros). For servers of many robots, and for those who
   * want to know what the policy believes.
   */
  step(inputs: Rows, state: Rows | undefined, rows: number, asked?: Asked): Promise<PolicyStep>;
  /** Forgets the recurrent state of `act`, of one row or of all. */
  reset(row?: number): void;
  close(): Promise<void>;
}

/** What is wanted beside the actions. */
export interface Asked {
  /** Where the policy believes each role to be. */
  readonly poses?: boolean;
}

export interface PolicyStep {
  /** [rows, A], or chunks [rows, steps, A] where the manifest says so. */
  readonly actions: Float32Array;
  /** Next step's recurrent state, by input name; empty for a policy without memory. */
  readonly state: Rows;
  /** [rows, R, columns] as the manifest's `poses` has them, where they were asked for and the policy says them. */
  readonly poses?: Float32Array;
}

/** The part that differs between onnxruntime-node and onnxruntime-web. */
export interface Backend {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /** The outputs that are wanted, by name. */
  run(
    feeds: Readonly<Record<string, Feed>>,
    wanted: readonly string[],
  ): Promise<Record<string, Float32Array>>;
  close(): Promise<void>;
}

export interface Feed {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

/** What sessions of both have in common; `T` is the tensor of the one. */
interface Session<T> {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  run(
    feeds: Record<string, T>,
    wanted: string[],
  ): Promise<Readonly<Record<string, { readonly data: unknown }>>>;
  release(): Promise<void>;
}

export function backendOf<T>(session: Session<T>, tensorOf: (feed: Feed) => T): Backend {
  return {
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    async run(feeds, wanted) {
      const tensors: Record<string, T> = {};
      for (const [name, feed] of Object.entries(feeds)) tensors[name] = tensorOf(feed);
      const outputs = await session.run(tensors, [...wanted]);
      return Object.fromEntries(wanted.map((name) => [name, outputs[name].data as Float32Array]));
    },
    close: () => session.release(),
  };
}

/** What to tell whose ONNX file is none. */
export function notLoading({ name }: PolicyManifest, error: Error): FileError {
  const [reason] = error.message.split("\n");
  return new FileError(
    `The ONNX file of policy "${name}" does not load: ${reason}. Export it again.`,
  );
}

/** Joins a manifest and a loaded session. @throws FileError when they do not belong together. */
export function createRuntime(manifest: PolicyManifest, backend: Backend): PolicyRuntime {
  checkNames(manifest, backend);
  const { output, recurrent, steps = 1 } = manifest;
  const numbers = steps * output.shape[0];
  const known = new Set(manifest.inputs.map((input) => input.name));
  let memory: Record<string, Float32Array> | undefined;
  let memoryRows = 0;
  let isClosed = false;

  async function step(
    inputs: Rows,
    state: Rows | undefined,
    rows: number,
    asked: Asked = {},
  ): Promise<PolicyStep> {
    if (isClosed) throw new ConfigError(`Policy "${manifest.name}" was closed. Load it again.`);
    const feeds = feedsOf(manifest, known, inputs, rows);
    for (const { input, shape } of recurrent) {
      const data = state?.[input] ?? new Float32Array(rows * rowSize(shape));
      validate(data, { name: input, shape }, rows);
      feeds[input] = { data, dims: [rows, ...shape] };
    }
    const told = asked.poses ? manifest.poses : undefined;
    const usual = [output.name, ...recurrent.map((pair) => pair.output)];
    const outputs = await backend.run(feeds, told ? [...usual, told.name] : usual);
    const actions = outputs[output.name];
    checkAnswer(manifest, actions, rows * numbers);
    const next = recurrent.map((pair) => [pair.input, outputs[pair.output]] as const);
    const answer = { actions, state: Object.fromEntries(next) };
    if (!told) return answer;
    const poses = outputs[told.name];
    checkAnswer(manifest, poses, rows * rowSize(told.shape));
    return { ...answer, poses };
  }

  return {
    manifest,
    step,
    async act(inputs, rows = 1) {
      if (recurrent.length > 0 && memory && memoryRows !== rows) {
        throw new ShapeError(
          `Policy "${manifest.name}" remembers ${memoryRows} rows, got ${rows}. Reset it before another number of rows.`,
        );
      }
      const { actions, state } = await step(inputs, memory, rows);
      memory = state as Record<string, Float32Array>;
      memoryRows = rows;
      return firstActions(actions, rows, steps);
    },
    reset(row) {
      if (row === undefined) memory = undefined;
      for (const { input, shape } of recurrent) {
        const width = rowSize(shape);
        if (row !== undefined) memory?.[input]?.fill(0, row * width, (row + 1) * width);
      }
    },
    async close() {
      if (isClosed) return;
      isClosed = true;
      await backend.close();
    },
  };
}

/** The first action [rows, A] of each row's chunk [rows, steps, A]. */
export function firstActions(actions: Float32Array, rows: number, steps: number): Float32Array {
  if (steps === 1) return actions;
  const chunk = actions.length / rows;
  const first = new Float32Array(actions.length / steps);
  const size = chunk / steps;
  for (let row = 0; row < rows; row++) {
    first.set(actions.subarray(row * chunk, row * chunk + size), row * size);
  }
  return first;
}

function feedsOf(
  manifest: PolicyManifest,
  known: ReadonlySet<string>,
  inputs: Rows,
  rows: number,
): Record<string, Feed> {
  const feeds: Record<string, Feed> = {};
  for (const input of manifest.inputs) {
    const data = inputs[input.name];
    if (!data) {
      throw new ShapeError(
        `Policy "${manifest.name}" needs input "${input.name}", got ${quoted(Object.keys(inputs))}.`,
      );
    }
    validate(data, specOf(input), rows);
    feeds[input.name] = { data, dims: [rows, ...input.shape] };
  }
  const stranger = Object.keys(inputs).find((name) => !known.has(name));
  if (stranger !== undefined) {
    throw new ShapeError(
      `Policy "${manifest.name}" has no input "${stranger}". Inputs: ${quoted([...known])}.`,
    );
  }
  return feeds;
}

function checkAnswer(manifest: PolicyManifest, answer: Float32Array, expected: number): void {
  if (answer.length !== expected) {
    throw new FileError(
      `Policy "${manifest.name}" answered ${answer.length} numbers, its manifest says ${expected}. Export it again.`,
    );
  }
  for (const value of answer) {
    if (Number.isFinite(value)) continue;
    throw new ShapeError(
      `Policy "${manifest.name}" answered ${value}. Check that every input is finite and within the limits of the manifest; if so, the policy is unusable.`,
    );
  }
}

function checkNames(manifest: PolicyManifest, backend: Backend): void {
  const { inputs, output, recurrent, poses } = manifest;
  const told = poses ? [poses.name] : [];
  const wanted = [
    ["input", backend.inputNames, [...inputs.map((i) => i.name), ...recurrent.map((r) => r.input)]],
    ["output", backend.outputNames, [output.name, ...recurrent.map((r) => r.output), ...told]],
  ] as const;
  for (const [what, found, names] of wanted) {
    const missing = names.find((name) => !found.includes(name));
    const extra = what === "input" ? found.find((name) => !names.includes(name)) : undefined;
    const odd = missing ?? extra;
    if (odd === undefined) continue;
    throw new FileError(
      `The ONNX file of policy "${manifest.name}" has ${what}s ${quoted(found)}, its manifest ${quoted(names)}: "${odd}" is only in one. Export it again.`,
    );
  }
}

function quoted(names: readonly string[]): string {
  return names.length === 0 ? "none" : names.map((name) => `"${name}"`).join(", ");
}
