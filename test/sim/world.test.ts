import { describe, expect, it } from "vitest";
import { createRng, type Rng } from "../../core/rng.ts";
import { egoPushRobot } from "../../sim/robots/diff-drive.ts";
import { WALLS } from "../../sim/rows.ts";
import { pushable } from "../../sim/shape.ts";
import { type BodySpec, bodyState, World, type WorldSpec } from "../../sim/world.ts";

const modes = ["planar", "coulomb"] as const;
const shapes = ["cube", "cylinder", "prism", "cube", "cube", "prism"] as const;

/** A crowd in a small arena, where everything pushes everything. */
function crowded(contact: (typeof modes)[number]): WorldSpec {
  const bodies = shapes.map(
    (shape, i): BodySpec => ({
      name: `${shape} ${i}`,
      shape: pushable(shape),
      mass_kg: 0.4,
      friction: 0.5,
      motion: i === 3 ? "fixed" : "dynamic",
    }),
  );
  const watch = [
    [0, 1],
    [0, WALLS],
    [2, 1],
  ] as const;
  const steps = { physicsStep_s: 1 / 60, substeps: 6 };
  return { robot: egoPushRobot, bodies, arenaSide_m: 2, contact, watch, ...steps };
}

const episodeSteps = 40;

/** Starts an episode that its name alone decides. */
function begin(world: World, env: number, episode: string): Rng {
  const rng = createRng(7).split(episode);
  world.place(env, 0, -0.7, rng.uniform(-0.3, 0.3), rng.uniform(-0.2, 0.2));
  for (let body = 1; body < world.bodies.length; body++) {
    const x_m = -0.3 + 0.24 * ((body - 1) % 3) + rng.uniform(-0.02, 0.02);
    const y_m = -0.15 + 0.3 * Math.floor((body - 1) / 3) + rng.uniform(-0.02, 0.02);
    world.place(env, body, x_m, y_m, rng.uniform(0, 6));
    world.setProperties(env, body, {
      mass_kg: rng.uniform(0.3, 0.6),
      friction: rng.uniform(0.3, 0.7),
      support: rng.next(),
    });
  }
  return rng;
}

/** States after each step of environments `names` in one world; episodes of different environments start at different times. */
function run(spec: WorldSpec, names: readonly number[], steps: number): Float32Array[][] {
  const world = new World(spec, names.length);
  const rows = world.states.length / names.length;
  const commands = new Float32Array(2 * names.length);
  const rngs = names.map((name, env) => begin(world, env, `${name} / 0`));
  const states: Float32Array[][] = names.map(() => []);
  for (let t = 0; t < steps; t++) {
    for (const [env, name] of names.entries()) {
      const { episode, start } = episodeAt(name, t);
      if (start) rngs[env] = begin(world, env, `${name} / ${episode}`);
      commands[2 * env] = rngs[env].uniform(-0.1, 0.4);
      commands[2 * env + 1] = rngs[env].uniform(-1.5, 1.5);
    }
    world.step(commands);
    for (const env of names.keys()) {
      states[env].push(world.states.slice(env * rows, (env + 1) * rows));
    }
  }
  world.free();
  return states;
}

function episodeAt(name: number, t: number) {
  const since = t - 3 * (name % 7);
  return {
    episode: Math.max(0, Math.floor(since / episodeSteps)),
    start: since > 0 && since % episodeSteps === 0,
  };
}

