/** What every runtime does, whichever onnxruntime is below: check, run, keep the recurrent state. */

import { validate } from "../../core/arrays.ts";
import { FileError, ShapeError } from "../../core/errors.ts";
import { type PolicyManifest, rowSize, specOf } from "../manifest.ts";

/** Arrays by name, each with the same number of rows in front. */
export type Rows = Readonly<Record<string, Float32Array>>;

export interface PolicyRuntime {
  readonly manifest: PolicyManifest;
  /**
   * Actions [rows, A] for inputs [rows, ...shape], in the manifest's output units (`inSiUnits`
   * scales them); of a chunk, the first, since the next call brings another. Keeps a recurrent state for
   * each row, so call it once per control step and wait.
   * @throws ShapeError when an input is missing, unknown or of the wrong size.
   */
  act(inputs: Rows, rows?: number): Promise<Float32Array>;
  /** The same without memory: the caller keeps the state (none: zeros). For servers of many robots. */
  step(inputs: Rows, state: Rows | undefined, rows: number): Promise<PolicyStep>;
  /** Forgets the recurrent state of `act`, of one row or of all. */
  reset(row?: number): void;
  close(): Promise<void>;
}

export interface PolicyStep {
  /** [rows, A], or chunks [rows, steps, A] where the manifest says so. */
  readonly actions: Float32Array;
  /** Next step's recurrent state, by input name; empty for a policy without memory. */
  readonly state: Rows;
}

/** The part that differs between onnxruntime-node and onnxruntime-web. */
export interface Backend {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  run(feeds: Readonly<Record<string, Feed>>): Promise<Record<string, Float32Array>>;
  close(): Promise<void>;
}

export interface Feed {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

/** Joins a manifest and a loaded session. @throws FileError when they do not belong together. */
export function createRuntime(manifest: PolicyManifest, backend: Backend): PolicyRuntime {
  checkNames(manifest, backend);
  const { output, recurrent, steps = 1 } = manifest;
  const answer = steps * output.shape[0];
  const known = new Set(manifest.inputs.map((input) => input.name));
  let memory: Record<string, Float32Array> | undefined;
  let memoryRows = 0;

  async function step(inputs: Rows, state: Rows | undefined, rows: number): Promise<PolicyStep> {
    const feeds = feedsOf(manifest, known, inputs, rows);
    for (const { input, shape } of recurrent) {
      const data = state?.[input] ?? new Float32Array(rows * rowSize(shape));
      validate(data, { name: input, shape }, rows);
      feeds[input] = { data, dims: [rows, ...shape] };
    }
    const outputs = await backend.run(feeds);
    const actions = outputs[output.name];
    checkActions(manifest, actions, rows * answer);
    const next = recurrent.map((pair) => [pair.input, outputs[pair.output]] as const);
    return { actions, state: Object.fromEntries(next) };
  }

  return {
    manifest,
    step,
    async act(inputs, rows = 1) {
      const fits = memoryRows === rows;
      const { actions, state } = await step(inputs, fits ? memory : undefined, rows);
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
    close: () => backend.close(),
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

function checkActions(manifest: PolicyManifest, actions: Float32Array, expected: number): void {
  if (actions.length !== expected) {
    throw new FileError(
      `Policy "${manifest.name}" answered ${actions.length} numbers, its manifest says ${expected}. Export it again.`,
    );
  }
  for (const action of actions) {
    if (Number.isFinite(action)) continue;
    throw new ShapeError(
      `Policy "${manifest.name}" answered ${action}. Check that every input is finite; if so, the policy is unusable.`,
    );
  }
}

function checkNames(manifest: PolicyManifest, backend: Backend): void {
  const { inputs, output, recurrent } = manifest;
  const wanted = [
    ["input", backend.inputNames, [...inputs.map((i) => i.name), ...recurrent.map((r) => r.input)]],
    ["output", backend.outputNames, [output.name, ...recurrent.map((r) => r.output)]],
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
