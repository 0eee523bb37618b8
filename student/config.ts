/** What a student is distilled and fine-tuned with. Every field is a `--set student.<field>=<value>` or `--set fineTune.<field>=<value>`. */

import { z } from "zod";
import { RATES_RULE, ratesAreOrdered } from "../nn/learning-rate.ts";
import { curriculumFields } from "../rollout/curriculum.ts";

export const studentConfig = z.strictObject({
  iterations: z.int().min(1).default(300).describe("roll-outs to learn from"),
  envs: z.int().min(1).default(256),
  shardEnvs: z.int().min(1).default(64).describe("environments simulated and inferred together"),
  rolloutSteps: z.int().min(1).default(16).describe("control steps per environment and roll-out"),
  ...curriculumFields,
  driver: z
    .enum(["student", "teacher"])
    .default("student")
    .describe("who drives while the teacher labels: DAgger, or plain behaviour cloning"),
  epochs: z.int().min(1).default(1),
  batch: z.int().min(1).default(256).describe("sequences of a minibatch"),
  learningRate: z.number().positive().default(1e-3).describe("at the start; falls linearly"),
  finalLearningRate: z.number().positive().default(1e-4),
  clipNorm: z.number().positive().default(1),
  relationalWeight: z.number().min(0).default(0.1).describe("weight of L_rel"),
  latentWeight: z
    .number()
    .min(0)
    .default(0.1)
    .describe("weight of the mean of (Z - Z_teacher)^2 over roles and columns"),
  poseWeight: z.number().min(0).default(0.1).describe("weight of the relative-pose head"),
  warmStart: z.boolean().default(true).describe("start the head from the teacher's"),
  latent: z.int().min(1).default(32).describe("width of a role's latent; the teacher's"),
  hidden: z.int().min(1).default(128).describe("the teacher's"),
  channels: z
    .array(z.int().min(1).max(256))
    .max(3)
    .default([8, 16, 32])
    .describe("of the convolutions; [] leaves the image moments alone"),
  belowHorizon: z
    .boolean()
    .default(true)
    .describe("leave out the rows of the image in which nothing lower than the camera shows"),
  joint: z.int().min(1).default(96).describe("units that join convolutions and moments"),
  memory: z.int().min(0).default(0).describe("units of a GRU before the head; 0: none"),
  goal: z
    .boolean()
    .default(true)
    .describe("tell the student where the target lies from the anchor, in scenes of several"),
  lastSeen: z
    .boolean()
    .default(false)
    .describe("remember where each role was last seen, dead-reckoned by the robot's own commands"),
  near: z
    .boolean()
    .default(true)
    .describe("with lastSeen: read how close that is to the robot and to the object, too"),
  burnIn: z.int().min(0).default(4).describe("steps of a sequence before its loss counts"),
});
export type StudentConfig = z.output<typeof studentConfig>;

/** Those of its settings that say what its network is: who goes on with a student has to leave them as they are. */
export function networkSettings(config: StudentConfig) {
  const { latent, hidden, channels, joint, memory, belowHorizon, goal, lastSeen, near } = config;
  return { latent, hidden, channels, joint, memory, belowHorizon, goal, lastSeen, near };
}
export type NetworkSettings = ReturnType<typeof networkSettings>;

const fineTuneSettings = z.strictObject({
  iterations: z.int().min(1).default(200).describe("roll-outs to learn from"),
  envs: z.int().min(1).default(256),
  shardEnvs: z.int().min(1).default(64).describe("environments simulated and inferred together"),
  rolloutSteps: z.int().min(1).default(32).describe("control steps per environment and roll-out"),
  ...curriculumFields,
  practiceShare: curriculumFields.practiceShare.default(0),
  epochs: z.int().min(1).default(2),
  batch: z.int().min(1).default(1024).describe("samples of a minibatch"),
  imitationWeight: z
    .number()
    .min(0)
    .default(0.1)
    .describe(
      "weight of the distillation's loss beside that of reinforcement: what the teacher says or, without one, what the student did before",
    ),
  criticIterations: z
    .int()
    .min(0)
    .default(20)
    .describe("roll-outs before the first, from which the critic learns alone"),
  criticLearningRate: z.number().positive().default(1e-3).describe("of the critic in those"),
  std: z
    .number()
    .positive()
    .default(0.1)
    .describe(
      "spread of the actions to begin with, where no teacher gives it: small for who can do something, 0.6 from nothing",
    ),
  gamma: z.number().min(0).max(1).default(0.99),
  lambda: z.number().min(0).max(1).default(0.95),
  clip: z.number().positive().default(0.2),
  valueCoef: z.number().min(0).default(0.5),
  entropyCoef: z.number().min(0).default(0.0005),
  clipNorm: z.number().positive().default(1).describe("global norm that gradients are clipped to"),
  learningRate: z.number().positive().default(1e-4),
  minLearningRate: z.number().positive().default(1e-5),
  maxLearningRate: z.number().positive().default(1.5e-4).describe("falls linearly to the least"),
  targetKl: z.number().positive().default(0.01).describe("the learning rate follows it"),
});

export const fineTuneConfig = fineTuneSettings.refine(ratesAreOrdered, RATES_RULE);
export type FineTuneConfig = z.output<typeof fineTuneConfig>;
