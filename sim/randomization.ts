/** Domain randomisation: what differs from episode to episode besides the starting poses. */

import { z } from "zod";

/** The longest delay of actions and of images, in control steps. */
export const MAX_DELAY_STEPS = 5;

const range = (low: number, high: number, min: number, max: number, what: string) =>
  between(z.number().min(min).max(max), low, high).describe(`${what}: uniform between these`);

const delay = (what: string) =>
  between(z.int().min(0).max(MAX_DELAY_STEPS), 0, 0).describe(`${what}: any between these`);

const between = (bound: z.ZodNumber | z.ZodInt, low: number, high: number) =>
  z
    .tuple([bound, bound])
    .refine(([least, most]) => least <= most, { error: "the lower one comes first" })
    .default([low, high]);

/** What is varied, and how far; what `parse({})` gives is what environments have that are told nothing else. */
export const randomization = z.strictObject({
  massScale: range(0.8, 1.25, 0.1, 10, "mass of every object, as a factor"),
  frictionScale: range(0.8, 1.25, 0.1, 10, "friction of every object, as a factor"),
  support: range(0.3, 1, 0, 1, "pressure on the floor, 0 even, 1 on the rim or corners"),
  actionDelaySteps: delay("control steps before an action reaches the wheels"),
  imageDelaySteps: delay("control steps an image is old, what it shows being remembered as of now"),
  keypointNoise_m: z
    .number()
    .min(0)
    .max(0.5)
    .default(0.01)
    .describe("standard deviation of where each object is said to be, step by step"),
  cameraHeight_m: range(-0.005, 0.005, -0.1, 0.1, "error of the camera's height"),
  cameraPitch_deg: range(-0.5, 0.5, -20, 20, "error of the camera's pitch"),
  cameraYaw_deg: range(-0.5, 0.5, -20, 20, "error of the camera's yaw"),
  headingError_deg: range(-3, 3, -180, 180, "error of the goal's direction when an episode begins"),
  gyroDrift_dps: range(-0.05, 0.05, -10, 10, "how fast that error grows, degrees per second"),
});
export type Randomization = z.output<typeof randomization>;

/** No randomisation at all: every range is a point. */
export const exact: Randomization = {
  massScale: [1, 1],
  frictionScale: [1, 1],
  support: [0.6, 0.6],
  actionDelaySteps: [0, 0],
  imageDelaySteps: [0, 0],
  keypointNoise_m: 0,
  cameraHeight_m: [0, 0],
  cameraPitch_deg: [0, 0],
  cameraYaw_deg: [0, 0],
  headingError_deg: [0, 0],
  gyroDrift_dps: [0, 0],
};
