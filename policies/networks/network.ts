/** A network described as data, so that workers, checkpoints and exports all build the same one. */

import type { DataSpec, Forward } from "../../nn/model.ts";
import type { Params } from "../../nn/params.ts";
import { type StudentSpec, studentNetwork } from "./student.ts";
import { type TeacherSpec, teacherNetwork } from "./teacher.ts";

export type NetworkSpec = TeacherSpec | StudentSpec;

/** A network ready to be run or trained. */
export interface Network {
  readonly params: Params;
  /** Outputs "mean" [B, A] and "latents" [B, R, L], and "nextMemory" [B, M] where it reads "memory". */
  readonly act: Forward;
  /** Rows of what `act` reads. */
  readonly inputs: DataSpec;
}

export function buildNetwork(spec: NetworkSpec): Network {
  return spec.kind === "teacher" ? teacherNetwork(spec) : studentNetwork(spec);
}
