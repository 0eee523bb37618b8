/** The cameras of all environments: poses in, one inverse-depth image a role out. */

import { multiply, type Quat, rotate, yaw } from "../core/frames.ts";
import type { Rng } from "../core/rng.ts";
import { type SightingCamera, Sightings } from "../core/sightings.ts";
import type { CameraMount } from "./camera.ts";
import { MAX_DELAY_STEPS, type Randomization } from "./randomization.ts";
import { PoseHistory } from "./render/latency.ts";
import { baseFromOptical, type PrimitiveSpec, writePose, writePrimitive } from "./render/pack.ts";
import { createRenderer } from "./render/renderer.ts";
import {
  NO_ROLE,
  primitive,
  type Renderer,
  type SensorSpec,
  view as viewColumns,
} from "./render/types.ts";
import { robotParts } from "./robots/diff-drive.ts";
import type { AssembledScene, Roles } from "./scene.ts";
import type { Shape } from "./shape.ts";
import { bodyState, type PhysicsWorld } from "./world.ts";

/** Pixels of the student's images. */
export const IMAGE = { width: 64, height: 64 } as const;

/** Instance ids: the room, then the robot and the bodies in the order of their rows. */
export const ROOM_ID = 1;
export const idOf = (body: number) => body + 2;

export interface EyesOptions {
  readonly roles: readonly string[];
  /** The camera's unless given. */
  readonly sensor?: SensorSpec;
  /** The robot's own unless given. */
  readonly camera?: CameraMount;
  /** Draw floor and walls too; role layers do not need them. */
  readonly room?: boolean;
}

/** Opens the cameras of every environment of `world`. */
export async function openEyes(
  world: PhysicsWorld,
  scene: AssembledScene,
  options: EyesOptions,
): Promise<Eyes> {
  const { camera = scene.cast.robot.camera, room = false } = options;
  const renderer = await createRenderer({
    camera: { ...IMAGE, horizontalFov_rad: camera.horizontalFov_rad },
    maxViews: world.envs,
    maxPrimitives: scene.cast.bodies.length + robotParts(scene.cast.robot).length + (room ? 1 : 0),
    roles: options.roles.length,
  });
  renderer.setSensor(options.sensor ?? camera.sensor);
  return new Eyes(world, scene, renderer, options);
}

export class Eyes {
  readonly world: PhysicsWorld;
  readonly renderer: Renderer;
  readonly #scene: AssembledScene;
  readonly #mount: CameraMount;
  readonly #roles: readonly string[];
  /** Primitives that follow a body: which one, and where they sit on it. */
  readonly #parts: readonly { body: number; centre_m: readonly [number, number, number] }[];
  readonly #history: PoseHistory;
  readonly #delay: Uint8Array;
  readonly #error: Float32Array;
  readonly #seeds: Uint32Array;
  readonly #sightings: Sightings;

