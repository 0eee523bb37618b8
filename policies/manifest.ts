/**
 * The policy manifest, `policy.json`: the contract between trainer, runtime and robot.
 *
 * It says what a row of every input is, what the output means in SI units and how often the policy
 * acts, so that no index, scale or order is known by two files. This file also loads in a browser.
 */

import { z } from "zod";
import type { ArraySpec } from "../core/arrays.ts";
import { FileError } from "../core/errors.ts";
import { type Layout, layout } from "../core/layout.ts";

/** Manifests of a higher format come from a newer understudy; those of format 1 say less of the camera. */
export const manifestFormat = 2;
/** Most actions in one answer. */
export const maxChunkSteps = 256;

const size = z.number().int().min(1).max(1_000_000);
const name = z.string().min(1).max(200);
const finite = z.number();
const shape = z.array(size).min(1).max(6);

const column = z.strictObject({
  name,
  width: size,
  unit: z.string().exactOptional().describe("SI unit of a column, such as m, rad or m/s"),
  meaning: z.string().exactOptional(),
});

const camera = z
  .strictObject({
    width: size.describe("pixels"),
    height: size.describe("pixels"),
    horizontalFov_rad: z.number().gt(0).lt(Math.PI).describe("of the picture, left to right"),
    verticalFov_rad: z.number().gt(0).lt(Math.PI).describe("and from top to bottom"),
    baseFromCamera: z
      .strictObject({
        position: z.tuple([finite, finite, finite]).describe("metres"),
        rotation: z.tuple([finite, finite, finite, finite]).describe("[x, y, z, w]"),
      })
      .describe("mount: optical frame (x right, y down, z into the image) to base frame"),
    layers: z.array(name).min(1).describe("what each channel shows, such as a role"),
    inverseDepthScale_m: z
      .number()
      .gt(0)
      .describe("a pixel is this over the depth along z, and 0 where nothing was seen"),
    minDepth_m: z.number().min(0).describe("what is nearer is 0, too"),
    maxDepth_m: z.number().gt(0).describe("and so is what is farther"),
  })
  .describe("the camera whose images fill this input, of shape [layers, height, width]");

const input = z
  .strictObject({
    name,
    shape: shape.describe("of one row; rows are stacked in front"),
    dtype: z.literal("float32"),
    low: finite.exactOptional(),
    high: finite.exactOptional(),
    columns: z.array(column).min(1).exactOptional().describe("of the last axis, in order"),
    camera: camera.exactOptional(),
    meaning: z.string().exactOptional(),
  })
  .superRefine((value, context) => {
    const wrong = columnProblem(value) ?? cameraProblem(value);
    if (wrong) context.addIssue({ code: "custom", message: wrong });
  });

const output = z
  .strictObject({
    name,
    shape: z.tuple([size]).describe("of one row"),
    low: finite,
    high: finite,
    columns: z
      .array(
        column.extend({
          unit: z.string().describe("SI unit once scaled"),
          scale: finite.describe("SI value = scale * output"),
        }),
      )
      .min(1),
  })
  .superRefine((value, context) => {
    const wrong = columnProblem(value);
    if (wrong) context.addIssue({ code: "custom", message: wrong });
  });

const poses = z
  .strictObject({
    name,
    shape: z.tuple([size, size]).describe("of one row: a line for each role"),
    roles: z.array(name).min(1).describe("of the lines, in order"),
    columns: z.array(column).min(1).describe("of a line, in order: see `poseColumns`"),
  })
  .describe("an output that says where the policy believes things to be; no robot needs it")
  .superRefine((value, context) => {
    const wrong = columnProblem(value) ?? rolesProblem(value);
    if (wrong) context.addIssue({ code: "custom", message: wrong });
  });

const recurrentState = z
  .strictObject({
    input: name,
    output: name,
    shape,
  })
  .describe("a state that starts at zero; each step's output is the next step's input");

const provenance = z.strictObject({
  command: z.string().describe("what to run to get this bundle again"),
  commit: z.string(),
  seed: z.number().int(),
  environmentSteps: z.number().int().min(0),
  teacher: z.string().exactOptional().describe("checkpoint it was distilled from"),
  versions: z.record(z.string(), z.string()).describe("of understudy, node, onnxruntime"),
});

export const policyManifestSchema = z.strictObject({
  format: z.literal(manifestFormat),
  name,
  scene: name,
  sceneConfig: z
    .record(z.string(), z.json())
    .exactOptional()
    .describe("settings of the scene it was trained in, those that are not the defaults"),
  robot: name.exactOptional(),
  controlStep_s: z.number().gt(0).max(10).describe("time between two actions"),
  steps: z
    .number()
    .int()
    .min(2)
    .max(maxChunkSteps)
    .exactOptional()
    .describe(
      "actions in one answer: a chunk, one for each control step from the observation's on",
    ),
  inputs: z.array(input).min(1),
  output,
  recurrent: z.array(recurrentState).default([]),
  poses: poses.exactOptional(),
  provenance,
  onnx: z.strictObject({
    bytes: z.number().int().min(1),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
  }),
});

