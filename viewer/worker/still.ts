/** A world that is never stepped: its bodies stand where a frame says, for cameras and targets. */

import { createRng } from "../../core/rng.ts";
import { settingsOf } from "../../core/settings.ts";
import { COLOURS, type Eyes, IMAGE, openEyes } from "../../sim/eyes.ts";
import { Ground } from "../../sim/ground.ts";
import { roleNames } from "../../sim/observations.ts";
import { exact } from "../../sim/randomization.ts";
import { ideal } from "../../sim/render/sensor.ts";
import type { AssembledScene, PlanarPose } from "../../sim/scene.ts";
import { findScene } from "../../sim/scenes/index.ts";
import { bodyState, World } from "../../sim/world.ts";
import type { SceneSketch, Sight } from "../messages.ts";
import { type Frame, POSE } from "../tape.ts";
import { Witness } from "./witness.ts";

export class Still {
  readonly #scene: AssembledScene;
  readonly #world: World;
  readonly #ground: Ground;
  /** Sees the bodies alone, as the student does. */
  readonly #student: Eyes;
  /** Sees the room as well. */
  readonly #visitor: Eyes;
  readonly #witness: Witness;

  private constructor(scene: AssembledScene, world: World, student: Eyes, visitor: Eyes) {
    this.#scene = scene;
    this.#world = world;
    this.#ground = new Ground(world);
    this.#student = student;
    this.#visitor = visitor;
    this.#witness = new Witness(scene, world);
    for (const eyes of [student, visitor]) eyes.begin(0, createRng(0), exact);
  }

  static async open(scene: AssembledScene): Promise<Still> {
    const { robot, bodies, arenaSide_m } = scene.cast;
    const { physicsStep_s } = scene.timing;
    const world = new World(
      { robot, bodies, arenaSide_m, physicsStep_s, contact: "planar", substeps: 1 },
      1,
    );
    const roles = roleNames(scene);
    const student = await openEyes(world, scene, { roles });
    const visitor = await openEyes(world, scene, { roles: [], room: true });
    return new Still(scene, world, student, visitor);
  }

  /** Where the active object of a stage belongs while the bodies stand at `poses`. */
  target(poses: Float32Array, stage: number): PlanarPose | undefined {
    this.#place(poses);
    return this.#scene.target(this.#ground, this.#stage(stage));
  }

  /**
   * What the robot's camera shows of a frame, in new arrays.
   *
   * @param given the student's own image [R, H, W], shown in the place of a new one
   */
  look(index: number, frame: Frame, noise: boolean, given: Float32Array | undefined): Sight {
    this.#place(frame.poses);
    for (const eyes of [this.#student, this.#visitor]) {
      eyes.renderer.setSensor(noise ? this.#scene.cast.robot.camera.sensor : ideal);
      eyes.assignRoles(0, this.#scene.roles[this.#stage(frame.stage)]);
      eyes.look();
    }
    const { renderer } = this.#visitor;
    renderer.render({ depth: true, rgba: true }, 0, 1, Uint32Array.of(index));
    const asGiven = given !== undefined && noise;
    return {
      frame: index,
      width: IMAGE.width,
      height: IMAGE.height,
      layers: (asGiven ? given : this.#student.layers).slice(),
      depth_m: renderer.depth_m.slice(),
      rgba: renderer.rgba.slice(),
      asGiven,
      keypoints: this.#witness.keypoints(this.#stage(frame.stage), frame.target),
    };
  }

  free(): void {
    this.#world.free();
  }

  #stage(stage: number): number {
    return Math.min(stage, this.#scene.stages.length - 1);
  }

  #place(poses: Float32Array): void {
    const { states } = this.#world;
    for (let body = 0; body * POSE < poses.length; body++) {
      states.set(poses.subarray(body * POSE, (body + 1) * POSE), body * bodyState.size);
    }
  }
}

/** What the page has to know to draw the scene. */
export function sketchOf(
  scene: AssembledScene,
  terms: readonly string[],
  config: SceneSketch["config"],
): SceneSketch {
  const { summary, config: schema } = findScene(scene.name);
  const { robot, bodies, arenaSide_m } = scene.cast;
  return {
    name: scene.name,
    summary,
    arenaSide_m,
    controlStep_s: scene.timing.controlStep_s,
    robot,
    bodies: bodies.map(({ name, shape }, i) => ({
      name,
      shape,
      rgb: COLOURS[i % COLOURS.length],
    })),
    stages: scene.stages.map(({ name, budgetSteps }, i) => ({
      name,
      budgetSteps,
      roles: scene.roles[i],
    })),
    layers: roleNames(scene),
    terms,
    settings: settingsOf(schema),
    config,
  };
}