describe.each(modes)("a %s world", (contact) => {
  const spec = crowded(contact);
  const names = Array.from({ length: 40 }, (_, i) => i);
  const together = run(spec, names, 200);

  it("moves an environment as it would alone, to the bit", () => {
    for (const name of [0, 13, 39]) {
      expect(run(spec, [name], 200)[0]).toEqual(together[name]);
    }
  });

  it("decides an episode by its start alone, to the bit", () => {
    for (const name of [0, 5, 13, 22, 39]) {
      for (const episode of [1, 2, 3]) {
        const first = 3 * (name % 7) + episode * episodeSteps;
        expect(alone(spec, `${name} / ${episode}`)).toEqual(
          together[name].slice(first, first + episodeSteps),
        );
      }
    }
  });

  it("keeps everything finite, inside the arena and on the floor", () => {
    const { position, orientation } = bodyState.at;
    const worst = { out_m: 0, lift_m: 0, tilt: 0 };
    for (const states of together.flat()) {
      for (let row = 0; row < states.length; row += bodyState.size) {
        const [x, y, z] = states.subarray(row + position);
        const [qx, qy] = states.subarray(row + orientation);
        worst.out_m = Math.max(worst.out_m, Math.abs(x), Math.abs(y));
        // the robot's origin is 3.5 mm lower than the others'
        worst.lift_m = Math.max(worst.lift_m, Math.abs(z - (row === 0 ? 0.0715 : 0.075)));
        worst.tilt = Math.max(worst.tilt, Math.hypot(qx, qy));
      }
    }
    expect(worst.out_m).toBeLessThan(1);
    expect(worst.lift_m).toBeLessThan(contact === "planar" ? 5e-4 : 0.03);
    expect(worst.tilt).toBeLessThan(contact === "planar" ? 1e-5 : 0.3);
  });
});

/** One episode in a new world. */
function alone(spec: WorldSpec, episode: string): Float32Array[] {
  const world = new World(spec, 1);
  const rng = begin(world, 0, episode);
  const states: Float32Array[] = [];
  for (let t = 0; t < episodeSteps; t++) {
    world.step(Float32Array.of(rng.uniform(-0.1, 0.4), rng.uniform(-1.5, 1.5)));
    states.push(world.states.slice());
  }
  world.free();
  return states;
}

describe("touched", () => {
  it.each(modes)("tells the robot's contacts with a box and with a wall (%s)", (contact) => {
    const world = new World(crowded(contact), 9);
    for (let env = 0; env < 9; env++) {
      for (let body = 1; body < 7; body++) world.place(env, body, -0.8 + 0.25 * body, -0.8, 0);
    }
    const env = 8;
    world.place(env, 0, 0, 0.5, 0);
    world.place(env, 1, 0.4, 0.5, 0);
    const forward = new Float32Array(18);
    forward[2 * env] = 0.4;
    const touches: boolean[] = [];
    for (let t = 0; t < 40; t++) {
      world.step(forward);
      touches.push(world.touched(env, 0, 1));
      // the box, 15 cm, reaches the wall first and keeps the robot off it
      expect(world.touched(env, WALLS, 0)).toBe(false);
    }
    // 18 cm to go at up to 0.4 m/s, of which 4 cm are lost in speeding up
    expect(touches.indexOf(true)).toBe(5);
    expect(touches.slice(-10)).toEqual(new Array(10).fill(true));
    expect(world.touched(0, 1, 0)).toBe(false);
    // an episode begins with no contact, whatever the last one ended with, and the others keep theirs
    world.place(0, 0, 0, 0.9, 0);
    expect(world.touched(env, 0, 1)).toBe(true);
    world.place(env, 0, 0.86, 0, 0);
    expect(world.touched(env, 0, 1)).toBe(false);
    world.step(new Float32Array(18));
    expect(world.touched(env, 0, WALLS)).toBe(true);
    expect(() => world.touched(env, 1, 5)).toThrow("is not watched");
    world.free();
  });
});

it("shows a placed body at once, and keeps the others where they are", () => {
  const world = new World(crowded("planar"), 2);
  begin(world, 1, "any");
  world.step(Float32Array.of(0, 0, 0.4, 0));
  const before = world.states.slice();
  world.place(1, 2, 0.5, -0.25, Math.PI / 2);
  const row = (1 * 7 + 2) * bodyState.size;
  expect([...world.states.slice(row, row + 2)]).toEqual([0.5, -0.25]);
  expect(world.states[row + bodyState.at.orientation + 2]).toBeCloseTo(Math.SQRT1_2, 6);
  world.states.set(before.slice(row, row + bodyState.size), row);
  expect(world.states).toEqual(before);
  world.free();
});

it("refuses specifications that cannot be simulated", () => {
  const spec = crowded("planar");
  expect(() => new World(spec, 0)).toThrow("Expected at least 1 environment, got 0.");
  expect(() => new World({ ...spec, substeps: 0 }, 1)).toThrow("at least 1 physics step");
  expect(() => new World({ ...spec, physicsStep_s: 1 }, 1)).toThrow("1/60 is usual");
});