  constructor(
    world: PhysicsWorld,
    scene: AssembledScene,
    renderer: Renderer,
    options: EyesOptions,
  ) {
    this.world = world;
    this.renderer = renderer;
    this.#scene = scene;
    this.#mount = options.camera ?? scene.cast.robot.camera;
    this.#roles = options.roles;
    const robot = robotParts(scene.cast.robot);
    this.#parts = [
      ...robot.map(({ centre_m }) => ({ body: 0, centre_m })),
      ...scene.cast.bodies.map((_, i) => ({ body: i + 1, centre_m: [0, 0, 0] as const })),
    ];
    const bodies = scene.cast.bodies.length;
    this.#history = new PoseHistory(renderer, MAX_DELAY_STEPS);
    this.#delay = new Uint8Array(world.envs);
    this.#error = new Float32Array(world.envs * 3);
    this.#seeds = new Uint32Array(world.envs);
    this.#sightings = new Sightings(sightingCamera(this.#mount), bodies);
    for (let env = 0; env < world.envs; env++) this.#furnish(env, options.room ?? false);
  }

  /** [N, R, H, W] inverse depth in 1/m, 0 where a role is not seen; reused by `look`. */
  get layers(): Float32Array {
    return this.renderer.layers;
  }

  /** Numbers of one environment's image. */
  get rowSize(): number {
    return this.#roles.length * IMAGE.width * IMAGE.height;
  }

  /** A new episode: draws the errors of the camera and forgets the past. */
  begin(env: number, rng: Rng, randomization: Randomization): void {
    const { cameraHeight_m, cameraPitch_deg, cameraYaw_deg, imageDelaySteps } = randomization;
    const degrees = Math.PI / 180;
    this.#error[env * 3] = rng.uniform(...cameraHeight_m);
    this.#error[env * 3 + 1] = rng.uniform(...cameraPitch_deg) * degrees;
    this.#error[env * 3 + 2] = rng.uniform(...cameraYaw_deg) * degrees;
    const [low, high] = imageDelaySteps;
    this.#delay[env] = Math.min(high, Math.floor(rng.uniform(low, high + 1)));
    this.#seeds[env] = Math.floor(rng.next() * 0x1_0000_0000);
    this.#history.forget(env);
  }

  /** Says which body is seen in which layer. */
  assignRoles(env: number, { active, anchor, obstacles }: Roles): void {
    const { roleOfId } = this.renderer;
    roleOfId.fill(NO_ROLE, env * 256, (env + 1) * 256);
    const assign = (body: number, role: string) => {
      const layer = this.#roles.indexOf(role);
      if (layer >= 0) roleOfId[env * 256 + idOf(body)] = layer;
    };
    for (const body of obstacles) assign(body, "obstacle");
    if (anchor !== undefined) assign(anchor, "anchor");
    assign(active, "active");
  }

  /**
   * Renders every environment's role layers, as late as its camera is.
   * @param sighted is told what each image says of where the bodies are, thing i being body i + 1, right after it is drawn and
   * while it is at hand for the processor; what it is given is reused for the next one
   */
  look(sighted?: (env: number, sightings: Sightings) => void): void {
    const { envs } = this.world;
    for (let env = 0; env < envs; env++) this.#takePoses(env);
    this.#history.recall(this.#delay);
    if (!sighted) {
      this.renderer.render({ layers: true }, 0, envs, this.#seeds);
      return;
    }
    for (let env = 0; env < envs; env++) this.#renderSighted(env, sighted);
  }

  /** The same for one environment alone. */
  lookIn(env: number, sighted?: (env: number, sightings: Sightings) => void): void {
    this.#takePoses(env);
    this.#history.recallView(env, this.#delay[env]);
    if (sighted) this.#renderSighted(env, sighted);
    else this.renderer.render({ layers: true }, env, 1, this.#seeds);
  }

  #renderSighted(env: number, sighted: (env: number, sightings: Sightings) => void): void {
    this.renderer.render({ layers: true, id: true }, env, 1, this.#seeds);
    sighted(env, this.#sightingsIn(env));
  }

  /** Takes in where an environment's bodies and camera are now. */
  #takePoses(env: number): void {
    this.#placeParts(env);
    this.#placeCamera(env);
    this.#history.push(env);
    this.#seeds[env] = (this.#seeds[env] + 0x9e3779b9) >>> 0;
  }

  #sightingsIn(env: number): Sightings {
    const { ids, layers } = this.renderer;
    const pixels = IMAGE.width * IMAGE.height;
    const count = this.#roles.length;
    this.#sightings.look(ids, env * pixels, idOf(1), layers, env * this.rowSize, count);
    return this.#sightings;
  }

  /** Renders the same moment once more, after roles were assigned anew. */
  lookAgain(): void {
    this.renderer.render({ layers: true }, 0, this.world.envs, this.#seeds);
  }

  #furnish(env: number, room: boolean): void {
    const { primitives, counts, maxPrimitives } = this.renderer;
    const { cast } = this.#scene;
    const specs: PrimitiveSpec[] = [
      ...robotParts(cast.robot).map(
        ({ half_m }): PrimitiveSpec => ({
          kind: "box",
          id: idOf(0),
          size: half_m,
          rgb: [0.2, 0.2, 0.25],
        }),
      ),
      ...cast.bodies.map(({ shape }, i) => primitiveOf(shape, idOf(i + 1), COLOURS[i % 6])),
    ];
    if (room) {
      const half = cast.arenaSide_m / 2;
      specs.push({ kind: "room", id: ROOM_ID, size: [half, half, 1], position: [0, 0, 1] });
    }
    specs.forEach((spec, i) => {
      writePrimitive(primitives, (env * maxPrimitives + i) * primitive.size, spec);
    });
    counts[env] = specs.length;
    const tanHalfX = Math.tan(this.#mount.horizontalFov_rad / 2);
    const at = env * viewColumns.size;
    const columns = viewColumns.at;
    this.renderer.views[at + columns.tanHalfX] = tanHalfX;
    this.renderer.views[at + columns.tanHalfY] = Math.tan(this.#mount.verticalFov_rad / 2);
    this.renderer.views[at + columns.near_m] = 0.02;
    this.renderer.views[at + columns.far_m] = 20;
    this.renderer.views[at + columns.noise] = 1;
  }

  #placeParts(env: number): void {
    const { primitives, maxPrimitives } = this.renderer;
    const { states: poses } = this.world;
    const bodies = this.world.bodies.length;
    for (let i = 0; i < this.#parts.length; i++) {
      const { body, centre_m } = this.#parts[i];
      const p = (env * bodies + body) * bodyState.size;
      const q: Quat = [poses[p + 3], poses[p + 4], poses[p + 5], poses[p + 6]];
      const [x, y, z] = body === 0 ? rotate(q, centre_m) : centre_m;
      writePose(
        primitives,
        (env * maxPrimitives + i) * primitive.size,
        poses[p] + x,
        poses[p + 1] + y,
        poses[p + 2] + z,
        ...q,
      );
    }
  }

  #placeCamera(env: number): void {
    const { states: poses } = this.world;
    const p = env * this.world.bodies.length * bodyState.size;
    const [height_m, pitch_rad, yaw_rad] = this.#error.subarray(env * 3, env * 3 + 3);
    const heading = Math.atan2(
      2 * (poses[p + 6] * poses[p + 5] + poses[p + 3] * poses[p + 4]),
      1 - 2 * (poses[p + 4] ** 2 + poses[p + 5] ** 2),
    );
    const half = (this.#mount.pitch_rad + pitch_rad) / 2;
    const pitch: Quat = [0, Math.sin(half), 0, Math.cos(half)];
    const rotation = multiply(multiply(yaw(heading + yaw_rad), pitch), baseFromOptical);
    writePose(
      this.renderer.views,
      env * viewColumns.size,
      poses[p] + this.#mount.x_m * Math.cos(heading),
      poses[p + 1] + this.#mount.x_m * Math.sin(heading),
      this.#mount.z_m + height_m,
      ...rotation,
    );
  }
}

/** The camera where it is meant to sit: a robot does not know how far off it is. */
function sightingCamera(mount: CameraMount): SightingCamera {
  return {
    ...IMAGE,
    ...mount,
    tanHalfX: Math.tan(mount.horizontalFov_rad / 2),
    tanHalfY: Math.tan(mount.verticalFov_rad / 2),
  };
}

/** Colours of the bodies, by row: anchor, then objects. */
export const COLOURS: readonly (readonly [r: number, g: number, b: number])[] = [
  [0.2, 0.4, 0.85],
  [0.85, 0.25, 0.2],
  [0.2, 0.65, 0.35],
  [0.9, 0.7, 0.2],
  [0.55, 0.35, 0.75],
  [0.5, 0.4, 0.3],
];

/** What people call `COLOURS`, in the same order. */
export const colourNames = ["blue", "red", "green", "yellow", "purple", "brown"] as const;

export function primitiveOf(
  shape: Shape,
  id: number,
  rgb: readonly [number, number, number],
): PrimitiveSpec {
  switch (shape.kind) {
    case "box": {
      const [x, y, z] = shape.size_m;
      return { kind: "box", id, rgb, size: [x / 2, y / 2, z / 2] };
    }
    case "cylinder":
      return { kind: "cylinder", id, rgb, size: [shape.diameter_m / 2, shape.height_m / 2] };
    case "prism":
      return { kind: "prism", id, rgb, size: [shape.side_m / Math.sqrt(3), shape.height_m / 2] };
  }
}
