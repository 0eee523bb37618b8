/** The robot's camera: where it sits on the base and what it can see. */

import { z } from "zod";
import type { Meters, Radians } from "../core/units.ts";
import { d435Filled } from "./render/sensor.ts";
import type { SensorSpec } from "./render/types.ts";

/** A forward-looking camera without lens distortion, pitched about the base's y axis. */
export interface CameraMount {
  /** Forward of the base's centre. */
  readonly x_m: Meters;
  /** Above the floor. */
  readonly z_m: Meters;
  /** Positive looks down. */
  readonly pitch_rad: Radians;
  readonly horizontalFov_rad: Radians;
  /** Pictures of any proportions are squeezed into the square images of `IMAGE`. */
  readonly verticalFov_rad: Radians;
  /** A teacher is shown what lies within this range. */
  readonly minDepth_m: Meters;
  readonly maxDepth_m: Meters;
  /** What the depth in a student's images passes through, with a range of its own. */
  readonly sensor: SensorSpec;
}

const degrees = Math.PI / 180;

/** How far a camera may nod, by its mount and the floor, before `skyRows` is wrong about it. */
export const NODDING_rad: Radians = 2.5 * degrees;

/**
 * EgoPush's camera (arXiv 2602.18071, section V): a D435i 20 cm above the floor, pitched 11.5
 * degrees down, 69 degrees wide with 4:3 pixels. Its place along the base and its depth range are
 * not printed; here it sits 3 cm behind the centre, so that a pushed box stays beyond the blind zone.
 */
export const egoPushCamera: CameraMount = {
  x_m: -0.03,
  z_m: 0.2,
  pitch_rad: 11.5 * degrees,
  horizontalFov_rad: 69 * degrees,
  verticalFov_rad: 2 * Math.atan(0.75 * Math.tan(34.5 * degrees)),
  minDepth_m: 0.15,
  maxDepth_m: 3,
  sensor: d435Filled,
};

const ordered = {
  path: ["maxDepth_m"],
  error: "has to be greater than minDepth_m",
};
const rising = ({ minDepth_m, maxDepth_m }: { minDepth_m: Meters; maxDepth_m: Meters }) =>
  minDepth_m < maxDepth_m;

/** A sensor whose holes are filled before anybody sees its images, as those of `d435Filled` are. */
const sensorSettings = z
  .strictObject({
    minDepth_m: z
      .number()
      .min(0)
      .default(d435Filled.minDepth_m)
      .describe("what is nearer shows in no image"),
    maxDepth_m: z
      .number()
      .positive()
      .default(d435Filled.maxDepth_m)
      .describe("nor does what is farther"),
    sigmaInverseDepth: z
      .number()
      .min(0)
      .default(d435Filled.sigmaInverseDepth)
      .describe("standard deviation of the noise, in 1/m"),
    stepInverseDepth: z
      .number()
      .min(0)
      .default(d435Filled.stepInverseDepth)
      .describe("quantum of the inverse depth, in 1/m"),
  })
  .refine(rising, ordered);

/** Another camera in the place of EgoPush's, as scenes let one set it; what is left out is as EgoPush has it. */
export const cameraSettings = z
  .strictObject({
    x_m: z.number().min(-0.5).max(0.5).default(-0.03).describe("forward of the base's centre"),
    z_m: z.number().min(0.02).max(2).default(0.2).describe("above the floor"),
    pitch_deg: z.number().min(0).max(80).default(11.5).describe("how far it looks down"),
    horizontalFov_deg: z
      .number()
      .min(10)
      .max(150)
      .default(69)
      .describe("field of view, left to right"),
    heightToWidth: z
      .number()
      .min(0.2)
      .max(5)
      .default(0.75)
      .describe("of the picture whose pixels are square, before it is squeezed into the image"),
    minDepth_m: z
      .number()
      .min(0)
      .default(0.15)
      .describe("nearer things are not shown to a teacher"),
    maxDepth_m: z.number().positive().default(3).describe("nor are those that are farther"),
    sensor: sensorSettings.prefault({}),
  })
  .refine(rising, ordered);

export function mountOf(settings: z.output<typeof cameraSettings>): CameraMount {
  const { x_m, z_m, pitch_deg, horizontalFov_deg, heightToWidth, minDepth_m, maxDepth_m } =
    settings;
  const horizontalFov_rad = horizontalFov_deg * degrees;
  return {
    ...{ x_m, z_m, minDepth_m, maxDepth_m },
    sensor: { ...d435Filled, ...settings.sensor },
    pitch_rad: pitch_deg * degrees,
    horizontalFov_rad,
    verticalFov_rad: 2 * Math.atan(heightToWidth * Math.tan(horizontalFov_rad / 2)),
  };
}

/**
 * Rows at the top of an image of `rows` in which nothing shows that stands on the floor and is no taller than `tallest_m`: those
 * above the horizon, less what a nodding camera wants, in steps of `multiple`. None for what is taller than the camera, which shows
 * anywhere when it is near.
 */
export function skyRows(
  { z_m, pitch_rad, verticalFov_rad }: CameraMount,
  tallest_m: Meters,
  rows: number,
  multiple = 1,
): number {
  if (tallest_m >= z_m) return 0;
  // 0 in the middle of the image, 1 at its upper edge
  const horizon = Math.tan(pitch_rad + NODDING_rad) / Math.tan(verticalFov_rad / 2);
  const above = (rows / 2) * (1 - horizon);
  return Math.max(0, Math.floor(above / multiple) * multiple);
}
