/** A teacher and a student of two roles that fit on a page, and images to feed them. */

import { createRng } from "../../core/rng.ts";
import { type StudentSpec, studentNetwork } from "../../policies/networks/student.ts";
import { type TeacherSpec, teacherNetwork } from "../../policies/networks/teacher.ts";

export const teacherSpec: TeacherSpec = {
  kind: "teacher",
  points: { active: 4, anchor: 4, reference: 4 },
  privileged: 3,
  actions: 2,
  latent: 6,
  hidden: 10,
};

/** 36 pixels are the least that the convolutions leave a pixel of. */
export const studentSpec: StudentSpec = {
  kind: "student",
  roles: ["active", "anchor"],
  width: 36,
  height: 36,
  actions: 2,
  latent: 6,
  hidden: 10,
  channels: [8, 16, 32],
  joint: 12,
  memory: 0,
};

export const withMemory: StudentSpec = { ...studentSpec, memory: 5 };

/** Weights large enough that everything matters. */
export function lively(spec: StudentSpec | TeacherSpec, seed: number): Float32Array {
  const { params } = spec.kind === "teacher" ? teacherNetwork(spec) : studentNetwork(spec);
  const rng = createRng(seed);
  return params.init(rng).map((weight) => weight + 0.1 * rng.normal());
}

/** Images as a camera gives them: inverse depth where something is, and nothing elsewhere. */
export function randomImages(count: number, seed: number): Float32Array {
  return randomRows(count, seed).map((x) => Math.max(0, x));
}

export function randomRows(count: number, seed: number): Float32Array {
  const rng = createRng(seed);
  return Float32Array.from({ length: count }, () => rng.uniform(-1, 1));
}
