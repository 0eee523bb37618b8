/** A student to go on with, wherever it lies: a bundle's folder, or a checkpoint. */

import { isFolder } from "../core/files.ts";
import { readBundledStudent } from "../student/bundled.ts";
import { readStudent } from "../student/checkpoint.ts";
import type { Student } from "../student/distill.ts";
import type { Conditions } from "./run-config.ts";

export interface AnyStudent extends Student, Conditions {
  /** The scene it was made for. */
  readonly scene: string;
  /** That scene's settings, where they are kept. */
  readonly sceneConfig?: unknown;
}

/** @throws FileError where there is none, or only half of one. */
export function readAnyStudent(source: string): AnyStudent {
  if (isFolder(source)) return readBundledStudent(source);
  const { simulation, ...student } = readStudent(source);
  const { scene, config: sceneConfig, contact, randomization } = simulation;
  return { ...student, scene, sceneConfig, contact, randomization };
}
