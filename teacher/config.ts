/** What a teacher is trained with. Every field is a `--set teacher.<field>=<value>`. */

import { z } from "zod";
import { RATES_RULE, ratesAreOrdered } from "../nn/learning-rate.ts";
import { encoders } from "../policies/networks/teacher.ts";
import { curriculumFields } from "../rollout/curriculum.ts";
import { observabilities } from "../sim/visibility.ts";

const settings = z.strictObject({
  iterations: z.int().min(1).default(400).describe("roll-outs to learn from"),
  envs: z.int().min(1).default(256).describe("environments"),
  shardEnvs: z.int().min(1).default(64).describe("environments simulated and inferred together"),
  rolloutSteps: z.int().min(1).default(64).describe("control steps per environment and roll-out"),
  epochs: z.int().min(1).default(4),
  batch: z.int().min(1).default(4096).describe("samples of a minibatch"),
  lessons: z
    .array(
      z.strictObject({
        iterations: z.int().min(1),
        scene: z.record(z.string(), z.unknown()).describe("changes of the scene's settings"),
      }),
    )
    .default([])
    .describe("easier or other scenes first, one after another"),
  observability: z
    .enum(observabilities)
    .default("fov+gate")
    .describe("what the actor may see; the critic sees all poses and velocities"),
  informedBy: z
    .enum(observabilities)
    .optional()
    .describe(
      "what its student may see: the teacher pays for what nobody who sees that could know to do (SITT)",
    ),
  informedWeight: z
    .number()
    .min(0)
    .default(0.1)
    .describe("what a nat of that costs, beside the scene's rewards"),
  ...curriculumFields,
  lastSeen: z
    .boolean()
    .default(false)
    .describe("remember where each role was last seen; its student must, too"),
  near: z
    .boolean()
    .default(true)
    .describe("with lastSeen: read how close that is to the robot and to the object, too"),
  goal: z
    .boolean()
    .default(false)
    .describe("tell it where the target lies from the anchor, as its student is told"),
  std: z
    .number()
    .positive()
    .optional()
    .describe(
      "spread of the actions to begin with; 0.6 from nothing, or what `--from` had, unless given",
    ),
  gamma: z.number().min(0).max(1).default(0.99),
  lambda: z.number().min(0).max(1).default(0.95),
  clip: z.number().positive().default(0.2),
  valueCoef: z.number().min(0).default(0.5),
  entropyCoef: z.number().min(0).default(0.002).describe("at the start; falls linearly"),
  finalEntropyCoef: z.number().min(0).default(0.002),
  clipNorm: z.number().positive().default(1).describe("global norm that gradients are clipped to"),
  learningRate: z.number().positive().default(1e-3),
  minLearningRate: z.number().positive().default(1e-4),
  maxLearningRate: z.number().positive().default(2e-3),
  targetKl: z.number().positive().default(0.012).describe("the learning rate follows it"),
  encoder: z
    .enum(encoders)
    .default("points")
    .describe("latents from each keypoint, as in EgoPush, or from the pose they come to: faster"),
  latent: z.int().min(1).default(32).describe("width of a role's latent"),
  hidden: z.int().min(1).default(128),
});

export const teacherConfig = settings.refine(ratesAreOrdered, RATES_RULE);
export type TeacherConfig = z.output<typeof teacherConfig>;
