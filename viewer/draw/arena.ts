/** Floor, grid, walls and light. */

import * as three from "three";
import { SUN } from "./shadows.ts";

/** Colours of the surroundings, which follow the page's theme. */
export interface Theme {
  readonly sky: string;
  readonly floor: string;
  readonly grid: string;
  readonly wall: string;
}

/** How high the walls are drawn: low, so that one can look in. */
const WALL_m = 0.06;
const THICK_m = 0.03;
const GRID_m = 0.25;

export function arena(side_m: number, theme: Theme): three.Group {
  const group = new three.Group();
  const floor = new three.Mesh(
    new three.PlaneGeometry(side_m, side_m),
    new three.MeshLambertMaterial({ color: theme.floor }),
  );
  group.add(floor, grid(side_m, theme), ...walls(side_m, theme));
  return group;
}

function grid(side_m: number, theme: Theme): three.LineSegments {
  const half = side_m / 2;
  const points: number[] = [];
  for (let k = -Math.floor(half / GRID_m); k * GRID_m <= half; k++) {
    const at = k * GRID_m;
    points.push(at, -half, 0.001, at, half, 0.001, -half, at, 0.001, half, at, 0.001);
  }
  const geometry = new three.BufferGeometry();
  geometry.setAttribute("position", new three.Float32BufferAttribute(points, 3));
  return new three.LineSegments(geometry, new three.LineBasicMaterial({ color: theme.grid }));
}

function walls(side_m: number, theme: Theme): three.Mesh[] {
  const material = new three.MeshLambertMaterial({ color: theme.wall });
  const far = (side_m + THICK_m) / 2;
  const long = side_m + 2 * THICK_m;
  return [
    [far, 0],
    [-far, 0],
    [0, far],
    [0, -far],
  ].map(([x, y]) => {
    const size: [number, number] = x === 0 ? [long, THICK_m] : [THICK_m, long];
    const wall = new three.Mesh(new three.BoxGeometry(...size, WALL_m), material);
    wall.position.set(x, y, WALL_m / 2);
    return wall;
  });
}

/** Daylight from the sky, and the sun. */
export function lights(): three.Object3D[] {
  const sky = new three.HemisphereLight(0xffffff, 0xb8b2a6, 1.7);
  sky.position.set(0, 0, 1);
  const sun = new three.DirectionalLight(0xfff8ee, 2);
  sun.position.copy(SUN);
  return [sky, sun];
}