export type PolicyManifest = Readonly<z.output<typeof policyManifestSchema>>;
export type PolicyInput = PolicyManifest["inputs"][number];
export type PolicyOutput = PolicyManifest["output"];
export type RecurrentState = PolicyManifest["recurrent"][number];
/** The relative-pose head of a policy that has one. */
export type PoseOutput = NonNullable<PolicyManifest["poses"]>;
export type CameraSpec = NonNullable<PolicyInput["camera"]>;
/** What a robot must know about a policy: see `manifestHash`. */
export type PolicyInterface = Pick<PolicyManifest, "inputs" | "output" | "controlStep_s">;
/** What a trainer writes down; `format` and `onnx` are filled in when the bundle is written. */
export type ManifestDraft = Omit<z.input<typeof policyManifestSchema>, "format" | "onnx">;

/** The manifest in `value`, or a FileError that names the first thing wrong and the `source`. */
export function parseManifest(value: unknown, source: string): PolicyManifest {
  const format = (value as { format?: unknown } | null)?.format;
  if (typeof format === "number" && format !== manifestFormat) {
    const remedy = format > manifestFormat ? "Update understudy" : "Export the policy again";
    throw new FileError(
      `Policy manifest "${source}" has format ${format}, this version reads format ${manifestFormat}. ${remedy}.`,
    );
  }
  const result = policyManifestSchema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const where = issue.path.join(".") || "the top level";
  throw new FileError(`Policy manifest "${source}" is not valid: at ${where}: ${issue.message}.`);
}

/**
 * The contents of a manifest of format 1 in those of today's, for recordings, which nobody makes again: what that one did not say of a
 * camera is as all that were exported had it, a picture of 4:3 and a D435's depth. Anything else is left as it is.
 */
export function fromFormat1(value: unknown): unknown {
  const manifest = value as { readonly format?: unknown; readonly inputs?: unknown } | null;
  if (manifest?.format !== 1 || !Array.isArray(manifest.inputs)) return value;
  const inputs = manifest.inputs.map((each: { readonly camera?: CameraSpec }) => {
    if (!each?.camera) return each;
    const verticalFov_rad = 2 * Math.atan(0.75 * Math.tan(each.camera.horizontalFov_rad / 2));
    return {
      ...each,
      camera: { ...each.camera, verticalFov_rad, minDepth_m: 0.12, maxDepth_m: 10 },
    };
  });
  return { ...manifest, format: manifestFormat, inputs };
}

/** What a policy says of one role: how sure it is to see it, 0 to 1, and its middle in the base frame, forward and left. */
export const poseColumns = layout({ seen: 1, place_m: 2 });

/** Columns by name, for reading or filling a row. */
export function layoutOf(columns: readonly { name: string; width: number }[]): Layout {
  return layout(Object.fromEntries(columns.map(({ name, width }) => [name, width])));
}

/** The other way round: the columns a manifest lists for a layout. */
export function columnsOf(columns: Layout): { name: string; width: number }[] {
  return Object.entries(columns.width).map(([name, width]) => ({ name, width }));
}

/** A name for each number in a row of an input that is no image, such as "goal.offset_0". */
export function numberNames({ name, shape, columns }: PolicyInput): string[] {
  if (!columns) return numbered(name, rowSize(shape));
  return columns.flatMap((column) => numbered(`${name}.${column.name}`, column.width));
}

/** `name`, or name_0, name_1 and so on where there are several. */
export function numbered(name: string, count: number): string[] {
  return count === 1 ? [name] : Array.from({ length: count }, (_, i) => `${name}_${i}`);
}

/** Numbers in one row of `shape`. */
export function rowSize(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

/** The input as a spec for `validate`. */
export function specOf(input: PolicyInput): ArraySpec {
  const { columns, name, shape } = input;
  return columns ? { name, shape, layout: layoutOf(columns) } : { name, shape };
}

/** Scales `actions` [rows, A] to SI units, into a new array; the columns' units are the manifest's. */
export function inSiUnits(output: PolicyOutput, actions: Float32Array): Float32Array {
  const scales = output.columns.flatMap(({ scale, width }) => Array<number>(width).fill(scale));
  return actions.map((action, i) => action * scales[i % scales.length]);
}

function columnProblem(value: {
  readonly name: string;
  readonly shape: readonly number[];
  readonly columns?: readonly { readonly name: string; readonly width: number }[];
}): string | undefined {
  if (!value.columns) return undefined;
  const total = value.columns.reduce((sum, { width }) => sum + width, 0);
  const last = value.shape[value.shape.length - 1];
  if (total !== last) {
    return `the columns of "${value.name}" are ${total} wide, its last axis is ${last}`;
  }
  const names = new Set(value.columns.map((column) => column.name));
  return names.size < value.columns.length ? `"${value.name}" has a column twice` : undefined;
}

function rolesProblem(value: {
  readonly name: string;
  readonly shape: readonly number[];
  readonly roles: readonly string[];
}): string | undefined {
  const [lines] = value.shape;
  if (value.roles.length === lines) return undefined;
  return `"${value.name}" has ${lines} lines and ${value.roles.length} roles`;
}

function cameraProblem(value: {
  readonly name: string;
  readonly shape: readonly number[];
  readonly camera?: z.output<typeof camera>;
}): string | undefined {
  if (!value.camera) return undefined;
  const { layers, height, width } = value.camera;
  const expected = `[${layers.length}, ${height}, ${width}]`;
  const found = `[${value.shape.join(", ")}]`;
  return expected === found
    ? undefined
    : `"${value.name}" has shape ${found}, its camera gives ${expected}`;
}
