/** One episode that is run here and now, kept as it goes, and run again where its world has to change. */

import { Ground } from "../../sim/ground.ts";
import { type GroupName, roleNames } from "../../sim/observations.ts";
import {
  type AssembledScene,
  assembleScene,
  type PlanarPose,
  type Scene,
} from "../../sim/scene.ts";
import { type EpisodeEnd, SceneBatch } from "../../sim/scene-batch.ts";
import { findScene } from "../../sim/scenes/index.ts";
import { type Disturbance, undisturbed } from "../messages.ts";
import { type Belief, blankFrame, type Frame, POSE, Tape } from "../tape.ts";
import { imageBeliefs, placed } from "./beliefs.ts";
import type { Action, Driver } from "./drivers.ts";
import { Meter } from "./metered.ts";
import { discRadius_m, freePlace, withObstacles } from "./obstacles.ts";
import { Still } from "./still.ts";

/** Images kept for looking back, in frames. */
const IMAGES = 300;

export interface LiveOptions {
  readonly scene: string;
  /** The scene's settings; its defaults unless given. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly seed: number;
  /** Number of the start, as `understudy evaluate` counts them. */
  readonly start: number;
  readonly disturbance?: Disturbance;
  /** Observation groups that a driver reads beside the student's. */
  readonly groups?: readonly string[];
}

/** What happened to an episode, in order: enough to run it again. */
type Event =
  | { readonly kind: "step"; readonly action: Action }
  | { readonly kind: "place"; readonly body: number; readonly pose: PlanarPose }
  | { readonly kind: "properties"; readonly disturbance: Disturbance };

export class LiveEpisode {
  readonly still: Still;
  readonly tape: Tape;
  readonly terms: readonly string[];
  readonly #options: LiveOptions;
  readonly #batch: SceneBatch;
  readonly #meter: Meter;
  readonly #ground: Ground;
  readonly #events: Event[] = [];
  /** The student's images by frame. */
  readonly #images = new Map<number, Float32Array>();
  readonly #roles: readonly string[];
  /** Where the newest images put each role. */
  #sighted: readonly Belief[] = [];
  /** What the driver believed when it acted last; undefined where it does not say. */
  #told: readonly Belief[] | undefined;
  #disturbance: Disturbance;
  /** Mass and friction of the bodies as the episode's start drew them. */
  #drawn: readonly ReturnType<SceneBatch["world"]["propertiesOf"]>[] = [];
  #final: Frame | undefined;
  #end: EpisodeEnd | undefined;

  private constructor(options: LiveOptions, batch: SceneBatch, meter: Meter, still: Still) {
    this.#options = options;
    this.#disturbance = options.disturbance ?? undisturbed;
    this.#batch = batch;
    this.#meter = meter;
    this.terms = meter.names;
    this.still = still;
    this.#ground = new Ground(batch.world);
    this.#roles = roleNames(batch.scene);
    this.tape = new Tape(batch.scene.timing.controlStep_s);
  }

  static async open(options: LiveOptions): Promise<LiveEpisode> {
    const episode = await LiveEpisode.#make(options);
    const { disturbance = undisturbed } = options;
    if (disturbance.friction !== undefined || disturbance.mass !== undefined) {
      episode.#apply({ kind: "properties", disturbance });
    }
    episode.#placeObstacles(0);
    return episode;
  }

