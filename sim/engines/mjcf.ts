/**
 * A world as MuJoCo's model file (MJCF): floor, walls, the robot and the bodies, with the sizes, masses and frictions of
 * their specs.
 *
 * MuJoCo combines the frictions of two geoms by their maximum; here another body's counts by the mean of both and the
 * floor's not at all. So only the floor is met by MuJoCo's own rules, and every other contact is a pair of its own.
 * https://mujoco.readthedocs.io/en/stable/XMLreference.html
 */

import { wallBoxes, wallFriction } from "../contact/walls.ts";
import {
  type DiffDriveSpec,
  robotInertia,
  robotMass_kg,
  robotParts,
} from "../robots/diff-drive.ts";
import { height, prismCorners } from "../shape.ts";
import type { BodySpec, WorldSpec } from "../world.ts";

/** Two things that may touch, by their rows (0 is the robot; -1 a wall), in the order of the model's pairs. */
export interface ContactPair {
  readonly a: number;
  readonly b: number;
}

export interface MujocoModelText {
  readonly xml: string;
  /** What each of the model's contact pairs joins. */
  readonly pairs: readonly ContactPair[];
}

/** Elliptic cones and `impratio` keep friction from creeping and from depending on the direction. */
const options = 'cone="elliptic" impratio="10"';
/** The floor meets geoms of the second bit, which do not meet each other. */
const meetsFloor = 'contype="2" conaffinity="1"';
const meetsNothing = 'contype="0" conaffinity="0"';

/**
 * The model of one environment, stepped by `step_s`. The robot is the first moving body: its coordinates are x, y and
 * yaw. The dynamic bodies follow in their order with a free joint each; fixed bodies are mocap bodies, in their order.
 */
export function worldModel(spec: WorldSpec, step_s: number): MujocoModelText {
  const pairs = contactPairs(spec);
  const xml = `<mujoco model="understudy">
  <option timestep="${step_s}" ${options}><flag autoreset="disable"/></option>
  <asset>${spec.bodies.map(meshOf).join("")}</asset>
  <worldbody>
    <geom name="floor" type="plane" size="50 50 1" friction="0" contype="1" conaffinity="2"/>
    ${wallGeoms(spec.arenaSide_m).join("\n    ")}
    ${robotBody(spec.robot)}
    ${spec.bodies.map(bodyOf).join("\n    ")}
  </worldbody>
  <contact>
    ${pairs.map(({ xml }) => xml).join("\n    ")}
  </contact>
</mujoco>`;
  return { xml, pairs: pairs.map(({ a, b }) => ({ a, b })) };
}

/** Friction of a contact between things of these frictions. */
export function pairFriction(a: number, b: number): number {
  return (a + b) / 2;
}

/** The row that stands for the walls. */
export const wallRow = -1;

function robotBody(spec: DiffDriveSpec): string {
  const [x, y, z] = robotInertia(spec);
  // it cannot roll or pitch; moments about x and y only have to make a possible body
  const level = Math.max(x, y, z / 2);
  const parts = robotParts(spec).map(
    ({ half_m, centre_m }, i) =>
      `<geom name="0/${i}" type="box" size="${half_m.join(" ")}" pos="${centre_m.join(" ")}" ${meetsNothing}/>`,
  );
  return `<body pos="0 0 ${spec.base_m[2] / 2}">
      <joint type="slide" axis="1 0 0"/><joint type="slide" axis="0 1 0"/><joint type="hinge" axis="0 0 1"/>
      <inertial pos="0 0 0" mass="${robotMass_kg(spec)}" diaginertia="${level} ${level} ${z}"/>
      ${parts.join("")}
    </body>`;
}

function bodyOf({ shape, mass_kg, friction, motion }: BodySpec, i: number): string {
  const row = i + 1;
  const kind = motion === "fixed" ? ' mocap="true"' : "";
  const joint = motion === "fixed" ? "" : "<freejoint/>";
  return `<body pos="${row} 0 ${height(shape) / 2}"${kind}>${joint}
      <geom name="${row}/0" ${geomOf(shape, row)} mass="${mass_kg}" friction="${friction}" ${meetsFloor}/>
    </body>`;
}

function geomOf(shape: BodySpec["shape"], row: number): string {
  if (shape.kind === "box") {
    return `type="box" size="${shape.size_m.map((edge) => edge / 2).join(" ")}"`;
  }
  if (shape.kind === "cylinder") {
    return `type="cylinder" size="${shape.diameter_m / 2} ${shape.height_m / 2}"`;
  }
  return `type="mesh" mesh="prism ${row}"`;
}

/** The hull of a prism's corners; nothing for shapes that MuJoCo has itself. */
function meshOf({ shape }: BodySpec, i: number): string {
  if (shape.kind !== "prism") return "";
  const half = shape.height_m / 2;
  const corners = prismCorners(shape.side_m).flatMap(([x, y]) => [x, y, -half, x, y, half]);
  return `<mesh name="prism ${i + 1}" vertex="${corners.join(" ")}"/>`;
}

function wallGeoms(side_m: number): string[] {
  return wallBoxes(side_m).map(
    ({ half_m, centre_m }, i) =>
      `<geom name="-1/${i}" type="box" size="${half_m.join(" ")}" pos="${centre_m.join(" ")}" ${meetsNothing}/>`,
  );
}

/** All that may touch besides the floor: the robot, the bodies and the walls, unless neither of two can move. */
function contactPairs({ robot, bodies }: WorldSpec): (ContactPair & { xml: string })[] {
  const things = [
    { row: wallRow, parts: 4, friction: wallFriction, moves: false },
    { row: 0, parts: robotParts(robot).length, friction: robot.friction, moves: true },
    ...bodies.map(({ friction, motion }, i) => ({
      row: i + 1,
      parts: 1,
      friction,
      moves: motion === "dynamic",
    })),
  ];
  const pairs: (ContactPair & { xml: string })[] = [];
  for (const [i, one] of things.entries()) {
    for (const other of things.slice(i + 1)) {
      if (!one.moves && !other.moves) continue;
      const mu = pairFriction(one.friction, other.friction);
      for (let p = 0; p < one.parts * other.parts; p++) {
        const geoms = `geom1="${one.row}/${p % one.parts}" geom2="${other.row}/${Math.floor(p / one.parts)}"`;
        const xml = `<pair ${geoms} condim="3" friction="${mu} ${mu} 0.005 0.0001 0.0001"/>`;
        pairs.push({ a: one.row, b: other.row, xml });
      }
    }
  }
  return pairs;
}
