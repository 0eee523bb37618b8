/** Public face of core/. In this repository, import from the file itself. */

export { type ArraySpec, type Axes, validate } from "./arrays.ts";
export { parseConfig } from "./config.ts";
export {
  ConfigError,
  DeviceError,
  FileError,
  isUserError,
  ShapeError,
  SimulationDivergedError,
  TrainingDivergedError,
  WireError,
} from "./errors.ts";
export {
  compose,
  type Frame,
  invert,
  type Quat,
  type Transform,
  transformPoint,
  type Vec3,
  yaw,
} from "./frames.ts";
export {
  carryAlong,
  followCommand,
  lastSeenColumns,
  memoryColumns,
  nearestKnown,
  noteFound,
  noteSighting,
  recall,
} from "./last-seen.ts";
export { field, type Layout, layout } from "./layout.ts";
export { createRng, type Rng } from "./rng.ts";
export {
  type SightingCamera,
  type SightingRules,
  Sightings,
  sightingRules,
} from "./sightings.ts";
export { median, type Proportion, quantile, wilson } from "./statistics.ts";
export type { StepType, TimeStep } from "./time-step.ts";
export type {
  Flavor,
  Meters,
  MetersPerSecond,
  Radians,
  RadiansPerSecond,
  Seconds,
} from "./units.ts";