  /** Extra obstacles still wait outside. */
  static async #make(options: LiveOptions): Promise<LiveEpisode> {
    const { seed, start, config = {}, disturbance = undisturbed } = options;
    let ending = () => {};
    const scene = findScene(options.scene);
    const meter = new Meter();
    const assemble = (input: unknown) =>
      meter.overhear(withObstacles(scene.assemble(input), disturbance.obstacles));
    const batch = await SceneBatch.create({
      scene: { ...scene, assemble },
      config,
      envs: 1,
      firstEnv: start,
      seed,
      purpose: "evaluation",
      groups: groupsOf(options),
      ...sensorOf(disturbance, scene, config),
      onEnd: () => ending(),
    });
    const episode = new LiveEpisode(options, batch, meter, await Still.open(batch.scene));
    // the batch begins the next episode by itself, so the last frame is taken in between
    ending = () => {
      episode.#final ??= episode.#frame();
    };
    batch.reset();
    episode.#drawn = batch.scene.cast.bodies.map((_, i) => batch.world.propertiesOf(0, i + 1));
    episode.#keep(episode.#frame(), true);
    return episode;
  }

  get scene(): AssembledScene {
    return this.#batch.scene;
  }

  /** What the scene was assembled from. */
  get config(): Readonly<Record<string, unknown>> {
    return this.#options.config ?? {};
  }

  /** How it ended; undefined while it runs. */
  get end(): EpisodeEnd | undefined {
    return this.#end;
  }

  get newest(): Frame {
    return this.tape.frames[this.tape.frames.length - 1];
  }

  /** Whether the world as it was made gives all that a driver reads. */
  gives(groups: readonly string[]): boolean {
    return groups.every((group) => group in this.#batch.groups);
  }

  /** The image that the student was given at a frame, where it is still kept. */
  imageOf(frame: number): Float32Array | undefined {
    return this.#images.get(frame);
  }

  /** One control step; nothing once the episode has ended. Returns the new frame. */
  async step(driver: Driver): Promise<Frame | undefined> {
    if (this.#end) return undefined;
    const { groups, scene } = this.#batch;
    const stage = this.#stage();
    const target = this.#batch.targetOf(0);
    const action = await driver.act({ scene, ground: this.#ground, stage, target, groups });
    this.#believe(driver);
    this.#apply({ kind: "step", action });
    return this.newest;
  }

  /** Puts a body elsewhere, at rest, as near to the pose as the others allow. */
  place(body: number, pose: PlanarPose): Frame {
    if (!this.#end) this.#apply({ kind: "place", body, pose: this.#cleared(body, pose) });
    return this.newest;
  }

  /** Changes friction and mass from here on; what else a disturbance has is `reopened` for. */
  setProperties(disturbance: Disturbance): void {
    this.#disturbance = disturbance;
    if (!this.#end) this.#apply({ kind: "properties", disturbance });
  }

  /** The same episode up to now in a world with other obstacles, another camera or more groups; this one is freed. */
  async reopened(disturbance: Disturbance, groups: readonly string[]): Promise<LiveEpisode> {
    const options = { ...this.#options, disturbance, groups };
    const again = await LiveEpisode.#make(options);
    const bodies = again.scene.cast.bodies.length;
    for (const event of this.#events) {
      if (event.kind !== "place" || event.body <= bodies) again.#apply(event);
    }
    again.#placeObstacles(this.#disturbance.obstacles);
    again.#believeAs(this);
    this.free();
    return again;
  }

  /** Runs recorded actions, [T, 2]. */
  replay(actions: Float32Array): void {
    for (let at = 0; at < actions.length && !this.#end; at += 2) {
      this.#apply({ kind: "step", action: [actions[at], actions[at + 1]] });
    }
  }

  free(): void {
    this.#batch.free();
    this.still.free();
  }

  /** The newest frame is the one that the driver has just acted on: what it believed belongs there. */
  #believe(driver: Driver): void {
    const beliefs = driver.beliefs();
    this.#told = beliefs && placed(beliefs, this.newest.poses);
    const { frames } = this.tape;
    frames[frames.length - 1] = { ...this.newest, beliefs: this.#told ?? this.#sighted };
  }

  /** What was believed at the time, by a driver that is not asked again. */
  #believeAs(other: LiveEpisode): void {
    const { frames } = this.tape;
    for (const [t, { beliefs }] of other.tape.frames.entries()) {
      if (frames[t]) frames[t] = { ...frames[t], beliefs };
    }
    this.#told = other.#told;
  }

  #apply(event: Event): void {
    this.#events.push(event);
    const { world } = this.#batch;
    switch (event.kind) {
      case "step":
        this.#step(event.action);
        break;
      case "place": {
        const { x_m, y_m, yaw_rad } = event.pose;
        world.place(0, event.body, x_m, y_m, yaw_rad);
        this.tape.frames[this.tape.frames.length - 1] = this.#moved();
        break;
      }
      case "properties":
        this.scene.cast.bodies.forEach(({ mass_kg, friction }, i) => {
          const { disturbance } = event;
          world.setProperties(0, i + 1, {
            ...this.#drawn[i],
            ...(disturbance.mass === undefined ? {} : { mass_kg: mass_kg * disturbance.mass }),
            ...(disturbance.friction === undefined
              ? {}
              : { friction: friction * disturbance.friction }),
          });
        });
    }
  }

  #step(action: Action): void {
    const stageBefore = this.#batch.stageOf(0);
    this.#batch.step(Float32Array.from(action));
    const reward = this.#batch.rewards[0];
    this.#end = this.#batch.ends[0];
    const completed = this.#end
      ? this.#end.stagesDone > stageBefore
      : this.#batch.stageOf(0) > stageBefore;
    const frame = this.#final ?? this.#frame();
    this.#keep({ ...frame, action, reward, completed, paid: this.#meter.take(reward) }, !this.#end);
  }

  /** Where an obstacle is in the way: between the active object and where it belongs, or near the object. */
  #placeObstacles(from: number): void {
    const { obstacles } = this.#options.disturbance ?? undisturbed;
    const first = this.scene.cast.bodies.length - obstacles + 1;
    for (let i = from; i < obstacles; i++) {
      const { active } = this.scene.roles[this.#stage()];
      const target = this.#batch.targetOf(0);
      const x_m = this.#ground.x_m(active);
      const y_m = this.#ground.y_m(active);
      const wanted = {
        x_m: target ? (x_m + target.x_m) / 2 : x_m / 2,
        y_m: target ? (y_m + target.y_m) / 2 : y_m / 2,
        yaw_rad: 0,
      };
      const body = first + i;
      this.#apply({ kind: "place", body, pose: this.#cleared(body, wanted) });
    }
  }

  #cleared(body: number, pose: PlanarPose): PlanarPose {
    const rows = [...this.#batch.world.bodies.keys()].filter((row) => row !== body);
    const others = rows.map((row) => ({
      x_m: this.#ground.x_m(row),
      y_m: this.#ground.y_m(row),
      radius_m: discRadius_m(this.scene, row),
    }));
    const radius_m = discRadius_m(this.scene, body);
    const { arenaSide_m } = this.scene.cast;
    return { ...freePlace(pose, radius_m, others, arenaSide_m), yaw_rad: pose.yaw_rad };
  }

  #stage(): number {
    return Math.min(this.#batch.stageOf(0), this.scene.stages.length - 1);
  }

  /** The newest frame after a body was moved by hand. */
  #moved(): Frame {
    const { poses, target } = this.#frame();
    return { ...this.newest, poses, target };
  }

  #frame(): Frame {
    const poses = new Float32Array(this.#batch.world.bodies.length * POSE);
    this.#batch.poses(0, poses);
    const stage = this.#stage();
    const target = this.#batch.targetOf(0);
    return { ...blankFrame, poses, stage, target };
  }

  #keep(frame: Frame, withImage: boolean): void {
    const index = this.tape.frames.length;
    const image = this.#batch.groups.layers;
    const { controlStep_s } = this.tape;
    // an ended episode's last image is already the next episode's first
    if (withImage) {
      this.#sighted = imageBeliefs(
        this.#sighted,
        this.#roles,
        image,
        this.#batch.scene.cast.robot.camera,
        frame.poses,
        controlStep_s,
      );
    }
    // what the driver believes now is known once it has acted
    this.tape.frames.push({ ...frame, beliefs: this.#told ?? this.#sighted });
    if (withImage) this.#images.set(index, image.slice());
    this.#images.delete(index - IMAGES);
  }
}

/** The student's groups and what else the driver reads; the batch refuses a name that no scene knows. */
function groupsOf({ groups = [] }: LiveOptions): GroupName[] {
  return [...new Set(["layers", "proprioception", ...groups])] as GroupName[];
}

function sensorOf({ noise }: Disturbance, scene: Scene, config: unknown) {
  if (noise === 1) return {};
  const own = assembleScene(scene, config).cast.robot.camera.sensor;
  const { sigmaInverseDepth, stepInverseDepth } = own;
  const sensor = {
    ...own,
    sigmaInverseDepth: sigmaInverseDepth * noise,
    stepInverseDepth: stepInverseDepth * noise,
  };
  return { sensor };
}
