import { describe, expect, it } from "vitest";
import { createRng } from "../../core/rng.ts";
import { egoPushRobot, pusherReach_m } from "../../sim/robots/diff-drive.ts";
import { type PushableName, pushable } from "../../sim/shape.ts";
import { bodyState, World, type WorldSpec } from "../../sim/world.ts";

const modes = ["planar", "coulomb"] as const;

function arena(contact: (typeof modes)[number], shapes: readonly PushableName[] = []): WorldSpec {
  const bodies = shapes.map((shape) => ({
    name: shape,
    shape: pushable(shape),
    mass_kg: 0.5,
    friction: 0.5,
    motion: "dynamic" as const,
  }));
  const steps = { physicsStep_s: 1 / 60, substeps: 6 };
  return { robot: egoPushRobot, bodies, arenaSide_m: 3, contact, ...steps };
}

/** x, y, yaw, forward speed and yaw rate of a body of environment 0. */
function look(world: World, body = 0) {
  const at = body * bodyState.size;
  const state = (column: number) => world.states[at + column];
  const { position, orientation, linearVelocity, angularVelocity } = bodyState.at;
  const yaw_rad = 2 * Math.atan2(state(orientation + 2), state(orientation + 3));
  const [vx, vy] = [state(linearVelocity), state(linearVelocity + 1)];
  return {
    x_m: state(position),
    y_m: state(position + 1),
    yaw_rad,
    v_mps: vx * Math.cos(yaw_rad) + vy * Math.sin(yaw_rad),
    sideways_mps: vy * Math.cos(yaw_rad) - vx * Math.sin(yaw_rad),
    omega_radps: state(angularVelocity + 2),
  };
}

describe.each(modes)("the robot in a %s world", (contact) => {
  it("reaches 63 % of its speeds in the wheels' time, and then all", () => {
    const world = new World(arena(contact), 1);
    world.place(0, 0, 0, 0, 0);
    const commands = Float32Array.of(0.2, 1);
    world.step(commands);
    // 1 - 1/e
    expect(look(world).v_mps).toBeCloseTo(0.2 * 0.632, 3);
    expect(look(world).omega_radps).toBeCloseTo(0.632, 3);
    for (let t = 0; t < 10; t++) world.step(commands);
    expect(look(world).v_mps).toBeCloseTo(0.2, 3);
    expect(look(world).omega_radps).toBeCloseTo(1, 3);
    expect(Math.abs(look(world).sideways_mps)).toBeLessThan(0.01);
    world.free();
  });

  it("drives a circle of radius v / omega", () => {
    const world = new World(arena(contact), 1);
    world.place(0, 0, 0, 0, 0);
    const points: (readonly [number, number])[] = [];
    for (let t = 0; t < 90; t++) {
      world.step(Float32Array.of(0.3, 1));
      if (t > 20) points.push([look(world).x_m, look(world).y_m]);
    }
    const across = Math.max(...points.map(([x]) => x)) - Math.min(...points.map(([x]) => x));
    expect(across).toBeCloseTo(2 * 0.3, 1);
    world.free();
  });

  it("obeys no more than its limits", () => {
    const world = new World(arena(contact), 1);
    world.place(0, 0, -1, 0, 0);
    for (let t = 0; t < 10; t++) world.step(Float32Array.of(9, -50));
    expect(look(world).v_mps).toBeLessThanOrEqual(0.4 + 1e-3);
    expect(look(world).omega_radps).toBeCloseTo(-2.84, 2);
    world.free();
  });

  it("turns a box that it pushes off-centre, and moves it along", () => {
    const world = new World(arena(contact, ["cube"]), 1);
    world.place(0, 0, -1, 0, 0);
    world.place(0, 1, -0.7, 0.1, 0);
    for (let t = 0; t < 30; t++) world.step(Float32Array.of(0.3, 0));
    expect(look(world, 1).x_m).toBeGreaterThan(-0.6);
    expect(look(world, 1).yaw_rad).toBeGreaterThan(0.3);
    world.free();
  });

  it("pushes a box straight that stands flat against its face, even off-centre", () => {
    const world = new World(arena(contact, ["cube"]), 1);
    world.place(0, 0, -1, 0, 0);
    world.place(0, 1, -0.7, 0.03, 0);
    for (let t = 0; t < 30; t++) world.step(Float32Array.of(0.3, 0));
    // 0.9 m less 3 cm of speeding up, under a load of 2.5 N at 3 cm
    expect(look(world).x_m).toBeCloseTo(-0.13, 1);
    expect(Math.abs(look(world).yaw_rad)).toBeLessThan(0.06);
    expect(look(world, 1).yaw_rad).toBeCloseTo(look(world).yaw_rad, 1);
    world.free();
  });

  it("is stopped by a box against the wall, and does not sink into it", () => {
    for (const shape of ["cube", "cylinder", "prism"] as const) {
      const world = new World(arena(contact, [shape]), 1);
      world.place(0, 0, 0.9, 0, 0);
      world.place(0, 1, 1.35, 0, 0);
      // pressed for four seconds; later, what is round may slip out to the side
      for (let t = 0; t < 40; t++) world.step(Float32Array.of(0.4, 0));
      const { x_m, y_m } = look(world, 1);
      expect(Math.abs(y_m)).toBeLessThan(0.05);
      // half a cube, the cylinder's radius, or a prism's vertex (15 / √3 cm) or side (15 / 2√3 cm) from the wall
      const thin_m = shape === "prism" ? 0.0433 : 0.075;
      expect(1.5 - x_m).toBeGreaterThan(thin_m - 0.02);
      const gap_m = x_m - look(world).x_m - pusherReach_m(egoPushRobot);
      expect(gap_m).toBeGreaterThan(thin_m - 0.02);
      expect(Math.abs(look(world, 1).v_mps)).toBeLessThan(0.1);
      world.free();
    }
  });

  it("throws nothing out of the arena, whatever it does", () => {
    const shapes = ["cube", "cylinder", "prism", "cube", "prism"] as const;
    const envs = 15;
    const world = new World({ ...arena(contact, shapes), arenaSide_m: 1.2 }, envs);
    for (let env = 0; env < envs; env++) {
      world.place(env, 0, -0.4, 0, 0);
      for (let body = 1; body <= 5; body++) {
        world.place(env, body, 0.1 + 0.25 * (body % 2), -0.45 + 0.22 * (body - 1), 0);
      }
    }
    const rng = createRng(1);
    const commands = new Float32Array(2 * envs);
    let farthest_m = 0;
    let fastest_mps = 0;
    for (let t = 0; t < 200; t++) {
      for (let env = 0; env < envs && t % 10 === 0; env++) {
        commands[2 * env] = rng.uniform(-0.2, 0.4);
        commands[2 * env + 1] = rng.uniform(-2.84, 2.84);
      }
      world.step(commands);
      for (let at = 0; at < world.states.length; at += bodyState.size) {
        const [x, y] = world.states.subarray(at, at + 2);
        const [vx, vy] = world.states.subarray(at + bodyState.at.linearVelocity);
        farthest_m = Math.max(farthest_m, Math.abs(x), Math.abs(y));
        fastest_mps = Math.max(fastest_mps, Math.hypot(vx, vy));
      }
    }
    // a prism's centroid may come within 4.3 cm of the wall
    expect(farthest_m).toBeLessThan(0.6 - 0.0433 + 0.02);
    expect(fastest_mps).toBeLessThan(2);
    world.free();
  });
});
