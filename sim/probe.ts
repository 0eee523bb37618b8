/** One object pushed by a ball at constant speed: the experiment that tells whether a contact mode pushes right. */

import { ConfigError } from "../core/errors.ts";
import { type ContactMode, ContactWorld } from "./contact/contact-world.ts";
import { physicsStepsIn } from "./physics-steps.ts";
import { rapier } from "./rapier.ts";
import { footprintRadius_m, type PushableName, pushable } from "./shape.ts";

export interface PushProbe {
  readonly shape: PushableName;
  /** Side, or diameter, and height. */
  readonly side_m: number;
  readonly mass_kg: number;
  /** Between the object and the floor, and the object and the ball. */
  readonly friction: number;
  /** How far to the left (+y) of the object's centre the ball pushes. */
  readonly offset_m: number;
  /** Speed of the ball along +x. */
  readonly speed_mps: number;
  readonly pusherRadius_m: number;
  readonly seconds: number;
  readonly physicsStep_s: number;
  readonly contact: ContactMode;
}

/** Pose of the object; it starts at zero. */
export interface ProbeRow {
  readonly t_s: number;
  readonly x_m: number;
  readonly y_m: number;
  readonly yaw_rad: number;
}

/** The case of the fixture `test/fixtures/push-public.json`, in the step that training takes. */
export const defaultPushProbe: PushProbe = {
  shape: "cube",
  side_m: 0.1,
  mass_kg: 0.2,
  friction: 0.5,
  offset_m: 0.02,
  speed_mps: 0.2,
  pusherRadius_m: 0.03,
  seconds: 1,
  physicsStep_s: 1 / 60,
  contact: "planar",
};

const rowsPerSecond = 10;

/**
 * Pushes one object and reports its pose ten times a second.
 *
 * The ball starts with a gap of 1 cm, its centre at x = -(side / 2 + radius + 0.01), y = offset, z = side / 2.
 */
export function probePush(probe: PushProbe): { readonly rows: ProbeRow[] } {
  const stepsPerRow = check(probe);
  const world = new ContactWorld(probe.contact, probe.physicsStep_s);
  try {
    const { mass_kg, friction } = probe;
    const shape = pushable(probe.shape, probe.side_m);
    const object = world.addBody(
      { name: "object", shape, mass_kg, friction, motion: "dynamic" },
      0,
    );
    addPusher(world, probe);
    const rows: ProbeRow[] = [];
    let yaw_rad = 0;
    for (let row = 1; row <= Math.round(probe.seconds * rowsPerSecond); row++) {
      for (let i = 0; i < stepsPerRow; i++) world.step();
      const { floats, starts, at } = world.memory;
      const p = starts[object] + at.position;
      const [x, y, z, w] = floats.subarray(
        starts[object] + at.rotation,
        starts[object] + at.rotation + 4,
      );
      yaw_rad = continued(Math.atan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z)), yaw_rad);
      rows.push({ t_s: row / rowsPerSecond, x_m: floats[p], y_m: floats[p + 1], yaw_rad });
    }
    return { rows };
  } finally {
    world.free();
  }
}

/** A ball whose speed nothing changes. */
function addPusher({ world }: ContactWorld, probe: PushProbe): void {
  const { side_m, pusherRadius_m, offset_m, speed_mps, friction } = probe;
  const body = world.createRigidBody(
    rapier.RigidBodyDesc.kinematicVelocityBased()
      .setTranslation(-(side_m / 2 + pusherRadius_m + 0.01), offset_m, side_m / 2)
      .setLinvel(speed_mps, 0, 0),
  );
  world.createCollider(rapier.ColliderDesc.ball(pusherRadius_m).setFriction(friction), body);
}

/** The angle equal to `angle` up to full turns that is nearest to `before`. */
function continued(angle: number, before: number): number {
  return angle + 2 * Math.PI * Math.round((before - angle) / (2 * Math.PI));
}

/** Checks the numbers; returns physics steps per row. */
function check(probe: PushProbe): number {
  const positive = ["side_m", "mass_kg", "pusherRadius_m", "seconds", "physicsStep_s"] as const;
  for (const name of positive) {
    if (!(probe[name] > 0 && Number.isFinite(probe[name]))) {
      throw new ConfigError(`Expected "${name}" above 0, got ${probe[name]}.`);
    }
  }
  for (const name of ["friction", "speed_mps"] as const) {
    if (!(probe[name] >= 0 && Number.isFinite(probe[name]))) {
      throw new ConfigError(`Expected "${name}" of at least 0, got ${probe[name]}.`);
    }
  }
  const { offset_m, pusherRadius_m } = probe;
  const meets_m = pusherRadius_m + footprintRadius_m(pushable(probe.shape, probe.side_m));
  if (!(Math.abs(offset_m) < meets_m)) {
    throw new ConfigError(
      `Expected "offset_m" within ${meets_m.toFixed(3)} m of the middle, or the ball passes by, got ${offset_m}.`,
    );
  }
  return physicsStepsIn(1 / rowsPerSecond, probe.physicsStep_s, "try 1/60 or 1/240");
}
