/**
 * Starts a student's action head from its teacher's (EgoPush, section III-C).
 *
 * The teacher's head also reads the latent of the reference. A student that is told its goal imagines that latent and
 * takes the head as it is. One that is not cannot: the latent's columns are folded into the bias with its mean, W_ref E[Z_ref].
 */

import { ConfigError } from "../core/errors.ts";
import { knownRows } from "../policies/networks/known.ts";
import { latentRoles, type StudentSpec, studentNetwork } from "../policies/networks/student.ts";
import { type TeacherSpec, teacherNetwork } from "../policies/networks/teacher.ts";

/** Throws unless the student's latents are as wide as its teacher's and, for a warm start, its head too. */
export function checkWidths(
  student: Pick<StudentSpec, "latent" | "hidden" | "lastSeen" | "goal" | "near">,
  teacher: Pick<TeacherSpec, "latent" | "hidden" | "lastSeen" | "goal" | "near">,
  warmStart: boolean,
): void {
  if (warmStart && teacher.lastSeen && !student.lastSeen) {
    throw new ConfigError(
      "This teacher remembers where things were last seen, so its student must, too. Set student.lastSeen=true or, to see what forgetting costs, student.warmStart=false.",
    );
  }
  if (warmStart && student.lastSeen && teacher.near && !student.near) {
    throw new ConfigError(
      "This teacher reads how close what it remembers is, so its student must, too. Set student.near=true.",
    );
  }
  if (teacher.goal && !student.goal) {
    throw new ConfigError(
      "This teacher is told where the target lies from the anchor, so its student must be, too. Set student.goal=true.",
    );
  }
  const { latent, hidden } = teacher;
  if (student.latent === latent && (student.hidden === hidden || !warmStart)) return;
  throw new ConfigError(
    `A student must be as wide as its teacher (latent ${latent}, hidden ${hidden}), got latent ${student.latent}, hidden ${student.hidden}. Set student.latent and student.hidden; with student.warmStart=false hidden may differ.`,
  );
}

/**
 * Overwrites the head in `theta` of a student without memory.
 * @param meanLatents [all roles, L], the teacher's latents averaged over states, reference last.
 */
export function warmStartHead(
  theta: Float32Array,
  student: StudentSpec,
  teacher: { readonly spec: TeacherSpec; readonly theta: Float32Array },
  meanLatents: Float32Array,
): void {
  const { latent, hidden, actions } = teacher.spec;
  checkWidths(student, teacher.spec, true);
  const from = teacherNetwork(teacher.spec).params;
  const to = studentNetwork(student).params;
  const read = (name: string) => {
    const { at, shape } = from.offsetOf(name);
    return teacher.theta.subarray(at, at + shape.reduce((a, b) => a * b, 1));
  };
  const write = (name: string, values: Float32Array) => theta.set(values, to.offsetOf(name).at);
  for (const name of ["head.2.w", "head.2.b", "head.mean.w", "head.mean.b"])
    write(name, read(name));
  if (student.memory > 0) return;
  const known = latentRoles(student).length;
  const kept = (actions + known * latent) * hidden;
  const latents = (actions + Object.keys(teacher.spec.points).length * latent) * hidden;
  const weights = read("head.1.w");
  write("head.1.w", weights.subarray(0, kept));
  // what the teacher knows nothing of is left out at first
  const beside = knownRows(weights.subarray(latents), teacher.spec, student, hidden);
  theta.set(beside, to.offsetOf("head.1.w").at + kept);
  const bias = read("head.1.b").slice();
  const first = known * latent;
  for (let row = 0; kept + row * hidden < latents; row++) {
    const mean = meanLatents[first + row];
    for (let unit = 0; unit < hidden; unit++) {
      bias[unit] += mean * weights[kept + row * hidden + unit];
    }
  }
  write("head.1.b", bias);
}
