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
import { misfitOf } from "../rollout/bundle-fit.ts";
import type { SimulationSpec } from "../rollout/shard.ts";
import { teacherActor } from "../rollout/teacher-actor.ts";
import { assembleScene } from "../sim/scene.ts";
import { findScene } from "../sim/scenes/index.ts";
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
  /** What keeps the policy from driving in a simulation, in a few words; undefined where it can. In another scene it may, too. */
  misfit(simulation: SimulationSpec): string | undefined;
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
    misfit(other) {
      const misfit = misfitOf(manifest, assembleScene(findScene(other.scene), other.config));
      // in its own scene a bundle may say less than ours do
      if (misfit !== undefined || other.scene === manifest.scene) return misfit && `its ${misfit}`;
      const gives = studentInterface(other.scene, other.config, inputsOf(manifest));
      // it may drive more gently, too
      const same = manifestHash({ ...gives, output: manifest.output }) === manifestHash(manifest);
      return same ? undefined : "it reads other inputs";
    },
  };
}

/** What keeps a policy from driving in a simulation that was trained in another one: its robot, its scene's roles, its camera. */
function misfitIn(trained: SimulationSpec, other: SimulationSpec): string | undefined {
  const its = studentInterface(trained.scene, trained.config);
  const misfit = misfitOf(its, assembleScene(findScene(other.scene), other.config));
  return misfit && `its ${misfit}`;
}

function teacherPolicy(file: string): AnyPolicy {
  const { spec, theta, observability, config, simulation } = readTeacher(file);
  return {
    actor: teacherActor(spec, observability),
    theta,
    scene: simulation.scene,
    sceneConfig: simulation.config as object,
    misfit(other) {
      // what its critic reads is nothing to the actor
      const { privileged } = spec;
      const wanted = { ...teacherSpec(other, config), privileged };
      return difference(spec, wanted) ?? misfitIn(simulation, other);
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
    misfit: (other) => difference(spec, studentSpec(other, config)) ?? misfitIn(simulation, other),
  };
}

/** The first part of a network that is another than the one that a simulation wants. */
function difference(found: object, wanted: object): string | undefined {
  const [its, wants] = [found, wanted].map((spec): Record<string, unknown> => ({ ...spec }));
  const names = [...new Set([...Object.keys(its), ...Object.keys(wants)])];
  const name = names.find((one) => !isDeepStrictEqual(its[one], wants[one]));
  if (name === undefined) return undefined;
  const text = (value: unknown) => JSON.stringify(value) ?? "nothing";
  return `its network's "${name}" should be ${text(wants[name])}, found ${text(its[name])}`;
}
