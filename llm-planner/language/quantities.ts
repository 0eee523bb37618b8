/** What can be asked of a scene: the named quantities, with their units, costs and one-line meanings. */

import { yawDistance_rad } from "../../sim/ground.ts";
import { type Shape, symmetry_rad } from "../../sim/shape.ts";
import { gap_m, type Outline, placeOutline } from "./footprint.ts";
import { pairIndex, type Rows, type Situation, thing } from "./situation.ts";
import { metre, metrePerSecond, none, radian, radianPerSecond, type Unit } from "./units.ts";

/** Numbers, or conditions as 1 and 0; NaN is "not known". */
export type Evaluate = (situation: Readonly<Situation>) => number;

/** What quantities need to know of a scene besides the situation. */
export interface Surroundings {
  readonly rows: Rows;
  /** Shape of a body; undefined of the robot, and of what is none, such as the target. */
  readonly shapeOf: (row: number) => Shape | undefined;
  /** Footprint of a row of the world. */
  readonly outlineOf: (row: number) => Outline;
  readonly arenaSide_m: number;
}

/** What a quantity may be asked of: any thing, a body (not the target), a body or the walls, a body but the robot. */
export type Takes = "thing" | "body" | "body or walls" | "object";

export interface Quantity {
  readonly name: string;
  readonly takes: readonly Takes[];
  readonly unit: Unit | "condition";
  readonly meaning: string;
  /** About how many multiplications it takes. */
  readonly cost: number;
  readonly compile: (things: readonly number[], around: Surroundings) => Evaluate;
}

const { x_m: X, y_m: Y, yaw_rad: YAW, speed_mps: SPEED, turnRate_radps: TURN } = thing.at;

/** Position of `b` in the frame of `a`. */
function relative(a: number, b: number, axis: "ahead" | "left"): Evaluate {
  const [from, to] = [a * thing.size, b * thing.size];
  return ({ things }) => {
    const dx = things[to + X] - things[from + X];
    const dy = things[to + Y] - things[from + Y];
    const c = Math.cos(things[from + YAW]);
    const s = Math.sin(things[from + YAW]);
    return axis === "ahead" ? c * dx + s * dy : c * dy - s * dx;
  };
}

export const quantities: readonly Quantity[] = [
  {
    name: "distance",
    takes: ["thing", "thing"],
    unit: metre,
    meaning: "between the centres of two things",
    cost: 4,
    compile([a, b]) {
      const [from, to] = [a * thing.size, b * thing.size];
      return ({ things }) =>
        Math.hypot(things[to + X] - things[from + X], things[to + Y] - things[from + Y]);
    },
  },
  {
    name: "clearance",
    takes: ["body", "body or walls"],
    unit: metre,
    meaning: "gap between the outlines of two bodies, or of a body and the nearest wall",
    cost: 60,
    compile: ([a, b], around) => (b === around.rows.walls ? wallGap(a, around) : gap(a, b, around)),
  },
  {
    name: "ahead",
    takes: ["thing", "thing"],
    unit: metre,
    meaning: "how far the second thing is in front of the first, along the first one's x axis",
    cost: 8,
    compile: ([a, b]) => relative(a, b, "ahead"),
  },
  {
    name: "left",
    takes: ["thing", "thing"],
    unit: metre,
    meaning: "how far the second thing is to the left of the first, along the first one's y axis",
    cost: 8,
    compile: ([a, b]) => relative(a, b, "left"),
  },
  {
    name: "bearing",
    takes: ["thing", "thing"],
    unit: radian,
    meaning: "direction of the second thing seen from the first: 0 ahead, positive to the left",
    cost: 20,
    compile([a, b]) {
      const [ahead, left] = [relative(a, b, "ahead"), relative(a, b, "left")];
      return (situation) => Math.atan2(left(situation), ahead(situation));
    },
  },
  {
    name: "yaw_error",
    takes: ["body", "thing"],
    unit: radian,
    meaning:
      "angle between the headings of two things, modulo the symmetry of the first one's shape",
    cost: 4,
    compile([a, b], around) {
      const shape = around.shapeOf(a);
      const symmetry = shape ? symmetry_rad(shape) : 2 * Math.PI;
      const [from, to] = [a * thing.size, b * thing.size];
      return ({ things }) => yawDistance_rad(things[from + YAW], things[to + YAW], symmetry);
    },
  },
  {
    name: "speed",
    takes: ["body"],
    unit: metrePerSecond,
    meaning: "of a body's centre",
    cost: 1,
    compile([a]) {
      const at = a * thing.size + SPEED;
      return ({ things }) => things[at];
    },
  },
  {
    name: "turn_rate",
    takes: ["body"],
    unit: radianPerSecond,
    meaning: "of a body, positive to the left",
    cost: 1,
    compile([a]) {
      const at = a * thing.size + TURN;
      return ({ things }) => things[at];
    },
  },
  {
    name: "visible",
    takes: ["object"],
    unit: "condition",
    meaning: "whether the robot's camera sees the body's centre, nothing in between",
    cost: 60,
    compile:
      ([a]) =>
      ({ visible }) =>
        visible[a],
  },
  {
    name: "contact",
    takes: ["body", "body or walls"],
    unit: "condition",
    meaning: "whether two bodies, or a body and a wall, touched in the last control step",
    cost: 5,
    compile([a, b], { rows }) {
      const at = pairIndex(rows, a, b);
      return ({ touching }) => touching[at];
    },
  },
  {
    name: "detour",
    takes: [],
    unit: metre,
    meaning:
      "how much longer than straight the active object's way to its target is, around others",
    cost: 40,
    compile: () => (situation) => situation.detour_m,
  },
  {
    name: "behind",
    takes: [],
    unit: none,
    meaning: "1 where the robot stands behind the active object on its way, -1 in front of it",
    cost: 40,
    compile: () => (situation) => situation.behind,
  },
];

/** `distance(a, b)`: m, between the centres of two things. */
export function describeQuantity({ name, takes, unit }: Quantity): string {
  return `${name}(${["a", "b"].slice(0, takes.length).join(", ")})${unit === "condition" ? "?" : ""}`;
}

function gap(a: number, b: number, around: Surroundings): Evaluate {
  const outlines = [around.outlineOf(a), around.outlineOf(b)];
  const placed = outlines.map((outline) => new Float64Array(outline.length * 2));
  const rows = [a * thing.size, b * thing.size];
  return ({ things }) => {
    for (let i = 0; i < 2; i++) {
      const at = rows[i];
      placeOutline(outlines[i], things[at + X], things[at + Y], things[at + YAW], placed[i]);
    }
    return gap_m(placed[0], placed[1]);
  };
}

/** The walls stand around a square about the origin; unknown where poses are not in the world frame. */
function wallGap(a: number, around: Surroundings): Evaluate {
  const outline = around.outlineOf(a);
  const placed = new Float64Array(outline.length * 2);
  const at = a * thing.size;
  return ({ things, inWorld }) => {
    placeOutline(outline, things[at + X], things[at + Y], things[at + YAW], placed);
    let farthest = 0;
    for (const coordinate of placed) farthest = Math.max(farthest, Math.abs(coordinate));
    return inWorld * Math.max(0, around.arenaSide_m / 2 - farthest);
  };
}
