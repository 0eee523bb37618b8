/** Public face of sim/. In this repository, import from the file itself. */

export {
  type Arrangement,
  arrangementOf,
  arrangementSchema,
  type Slot,
} from "./arrangement/arrangement.ts";
export { arrangementConfig, arrangementScene } from "./arrangement/scene.ts";
export { type CameraMount, egoPushCamera } from "./camera.ts";
export { Env, type EnvOptions } from "./env.ts";
export { Ground } from "./ground.ts";
export type { GroupName } from "./observations.ts";
export { type Area, type Disc, discs, scatter, startBound_m } from "./placement.ts";
export { type PushProbe, probePush } from "./probe.ts";
export { type DiffDriveSpec, egoPushRobot } from "./robots/diff-drive.ts";
export { defineScene, type PlanarPose, type Roles, type Scene, type SceneSpec } from "./scene.ts";
export { type EpisodeEnd, SceneBatch, type SceneBatchOptions } from "./scene-batch.ts";
export { addScene, findScene, scenes } from "./scenes/index.ts";
export { type PushableName, pushable, type Shape } from "./shape.ts";
export { type ContactMode, World, type WorldSpec } from "./world.ts";
