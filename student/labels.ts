/** What the teacher says about the states a student visited. */

import { runInBatches } from "../nn/batches.ts";
import { Actor } from "../nn/engine.ts";
import { POSE_COLUMNS } from "../policies/networks/student.ts";
import {
  pointsOf,
  type TeacherSpec,
  teacherInputs,
  teacherNetwork,
  visibleRoles,
} from "../policies/networks/teacher.ts";
import { readBy } from "../rollout/actor.ts";
import type { Rollout } from "../rollout/rollout.ts";
import { teacherActor } from "../rollout/teacher-actor.ts";
import { HIDDEN, KEYPOINTS } from "../sim/keypoints.ts";
import type { GroupName } from "../sim/observations.ts";
import type { Observability } from "../sim/visibility.ts";

/** Labels of B states. */
export interface Labels {
  /** [B, A], within [-1, 1] as the robot would execute them. */
  readonly actions: Float32Array;
  /** [B, R, L] of the roles that the student has latents of. */
  readonly latents: Float32Array;
  /** [B, R, 3]: seen (0 or 1), x_m, y_m of the role's centre in the base frame. */
  readonly poses: Float32Array;
}

export interface TeacherLabels extends Labels {
  /** [all roles, L] averages over these states, the reference's last. */
  readonly meanLatents: Float32Array;
}

interface Teacher {
  readonly spec: TeacherSpec;
  readonly theta: Float32Array;
}

/** States labelled at once. */
export const LABEL_BATCH = 1024;

/** Groups that `labelRollout` reads. */
export function labelledGroups(spec: TeacherSpec, observability: Observability): GroupName[] {
  const read = Object.values(teacherActor(spec, observability).inputs);
  return [...read, `keypoints:${observability}`, "keypoints:global"];
}

export class Labeller {
  readonly #teacher: Teacher;
  readonly #actor: Actor;
  readonly #batch: number;
  readonly #roles: readonly string[];

  private constructor(teacher: Teacher, actor: Actor, batch: number, roles: readonly string[]) {
    this.#teacher = teacher;
    this.#actor = actor;
    this.#batch = batch;
    this.#roles = roles;
  }

  /** @param roles how many of the teacher's roles to label, in its order; those that can be seen unless given */
  static async create(
    teacher: Teacher,
    batch: number,
    roles = visibleRoles(teacher.spec).length,
  ): Promise<Labeller> {
    const { params, act } = teacherNetwork(teacher.spec);
    const inputs = teacherInputs(teacher.spec);
    const outputs = ["mean", "latents"];
    const actor = await Actor.create({ params, forward: act, inputs, outputs, batch });
    return new Labeller(teacher, actor, batch, Object.keys(teacher.spec.points).slice(0, roles));
  }

  /**
   * Labels B states, in batches of fixed size, the last of them padded.
   * @param observed what the teacher reads, [B, ...] by its inputs' names
   * @param keypoints [B, O] as the teacher sees them
   * @param everything [B, O] the same without masks
   */
  async label(
    observed: Readonly<Record<string, Float32Array>>,
    keypoints: Float32Array,
    everything: Float32Array,
  ): Promise<TeacherLabels> {
    const { spec, theta } = this.#teacher;
    const columns = pointsOf(spec) * 3;
    const count = keypoints.length / columns;
    const labelled = this.#roles.length;
    const roles = Object.keys(spec.points).length;
    const sizes = { rows: count, batch: this.#batch };
    const found = await runInBatches(this.#actor, theta, observed, sizes);
    const actions = found.mean;
    const latents = new Float32Array(count * labelled * spec.latent);
    const sums = new Float64Array(roles * spec.latent);
    keepFirst(found.latents, latents, { labelled, roles, latent: spec.latent }, sums);
    for (let i = 0; i < actions.length; i++) actions[i] = Math.min(1, Math.max(-1, actions[i]));
    const poses = posesOf(spec, this.#roles, keypoints, everything, columns);
    return { actions, latents, poses, meanLatents: Float32Array.from(sums, (s) => s / count) };
  }

  /** Labels what a roll-out visited; it has to hold what a teacher of this sight reads. */
  labelRollout(rollout: Rollout, observability: Observability): Promise<TeacherLabels> {
    const { groups } = rollout;
    return this.label(
      readBy(teacherActor(this.#teacher.spec, observability), rollout),
      groups[`keypoints:${observability}`],
      groups["keypoints:global"],
    );
  }

  close(): Promise<void> {
    return this.#actor.close();
  }
}

/** Keeps the latents of the first roles, and adds up all. */
function keepFirst(
  found: Float32Array,
  out: Float32Array,
  { labelled, roles, latent }: { labelled: number; roles: number; latent: number },
  sums: Float64Array,
): void {
  const rows = found.length / (roles * latent);
  for (let row = 0; row < rows; row++) {
    const from = row * roles * latent;
    out.set(found.subarray(from, from + labelled * latent), row * labelled * latent);
    for (let i = 0; i < roles * latent; i++) sums[i] += found[from + i];
  }
}

/** Whether any point of a role was shown, and the middle of those of its objects that were. */
function posesOf(
  spec: TeacherSpec,
  roles: readonly string[],
  keypoints: Float32Array,
  everything: Float32Array,
  columns: number,
): Float32Array {
  const count = keypoints.length / columns;
  const poses = new Float32Array(count * roles.length * POSE_COLUMNS);
  for (let row = 0; row < count; row++) {
    let at = row * columns;
    roles.forEach((role, r) => {
      const points = spec.points[role];
      const to = (row * roles.length + r) * POSE_COLUMNS;
      let shown = 0;
      for (let first = 0; first < points; first += KEYPOINTS, at += KEYPOINTS * 3) {
        if (!isShown(keypoints, at)) continue;
        shown += KEYPOINTS;
        for (let k = 0; k < KEYPOINTS; k++) {
          poses[to + 1] += everything[at + k * 3];
          poses[to + 2] += everything[at + k * 3 + 1];
        }
      }
      poses[to] = shown > 0 ? 1 : 0;
      poses[to + 1] /= Math.max(1, shown);
      poses[to + 2] /= Math.max(1, shown);
    });
  }
  return poses;
}

/** Whether any point of the object whose points begin at `at` is. */
function isShown(keypoints: Float32Array, at: number): boolean {
  for (let k = 0; k < KEYPOINTS; k++) if (keypoints[at + k * 3] !== HIDDEN) return true;
  return false;
}
