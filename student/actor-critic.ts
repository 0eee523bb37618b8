/** A student that is fine-tuned, and the critic that learns beside it: their parameters, and what those begin with. */

import { createRng } from "../core/rng.ts";
import { setSpread } from "../nn/gaussian.ts";
import { zeros } from "../nn/initializers.ts";
import type { Params } from "../nn/params.ts";
import { addCritic, type CriticSpec } from "../policies/networks/critic.ts";
import { type StudentSpec, studentNetwork } from "../policies/networks/student.ts";
import { teacherNetwork } from "../policies/networks/teacher.ts";
import type { FineTuneRun } from "./fine-tune.ts";
import { privilegedColumns } from "./student.ts";

/** Units of a critic that has no teacher to come from. */
const CRITIC_UNITS = 128;

export function criticSpecOf({
  simulation,
  teacher,
}: Pick<FineTuneRun, "simulation" | "teacher">): CriticSpec {
  return {
    privileged: privilegedColumns(simulation),
    hidden: teacher?.spec.hidden ?? CRITIC_UNITS,
  };
}

/** The student's parameters, so that the first part of theta is its own, then the critic's and the actions' spread. */
export function actorCriticOf(spec: StudentSpec, critic: CriticSpec): Params {
  const { params } = studentNetwork(spec);
  return addCritic(params, critic).add("logStd", [spec.actions], zeros);
}

/**
 * The student as it is; critic and spread as the teacher has them, or new. A critic that reads other rows than the scene gives, as that of
 * a teacher of another scene may, is new.
 */
export function firstWeights(run: FineTuneRun, params: Params): Float32Array {
  const { config, simulation, student, teacher } = run;
  const theta = params.init(createRng(simulation.seed).split("critic"));
  theta.set(student.theta);
  if (!teacher) {
    setSpread(params, theta, config.std);
    return theta;
  }
  const theirs = teacherNetwork(teacher.spec).params.specs;
  const critic = theirs.filter(({ name }) => name.startsWith("critic."));
  const fits = critic.every(
    ({ name, shape }) => shape.join() === params.offsetOf(name).shape.join(),
  );
  const spread = theirs.filter(({ name }) => name === "logStd");
  for (const { name, at, size } of [...(fits ? critic : []), ...spread]) {
    theta.set(teacher.theta.subarray(at, at + size), params.offsetOf(name).at);
  }
  return theta;
}
