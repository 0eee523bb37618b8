/** Against three's own projection: all corners of the square are in the picture, and one of them nearly at its edge. */

import { PerspectiveCamera, Vector3 } from "three";
import { expect, test } from "vitest";
import { frameSquare } from "../../viewer/draw/framing.ts";

const aside = new Vector3(-0.7, -0.28, 0.62).normalize();
const above = new Vector3(-1e-4, 0, 1).normalize();

test.each([
  ["a wide window, from aside", 2.4, 3, aside],
  ["a phone, from aside", 0.5, 3, aside],
  ["a small arena", 1.6, 2, aside],
  ["from above", 1.6, 3, above],
])("%s: the square fills the picture", (_, aspect, side_m, from) => {
  const camera = new PerspectiveCamera(38, aspect, 0.05, 80);
  camera.up.set(0, 0, 1);
  const { position, centre } = frameSquare(camera, side_m, from);
  camera.position.copy(position);
  camera.lookAt(centre);
  camera.updateMatrixWorld();
  const ends = [-side_m / 2, side_m / 2];
  const corners = ends.flatMap((x) => ends.map((y) => new Vector3(x, y, 0).project(camera)));
  const furthest = Math.max(...corners.flatMap(({ x, y }) => [Math.abs(x), Math.abs(y)]));
  expect(furthest).toBeCloseTo(0.96, 3);
});
