/** Public face of sim/. In this repository, import from the file itself. */

export {
  type Arrangement,
  type ArrangementInput,
  arrangementOf,
  arrangementSchema,
  type Slot,
} from "./arrangement/arrangement.ts";
export type { RandomArrangements } from "./arrangement/random.ts";
export {
  type ArrangementScene,
  arrangementConfig,
  arrangementScene,
} from "./arrangement/scene.ts";
export { type CameraMount, cameraSettings, egoPushCamera, mountOf } from "./camera.ts";
export type { EngineName } from "./engines/open.ts";
export { Env, type EnvOptions, type Observations } from "./env.ts";
export { IMAGE } from "./eyes.ts";
export { Ground, yawDistance_rad } from "./ground.ts";
export { HIDDEN, KEYPOINTS } from "./keypoints.ts";
export { objectPoseLayout } from "./object-poses.ts";
export {
  type GroupName,
  goalLayout,
  groupsOf,
  keypointLayout,
  privilegedLayoutOf,
  proprioceptionLayout,
  roleNames,
} from "./observations.ts";
export { Camera, type Picture } from "./pictures.ts";
export { type Area, type Disc, discs, robotBound_m, scatter, startBound_m } from "./placement.ts";
export { defaultPushProbe, type ProbeRow, type PushProbe, probePush } from "./probe.ts";
export {
  approachDetour_m,
  behindness,
  crowding,
  KEEP_OUT_m,
  measurePush,
  type Way,
  wayAmong,
  wayAround,
} from "./push.ts";
export { exact, type Randomization, randomization } from "./randomization.ts";
export { lastSeenLayout } from "./recollection.ts";
export { d435, d435Filled, ideal } from "./render/sensor.ts";
export type { SensorSpec } from "./render/types.ts";
export { decodeReplay, encodeReplay, type Replay } from "./replay.ts";
export { type DiffDriveSpec, egoPushRobot, pusherReach_m } from "./robots/diff-drive.ts";
export { robotOf, robotSettings } from "./robots/settings.ts";
export { WALLS } from "./rows.ts";
export {
  type AssembledScene,
  assembleScene,
  type Cast,
  defineScene,
  type Episode,
  type EpisodeWish,
  isParked,
  type PlanarPose,
  parked,
  type Roles,
  type Scene,
  type SceneSpec,
  type Timing,
} from "./scene.ts";
export { type EpisodeEnd, SceneBatch, type SceneBatchOptions } from "./scene-batch.ts";
export { addScene, findScene, scenes } from "./scenes/index.ts";
export { type PushableName, pushable, type Shape, symmetry_rad } from "./shape.ts";
export type { Observability } from "./visibility.ts";
export {
  type BodyProperties,
  type BodySpec,
  bodyState,
  type ContactMode,
  type PhysicsWorld,
  World,
  type WorldSpec,
} from "./world.ts";
