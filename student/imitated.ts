/** Who says what a student that is fine-tuned is to imitate. */

import { latentRoles } from "../policies/networks/student.ts";
import type { Rollout } from "../rollout/rollout.ts";
import type { GroupName } from "../sim/observations.ts";
import type { FineTuneRun } from "./fine-tune.ts";
import { LABEL_BATCH, Labeller, type Labels, labelledGroups } from "./labels.ts";
import { Reference } from "./reference.ts";

export interface Imitated {
  /** Observations that a roll-out has to hold for it, besides the student's. */
  readonly groups: readonly GroupName[];
  labelRollout(rollout: Rollout): Promise<Labels>;
  close(): Promise<void>;
}

/** The teacher or, without one, the student as it is; nobody where nothing is imitated. */
export async function openImitated({
  config,
  student: { spec, theta },
  teacher,
}: FineTuneRun): Promise<Imitated | undefined> {
  if (config.imitationWeight === 0) return undefined;
  if (!teacher) {
    const reference = await Reference.create(spec, theta, LABEL_BATCH);
    return {
      groups: [],
      labelRollout: (rollout) => reference.labelRollout(rollout),
      close: () => reference.close(),
    };
  }
  const labeller = await Labeller.create(teacher, LABEL_BATCH, latentRoles(spec).length);
  return {
    groups: labelledGroups(teacher.spec, teacher.observability),
    labelRollout: (rollout) => labeller.labelRollout(rollout, teacher.observability),
    close: () => labeller.close(),
  };
}
