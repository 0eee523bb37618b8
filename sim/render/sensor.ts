/** Depth sensors, as numbers. */

import { ConfigError } from "../../core/errors.ts";
import type { SensorSpec } from "./types.ts";

/** No sensor: the true depth. */
export const ideal: SensorSpec = {
  sigmaInverseDepth: 0,
  stepInverseDepth: 0,
  minDepth_m: 0,
  maxDepth_m: Number.POSITIVE_INFINITY,
  edgeDropout: 0,
  edgeJump: 0.05,
  holeProbability: 0,
  stereoBaseline_m: 0,
};

/**
 * RealSense D435 at 848x480: horizontal field 90 degrees and baseline 50 mm make f B = 21.2 px m;
 * 0.1 px of disparity noise, steps of 1/32 px, and the nearest depth of its data sheet. The shares of
 * holes are guesses.
 */
export const d435: SensorSpec = {
  sigmaInverseDepth: 0.1 / 21.2,
  stepInverseDepth: 1 / 32 / 21.2,
  minDepth_m: 0.195,
  maxDepth_m: 10,
  edgeDropout: 0.5,
  edgeJump: 0.05,
  holeProbability: 0.005,
  stereoBaseline_m: 0.05,
};

/**
 * The same camera as EgoPush runs it: 480x270, where f B = 12 px m and the nearest depth is 0.12 m, and
 * with holes filled in before the policy sees the image (the paper inpaints in 2 ms), so that only the
 * noise and the quantum of the disparity are left.
 */
export const d435Filled: SensorSpec = {
  ...ideal,
  sigmaInverseDepth: 0.1 / 12,
  stepInverseDepth: 1 / 32 / 12,
  minDepth_m: 0.12,
  maxDepth_m: 10,
};

/** True when depth leaves this sensor as it came. */
export function isIdeal(sensor: SensorSpec): boolean {
  return (
    sensor.sigmaInverseDepth === 0 &&
    sensor.stepInverseDepth === 0 &&
    sensor.minDepth_m <= 0 &&
    sensor.maxDepth_m === Number.POSITIVE_INFINITY &&
    sensor.edgeDropout === 0 &&
    sensor.holeProbability === 0 &&
    sensor.stereoBaseline_m === 0
  );
}

/** Throws `ConfigError` unless every number is one a sensor can have. */
export function checkSensor(sensor: SensorSpec): void {
  for (const name of ["edgeDropout", "holeProbability"] as const) {
    if (!(sensor[name] >= 0 && sensor[name] <= 1)) {
      throw new ConfigError(`Sensor "${name}" must lie in 0 to 1, got ${sensor[name]}.`);
    }
  }
  const lengths = [
    "sigmaInverseDepth",
    "stepInverseDepth",
    "edgeJump",
    "stereoBaseline_m",
  ] as const;
  for (const name of lengths) {
    if (!(sensor[name] >= 0 && Number.isFinite(sensor[name]))) {
      throw new ConfigError(`Sensor "${name}" must be 0 or more, got ${sensor[name]}.`);
    }
  }
  if (!(sensor.minDepth_m >= 0 && sensor.maxDepth_m > sensor.minDepth_m)) {
    throw new ConfigError(
      `A sensor sees from "minDepth_m" to a larger "maxDepth_m", got ${sensor.minDepth_m} to ${sensor.maxDepth_m}.`,
    );
  }
}
