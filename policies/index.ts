/** Public face of policies/ in Node; the page imports runtime/web.ts. In this repository, import from the file itself. */

export { type PolicyBundle, readBundle, writeBundle, zooFolder } from "./bundle.ts";
export { type Checkpoint, type ParamShape, readCheckpoint, writeCheckpoint } from "./checkpoint.ts";
export { type ExportCheck, type ExportReport, exportBundle } from "./export.ts";
export {
  type CameraSpec,
  columnsOf,
  inSiUnits,
  layoutOf,
  type ManifestDraft,
  type PolicyInput,
  type PolicyInterface,
  type PolicyManifest,
  type PolicyOutput,
  type PoseOutput,
  parseManifest,
  poseColumns,
  type RecurrentState,
  rowSize,
} from "./manifest.ts";
export { describeInterface, manifestHash } from "./manifest-hash.ts";
export type { StudentSpec } from "./networks/student.ts";
export type { TeacherSpec } from "./networks/teacher.ts";
export { type PolicySource, provenanceOf } from "./provenance.ts";
export { type Device, type LoadOptions, loadPolicy, loadPolicyBytes } from "./runtime/node.ts";
export type { Asked, PolicyRuntime, PolicyStep, Rows } from "./runtime/runtime.ts";
export { sightingCameraOf } from "./sighting-camera.ts";
