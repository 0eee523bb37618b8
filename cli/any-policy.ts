/** A policy wherever it lies: a bundle's folder, or a checkpoint of a teacher or a student. */

import { existsSync } from "node:fs";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import { FileError } from "../core/errors.ts";
import { isFolder } from "../core/files.ts";
import { readBundle, zooFolder } from "../policies/bundle.ts";
import { readCheckpointKind } from "../policies/checkpoint.ts";
import { manifestHash } from "../policies/manifest-hash.ts";
import type { ActorSpec } from "../rollout/actor.ts";
import type { SimulationSpec } from "../rollout/shard.ts";
import { teacherActor } from "../rollout/teacher-actor.ts";
import { readStudent } from "../student/checkpoint.ts";
import { inputsOf, studentInterface } from "../student/interface.ts";
import { studentActor, studentSpec } from "../student/student.ts";
import { readTeacher } from "../teacher/checkpoint.ts";
import { teacherSpec } from "../teacher/teacher.ts";

export interface AnyPolicy {
  readonly actor: ActorSpec;
  /** Of a checkpoint; a bundle has its weights inside. */
  readonly theta?: Float32Array;
  /** The scene it was made for. */
  readonly scene: string;
  /** That scene's settings, where the policy keeps them. */
  readonly sceneConfig?: object;
  /** Whether a simulation gives what the policy reads: that of another scene may, too. */
  fits(simulation: SimulationSpec): boolean;
}

/** @throws FileError where there is none, or only half of one. */
export function readAnyPolicy(source: string): AnyPolicy {
  if (!existsSync(source)) {
    throw new FileError(
      `There is no policy at "${source}". Expected a bundle's folder or a checkpoint; the bundles that ship are in "${zooFolder}".`,
    );
  }
  if (isFolder(source)) return bundledPolicy(source);
  return readCheckpointKind(source) === "teacher" ? teacherPolicy(source) : studentPolicy(source);
}

function bundledPolicy(folder: string): AnyPolicy {
  const { manifest } = readBundle(folder);
  return {
    actor: { kind: "bundle", folder: path.resolve(folder) },
    scene: manifest.scene,
    ...(manifest.sceneConfig ? { sceneConfig: manifest.sceneConfig } : {}),
    fits: ({ scene, config }) =>
      manifestHash(studentInterface(scene, config, inputsOf(manifest))) === manifestHash(manifest),
  };
}

function teacherPolicy(file: string): AnyPolicy {
  const { spec, theta, observability, config, simulation } = readTeacher(file);
  return {
    actor: teacherActor(spec, observability),
    theta,
    scene: simulation.scene,
    sceneConfig: simulation.config as object,
    fits(other) {
      // what its critic reads is nothing to the actor
      const { privileged } = spec;
      return isDeepStrictEqual({ ...teacherSpec(other, config), privileged }, spec);
    },
  };
}

function studentPolicy(file: string): AnyPolicy {
  const { spec, theta, config, simulation } = readStudent(file);
  return {
    actor: studentActor(spec),
    theta,
    scene: simulation.scene,
    sceneConfig: simulation.config as object,
    fits: (other) => isDeepStrictEqual(studentSpec(other, config), spec),
  };
}
