/**
 * Whether a bundle drives as it says in a simulation: its inputs' names and sizes do not tell.
 *
 * This file also loads in a browser.
 */

import { ConfigError } from "../core/errors.ts";
import { type Quat, rotate } from "../core/frames.ts";
import type { CameraSpec, PolicyInterface, PolicyManifest } from "../policies/manifest.ts";
import { roleNames } from "../sim/roles.ts";
import type { AssembledScene } from "../sim/scene.ts";
import { cameraOf } from "./camera-spec.ts";

/** @throws ConfigError naming what `misfitOf` found */
export function checkBundleFits(manifest: PolicyManifest, scene: AssembledScene): void {
  const misfit = misfitOf(manifest, scene);
  if (misfit === undefined) return;
  throw new ConfigError(
    `Policy "${manifest.name}" does not fit scene "${scene.name}": its ${misfit}. Simulate the robot it was made for, or train another policy.`,
  );
}

/**
 * What of control step, actions, roles and camera is another than the scene's, each as "… should be …, found …".
 *
 * @param its interface of a policy or of what it was trained with
 */
export function misfitOf(its: PolicyInterface, scene: AssembledScene): string | undefined {
  const { robot } = scene.cast;
  const { low, high, columns } = its.output;
  const scales = columns.flatMap(({ scale, width }) => Array<number>(width).fill(scale));
  const roles = roleNames(scene);
  const scenes = cameraOf(robot.camera, roles);
  const camera = its.inputs.find(({ name }) => name === "layers")?.camera ?? scenes;
  const compared = [
    ["control step in seconds", [its.controlStep_s], [scene.timing.controlStep_s]],
    ["scale of actions", scales, [robot.maxSpeed_mps, robot.maxTurnRate_radps]],
    // a policy may drive more gently than it could
    ["range of actions", [Math.min(low, -1), Math.max(high, 1)], [-1, 1]],
    ["roles", camera.layers, roles],
    ...cameraFacts(camera).map(
      ([what, found], i) => [what, found, cameraFacts(scenes)[i][1]] as const,
    ),
  ] as const;
  const others = compared
    .map(([what, found, expected]) => [what, rounded(found), rounded(expected)])
    .filter(([, found, expected]) => found !== expected)
    .map(([what, found, expected]) => `${what} should be ${expected}, found ${found}`);
  return others.length > 0 ? others.join("; its ") : undefined;
}

function cameraFacts(camera: CameraSpec): (readonly [what: string, values: readonly number[]])[] {
  const { width, height, horizontalFov_rad, verticalFov_rad, baseFromCamera } = camera;
  return [
    ["camera's width and height in pixels", [width, height]],
    ["camera's horizontal field of view in rad", [horizontalFov_rad]],
    ["camera's vertical field of view in rad", [verticalFov_rad]],
    ["camera's position on the base in metres", baseFromCamera.position],
    ["camera's pitch, yaw and roll on the base in degrees", anglesOf(baseFromCamera.rotation)],
    ["camera's scale of inverse depth in metres", [camera.inverseDepthScale_m]],
    ["camera's range of depth in metres", [camera.minDepth_m, camera.maxDepth_m]],
  ];
}

/** How far a camera looks down and to the left, and how far its right side hangs. */
function anglesOf(baseFromCamera: Quat): readonly number[] {
  const [x, y, z] = rotate(baseFromCamera, [0, 0, 1]);
  const right = rotate(baseFromCamera, [1, 0, 0]);
  const across = Math.hypot(x, y);
  // the right of a camera that looks there and does not roll, and what is above that one
  const level = (right[0] * y - right[1] * x) / across;
  const above = right[2] * across - ((right[0] * x + right[1] * y) * z) / across;
  const angles_rad = [Math.atan2(-z, across), Math.atan2(y, x), Math.atan2(-above, level)];
  return angles_rad.map((angle) => (angle * 180) / Math.PI);
}

/** What one machine's sine gives in the last bit must not part it from another. */
function rounded(values: readonly (number | string)[]): string {
  const round = (value: number) => Math.round(value * 1e6) / 1e6 + 0;
  const found = values.map((value) => (typeof value === "number" ? round(value) : value));
  return found.length === 1 ? String(found[0]) : `[${found.join(", ")}]`;
}
