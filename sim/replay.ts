/** A recorded episode: enough to draw it and to see what the robot saw. Plain JSON. */

import { z } from "zod";
import { FileError } from "../core/errors.ts";
import { type AssembledScene, assembleScene } from "./scene.ts";
import { findScene } from "./scenes/index.ts";

const replaySchema = z.strictObject({
  format: z.literal(1),
  scene: z.string(),
  /** The scene's config as it was given. */
  config: z.record(z.string(), z.unknown()),
  policy: z.string().describe("what drove: a bundle, a checkpoint, or a name"),
  seed: z.int(),
  start: z.int().describe("number of the start among the evaluation's"),
  outcome: z.string(),
  controlStep_s: z.number().positive(),
  bodies: z.array(z.string()).min(1),
  steps: z.int().min(1),
  return: z.number(),
  /** [T + 1, B, 7] float32 little-endian, base64: position (m) and orientation [x, y, z, w]. */
  poses: z.base64(),
  /** [T, A] float32 little-endian, base64: actions in [-1, 1]. */
  actions: z.base64(),
});

/** The file's fields, with its arrays decoded. */
export type Replay = Omit<z.output<typeof replaySchema>, "poses" | "actions" | "format"> & {
  /** [T + 1, B, 7] */
  readonly poses: Float32Array;
  /** [T, A] */
  readonly actions: Float32Array;
};

export function encodeReplay(replay: Replay): string {
  const { poses, actions, ...rest } = replay;
  return JSON.stringify({ format: 1, ...rest, poses: toBase64(poses), actions: toBase64(actions) });
}

/** Reads a replay; `source` names it in the error that a bad one gets. */
export function decodeReplay(text: string, source: string): Replay {
  let input: unknown;
  try {
    input = JSON.parse(text);
  } catch {
    throw new FileError(`"${source}" is not a replay: it is not JSON. Record it again.`);
  }
  const result = replaySchema.safeParse(input);
  if (!result.success) {
    const [{ path, message }] = result.error.issues;
    throw new FileError(`"${source}" is not a replay: ${path.join(".") || "file"}: ${message}.`);
  }
  const { format: _, poses, actions, ...rest } = result.data;
  const replay = { ...rest, poses: fromBase64(poses), actions: fromBase64(actions) };
  const expected = (replay.steps + 1) * replay.bodies.length * 7;
  if (replay.poses.length !== expected) {
    throw new FileError(
      `"${source}" is cut short: expected ${expected} numbers of poses, found ${replay.poses.length}. Record it again.`,
    );
  }
  if (replay.actions.length === 0 || replay.actions.length % replay.steps !== 0) {
    throw new FileError(
      `"${source}" is cut short: expected actions of ${replay.steps} steps, found ${replay.actions.length} numbers. Record it again.`,
    );
  }
  return replay;
}

/** The scene a replay was recorded in, for shapes and colours. */
export function sceneOf(replay: Replay): AssembledScene {
  return assembleScene(findScene(replay.scene), replay.config, "the replay");
}

function toBase64(values: Float32Array): string {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

function fromBase64(text: string): Float32Array {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  return new Float32Array(bytes.buffer, 0, Math.floor(bytes.length / 4));
}
