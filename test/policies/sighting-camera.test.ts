import { expect, it } from "vitest";
import { ConfigError } from "../../core/errors.ts";
import { sightingCameraOf } from "../../policies/sighting-camera.ts";
import { cameraOf } from "../../rollout/camera-spec.ts";
import { egoPushCamera } from "../../sim/camera.ts";

const spec = cameraOf(egoPushCamera, ["active"]);

it("has the angles and the mount that a manifest was made of", () => {
  const { x_m, z_m, pitch_rad, tanHalfX, tanHalfY } = sightingCameraOf(spec);
  expect([x_m, z_m]).toEqual([-0.03, 0.2]);
  expect(pitch_rad).toBeCloseTo((11.5 * Math.PI) / 180, 12);
  // of 69 degrees, and of a picture of 4:3
  expect(tanHalfX).toBeCloseTo(0.6873, 4);
  expect(tanHalfY).toBeCloseTo(0.5155, 4);
});

it.each([
  ["beside the middle", { position: [0, 0.05, 0.2], rotation: [-0.5, 0.5, -0.5, 0.5] }],
  // z ahead is the base's y, left
  ["turned to the left", { position: [0, 0, 0.2], rotation: [-Math.SQRT1_2, 0, 0, Math.SQRT1_2] }],
  ["upside down", { position: [0, 0, 0.2], rotation: [0.5, 0.5, 0.5, 0.5] }],
] as const)("refuses a camera %s", (_, { position, rotation }) => {
  const mount = { position: [...position], rotation: [...rotation] } as typeof spec.baseFromCamera;
  const sight = () => sightingCameraOf({ ...spec, baseFromCamera: mount });
  expect(sight).toThrow(ConfigError);
  expect(sight).toThrow("whose right is [0, -1, 0]");
});
