/** A student as its bundle has it, for whoever wants to go on with one and has no checkpoint of it. */

import { z } from "zod";
import { FileError } from "../core/errors.ts";
import { createRng } from "../core/rng.ts";
import { fillParams, readOnnxWeights } from "../nn/read-onnx.ts";
import { readBundle } from "../policies/bundle.ts";
import { type StudentSpec, studentNetwork } from "../policies/networks/student.ts";
import { studentConfig } from "./config.ts";
import type { Student } from "./distill.ts";

const count = z.int().min(0).max(100_000);

const networkSchema = z.strictObject({
  kind: z.literal("student"),
  roles: z.array(z.string()).min(1),
  width: count,
  height: count,
  skyRows: count.exactOptional(),
  actions: count,
  latent: count,
  hidden: count,
  channels: z.array(count),
  joint: count,
  memory: count,
  goal: count.exactOptional(),
  lastSeen: count.exactOptional(),
  near: count.exactOptional(),
}) satisfies z.ZodType<StudentSpec>;

export interface BundledStudent extends Student {
  readonly scene: string;
  /** That scene's settings beyond its defaults, if it had any. */
  readonly sceneConfig?: Readonly<Record<string, unknown>>;
}

/**
 * Its weights, and as its steps those of its whole life, its teacher's too. What it was trained with beside its network is not in a
 * bundle: its config has the defaults there.
 *
 * @throws FileError for a bundle that is damaged, that is no student's, or that was exported before weights had names.
 */
export function readBundledStudent(folder: string): BundledStudent {
  const { manifest, onnx } = readBundle(folder);
  const file = readOnnxWeights(onnx);
  const spec = networkIn(file.metadata, folder);
  const { params } = studentNetwork(spec);
  const theta = params.init(createRng(manifest.provenance.seed).split("student"));
  const poseHead = /^pose\./;
  const [missing] = fillParams(params, theta, file).filter(
    (name) => manifest.poses || !poseHead.test(name),
  );
  if (missing)
    throw new FileError(`The ONNX file of "${folder}" lacks the parameter "${missing}".`);
  const { kind, roles, width, height, actions, skyRows, goal, lastSeen, near, ...sizes } = spec;
  const has = (columns: number | undefined) => columns !== undefined;
  const inputs = { goal: has(goal), lastSeen: has(lastSeen), near: has(near) };
  const known = studentConfig.safeParse({
    ...sizes,
    ...inputs,
    belowHorizon: has(skyRows),
    ...(manifest.poses ? {} : { poseWeight: 0 }),
  });
  if (!known.success) throw unknownNetwork(folder);
  const config = known.data;
  const { scene, sceneConfig, provenance } = manifest;
  const { environmentSteps } = provenance;
  const progress = { iteration: 0, environmentSteps, metrics: {} };
  const settings = sceneConfig ? { sceneConfig } : {};
  return { spec, theta, config, progress, scene, ...settings };
}

function networkIn({ network }: Readonly<Record<string, string>>, folder: string): StudentSpec {
  if (network === undefined) {
    throw new FileError(
      `The bundle "${folder}" does not say how its network is built: it is no student's, or older than that. Give a checkpoint.`,
    );
  }
  const parsed = networkSchema.safeParse(parseJson(network));
  if (parsed.success) return parsed.data;
  throw unknownNetwork(folder);
}

function unknownNetwork(folder: string): FileError {
  return new FileError(
    `The bundle "${folder}" tells of a network that this version does not know.`,
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
