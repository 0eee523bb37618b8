/**
 * N environments of one scene in one world, stepped together and reset on their own.
 *
 * Randomness of an episode comes from its environment's global number and its count alone, so a run
 * is the same however many workers share the environments.
 */

import type { Axes } from "../core/arrays.ts";
import { parseConfig } from "../core/config.ts";
import { ConfigError, ShapeError } from "../core/errors.ts";
import type { Rng } from "../core/rng.ts";
import type { Sightings } from "../core/sightings.ts";
import { termNames } from "../credit/stage.ts";
import { ActionDelay } from "./action-delay.ts";
import { checkBatch } from "./batch-checks.ts";
import { type EngineName, openWorld } from "./engines/open.ts";
import {
  createMemory,
  drawInto,
  type EnvMemory,
  type EpisodeEnd,
  endOf,
  headingError_rad,
  misalign,
  type StartShares,
} from "./env-memory.ts";
import { episodeStream, type Purpose } from "./episode-streams.ts";
import { type Eyes, openEyes } from "./eyes.ts";
import { FailureStarts } from "./failure-starts.ts";
import { Ground } from "./ground.ts";
import { GroupWriter, type Situation, type VectorGroup } from "./groups.ts";
import { divergence, unfitTarget, unfitTerm } from "./not-finite.ts";
import type { GroupName } from "./observations.ts";
import { physicsStepsIn } from "./physics-steps.ts";
import { type Randomization, randomization } from "./randomization.ts";
import type { SensorSpec } from "./render/types.ts";
import { roleNames } from "./roles.ts";
import { type AssembledScene, assembleScene, type PlanarPose, type Scene } from "./scene.ts";
import { isFinitePose } from "./scene-checks.ts";
import { bodyState, type ContactMode, type PhysicsWorld } from "./world.ts";

export type { EpisodeEnd } from "./env-memory.ts";

export interface SceneBatchOptions {
  readonly scene: Scene;
  /** Settings of the scene that are not as it has them by itself. */
  readonly config?: unknown;
  readonly envs: number;
  /** Global number of the first environment, when a batch is a part of a larger one. */
  readonly firstEnv?: number;
  /**
   * With `purpose`, the environment's number and the episode's it decides a start; `reset(0)` begins the first episodes again;
   * for another seed make another batch. 32 bits count.
   */
  readonly seed: number;
  /** Training and evaluation never share a start: their random streams differ. */
  readonly purpose: Purpose;
  readonly groups: readonly GroupName[];
  /** "planar" unless given. */
  readonly contact?: ContactMode;
  /** Who simulates; another engine than Rapier has contacts of its own, and no contact mode. */
  readonly engine?: EngineName;
  /** The defaults of `randomization` unless given; `exact` for none. `randomization.parse({ massScale: [1, 1] })` changes some. */
  readonly randomization?: Randomization;
  /** What the depth in `layers` passes through: the sensor of the robot's camera unless given; `ideal` for none. */
  readonly sensor?: SensorSpec;
  /** Whether `finalGroups` has images, too, one more look an episode; left out unless given. */
  readonly finalImages?: boolean;
  /** Called with the row of an environment whose episode has just ended, before the next one begins. */
  readonly onEnd?: (env: number) => void;
  /** Keeps the report of a diverged simulation and returns where; see rollout/diverged.ts. */
  readonly saveReport?: (report: string) => string;
}

const FULL_STARTS: StartShares = { practiceShare: 0, failureShare: 0, stageShare: 0 };

export class SceneBatch {
  readonly scene: AssembledScene;
  readonly envs: number;
  readonly world: PhysicsWorld;
  readonly termNames: readonly string[];
  /** Current observations, one array [N, row] per requested group, see `GroupName`; reused by the next step. */
  readonly groups: Readonly<Record<string, Float32Array>>;
  /** Columns (or, for images, pixels) of one row of each group. */
  readonly rowSizes: Readonly<Record<string, number>>;
  /** What ended episodes saw last; only rows with a boundary mean something. Images only with `finalImages`. */
  readonly finalGroups: Readonly<Record<string, Float32Array>>;
  readonly rewards: Axes<"N">;
  /** 0 where an episode terminated, 1 elsewhere, time-outs included. */
  readonly discounts: Axes<"N">;
  /** 1 where an episode ended in this step and the observation already belongs to the next one. */
  readonly boundaries: Axes<"N">;
  /** Episodes that ended in this step. */
  readonly ends: EpisodeEnd[] = [];
  readonly #options: SceneBatchOptions;
  readonly #randomization: Randomization;
  readonly #ground: Ground;
  readonly #writer: GroupWriter;
  readonly #eyes: Eyes | undefined;
  readonly #envs: readonly EnvMemory[];
  readonly #actions: ActionDelay;
  readonly #vectorGroups: readonly VectorGroup[];
  readonly #failures: FailureStarts;
  #isFreed = false;
  // where the episodes to come begin; evaluation has full starts only
  /** Share that begins close to the goal. */
  practiceShare = 0;
  /** Share of the others that begins where an earlier one was about to fail. */
  failureShare = 0;
  /** Share of what is then left that begins at a stage drawn evenly from all. */
  stageShare = 0;

  private constructor(
    options: SceneBatchOptions & { readonly randomization: Randomization },
    scene: AssembledScene,
    world: PhysicsWorld,
    eyes: Eyes | undefined,
  ) {
    const { envs } = options;
    this.#options = options;
    this.scene = scene;
    this.envs = envs;
    this.#randomization = options.randomization;
    this.world = world;
    this.#ground = new Ground(this.world);
    const { keypointNoise_m } = this.#randomization;
    this.#writer = new GroupWriter(scene, options.groups, envs, keypointNoise_m);
    this.#eyes = eyes;
    this.termNames = termNames(scene.stages);
    this.#failures = new FailureStarts(envs);
    this.#envs = Array.from({ length: envs }, () => createMemory(scene));
    const { maxSpeed_mps, maxTurnRate_radps } = scene.cast.robot;
    this.#actions = new ActionDelay(envs, [maxSpeed_mps, maxTurnRate_radps]);
    this.rewards = new Float32Array(envs);
    this.discounts = new Float32Array(envs).fill(1);
    this.boundaries = new Float32Array(envs);
    this.#vectorGroups = options.groups.filter((group) => group !== "layers");
    this.rowSizes = Object.fromEntries(
      options.groups.map((group) => [
        group,
        group === "layers" ? (eyes?.rowSize ?? 0) : this.#writer.rowSizeOf(group),
      ]),
    );
    const rows = (group: string) => new Float32Array(envs * this.rowSizes[group]);
    this.finalGroups = {
      ...Object.fromEntries(this.#vectorGroups.map((group) => [group, rows(group)])),
      ...(eyes && options.finalImages ? { layers: rows("layers") } : {}),
    };
    this.groups = {
      ...Object.fromEntries(this.#vectorGroups.map((group) => [group, rows(group)])),
      ...(eyes ? { layers: eyes.layers } : {}),
    };
  }

  /** @throws ConfigError for a seed that is none, and for settings, names, a randomization or observation groups that there are not */
  static async create(given: SceneBatchOptions): Promise<SceneBatch> {
    const { scene, config, groups } = given;
    checkBatch(given);
    const options = {
      ...given,
      randomization: parseConfig(randomization, given.randomization ?? {}, "randomization"),
    };
    const assembled = assembleScene(scene, config);
    const world = await worldOf(assembled, options);
    if (!groups.includes("layers")) return new SceneBatch(options, assembled, world, undefined);
    const { sensor } = options;
    const roles = roleNames(assembled);
    try {
      const eyes = await openEyes(world, assembled, { roles, ...(sensor ? { sensor } : {}) });
      return new SceneBatch(options, assembled, world, eyes);
    } catch (error) {
      world.free();
      throw error;
    }
  }

  /**
   * Starts a new episode everywhere: the next one, or number `episode`, and then nothing of what went before matters to what
   * comes after.
   *
   * @throws ConfigError where `episode` is no whole number from 0, or the batch was freed
   */
  reset(episode?: number): void {
    this.#refuseFreed();
    if (episode !== undefined && !(Number.isInteger(episode) && episode >= 0)) {
      throw new ConfigError(`Expected the number of an episode, 0 or more, got ${episode}.`);
    }
    this.#failures.abandon();
    if (episode !== undefined) this.#failures.clear();
    this.ends.length = 0;
    this.boundaries.fill(0);
    this.discounts.fill(1);
    this.rewards.fill(0);
    for (let env = 0; env < this.envs; env++) this.#begin(env, episode);
    this.#look();
  }

  /**
   * One control step everywhere.
   *
   * @param actions [N, 2] forward, turn; clamped to [-1, 1]
   * @throws ShapeError where there are not as many, or one is not finite; nothing has moved then. ConfigError before the first reset, and
   *   after the batch was freed
   */
  step(actions: Axes<"N,A">): void {
    this.#refuseFreed();
    if (this.#envs[0].episode < 0) throw new ConfigError("Reset a batch before its first step.");
    this.#refuseUnfit(actions);
    this.ends.length = 0;
    for (let env = 0; env < this.envs; env++) {
      const [forward, turn] = [actions[env * 2], actions[env * 2 + 1]];
      this.#envs[env].actions.push(forward, turn);
      this.#actions.push(env, forward, turn);
    }
    this.world.step(this.#actions.commands);
    for (let env = 0; env < this.envs; env++) this.#settle(env);
    this.#look();
  }

  /** Poses of one environment's bodies, [B][7], for recordings; `out` is filled. */
  poses(env: number, out: Float32Array): void {
    const bodies = this.world.bodies.length;
    for (let body = 0; body < bodies; body++) {
      const at = (env * bodies + body) * bodyState.size;
      out.set(this.world.states.subarray(at, at + 7), body * 7);
    }
  }

  /** Looks again, for a scene whose roles or targets have changed in the middle of a stage. */
  lookAgain(): void {
    for (let env = 0; env < this.envs; env++) {
      this.#observe(env, this.groups);
      this.#eyes?.assignRoles(env, this.scene.roles[this.#envs[env].machine.index]);
    }
    this.#eyes?.lookAgain();
  }

  stageOf(env: number): number {
    return this.#envs[env].machine.index;
  }

  /** Where the active object of an environment's stage belongs, in the world frame. */
  targetOf(env: number): PlanarPose | undefined {
    const { machine, drawn } = this.#envs[env];
    const stage = Math.min(machine.index, machine.count - 1);
    this.#ground.env = env;
    const target = this.scene.target(this.#ground, stage, drawn.plan);
    if (target && !isFinitePose(target)) throw unfitTarget(this.scene, stage, target);
    return target;
  }

  free(): void {
    if (this.#isFreed) return;
    this.#isFreed = true;
    this.world.free();
  }

  #refuseFreed(): void {
    if (this.#isFreed) throw new ConfigError("The batch was freed. Create another one.");
  }

  /** Starts a new episode in one environment: number `episode`, or the next one. */
  #begin(env: number, episode = this.#envs[env].episode + 1): void {
    const memory = this.#envs[env];
    const { seed, purpose } = this.#options;
    const rng = episodeStream(seed, purpose, this.#numberOf(env), episode);
    memory.episode = episode;
    const { practiceShare, failureShare, stageShare } = this;
    const shares =
      purpose === "training" ? { practiceShare, failureShare, stageShare } : FULL_STARTS;
    drawInto(memory, this.scene, rng, shares, this.#failures);
    memory.drawn.poses.forEach((pose, body) => {
      this.world.place(env, body, pose.x_m, pose.y_m, pose.yaw_rad);
    });
    this.#randomize(env, rng.split("physics"));
    this.#eyes?.begin(env, rng.split("camera"), this.#randomization);
    const sensing = rng.split("sensing");
    memory.sensing = Object.fromEntries(
      this.#vectorGroups.map((group) => [group, sensing.split(group)]),
    );
    memory.leaving = rng.split("leaving");
    misalign(memory, this.#randomization, rng.split("heading"));
    const { firstStage, stages, plan } = memory.drawn;
    memory.machine.reset(firstStage, stages);
    this.#ground.env = env;
    this.#ground.markStart(memory.goesOn?.starts);
    this.#writer.begin(this.#ground, rng.split("recalling"), memory.goesOn?.recollection);
    memory.x_m = this.#ground.x_m(0);
    memory.y_m = this.#ground.y_m(0);
    this.scene.measure(this.#ground, firstStage, [0, 0], memory.now, plan);
    this.#observe(env, this.groups);
    this.#eyes?.assignRoles(env, this.scene.roles[firstStage]);
  }

  #refuseUnfit(actions: Axes<"N,A">): void {
    if (actions.length !== this.envs * 2) {
      throw new ShapeError(
        `Expected 2 actions for each of ${this.envs} environments, got ${actions.length} in all.`,
      );
    }
    const unfit = actions.findIndex((action) => !Number.isFinite(action));
    if (unfit < 0) return;
    const env = Math.floor(unfit / 2);
    throw new ShapeError(
      `Expected finite actions, but environment ${this.#numberOf(env)} was given [${actions.subarray(env * 2, env * 2 + 2).join(", ")}]. Where a network acts, its weights may be finite no longer.`,
    );
  }

  /** Number of an environment among those of the whole roll-out. */
  #numberOf(env: number): number {
    return (this.#options.firstEnv ?? 0) + env;
  }

  /** Takes the images of all cameras, and in what they show. */
  #look(): void {
    this.#eyes?.look(this.#rememberIn(this.groups));
  }

  /** Takes in what a camera shows, and writes down what is remembered by then; not without such a memory. */
  #rememberIn({ lastSeen }: Readonly<Record<string, Float32Array>>) {
    if (!lastSeen) return undefined;
    return (env: number, sightings: Sightings) => {
      this.#writer.sight(env, sightings);
      const start = env * this.rowSizes.lastSeen;
      this.#writer.write("lastSeen", this.#ground, this.#situationOf(env), lastSeen, start);
    };
  }

  #keepFinalImage(env: number): void {
    const { layers } = this.finalGroups;
    if (!layers || !this.#eyes) return;
    this.#eyes.lookIn(env, this.#rememberIn(this.finalGroups));
    const [first, last] = [env * this.rowSizes.layers, (env + 1) * this.rowSizes.layers];
    layers.set(this.#eyes.layers.subarray(first, last), first);
  }

  /**
   * Reward, end of episode and observation of one environment after a step. The step belongs to the stage that it was made in,
   * and a failure in it counts, whatever else it has brought about.
   */
  #settle(env: number): void {
    const memory = this.#envs[env];
    const { machine } = memory;
    this.#ground.env = env;
    if (!this.#finite(env)) throw divergence(this.#options, this.#numberOf(env), memory);
    this.#measure(env);
    this.#writer.advance(this.#ground, ...this.#actions.newestCommand(env));
    const failure = this.scene.failure(this.#ground, machine.index, memory.drawn.plan);
    const outcome = machine.advance(memory.before, memory.now, failure !== undefined);
    const charge = failure === undefined ? 0 : machine.fail(this.scene.failurePenalty);
    const reward = outcome.reward + charge;
    if (!Number.isFinite(reward)) throw unfitTerm(this.scene.name, this.termNames, memory);
    memory.steps++;
    memory.return += reward;
    this.rewards[env] = reward;
    const terminated = outcome.finished || failure !== undefined;
    const ended = terminated || outcome.timedOut;
    this.discounts[env] = terminated ? 0 : 1;
    this.boundaries[env] = ended ? 1 : 0;
    if (!ended) {
      if (outcome.completed) this.#enterStage(env);
      if (this.#holdsMoments(memory)) this.#hold(env);
      this.#observe(env, this.groups);
      return;
    }
    this.#observe(env, this.finalGroups);
    this.#keepFinalImage(env);
    const kind = outcome.finished ? "success" : (failure ?? "timed out");
    this.ends.push(endOf(memory, this.#numberOf(env), kind));
    const failed = kind !== "success" && memory.goesOn === undefined;
    this.#failures.end(env, failed ? memory.steps : undefined, memory.leaving);
    this.#options.onEnd?.(env);
    this.#begin(env);
  }

  /** Episodes that went on from a failure leave no moments: they would lead ever closer to where nothing helps. */
  #holdsMoments({ steps, goesOn }: EnvMemory): boolean {
    return this.failureShare > 0 && goesOn === undefined && this.#failures.isDue(steps);
  }

  /** Keeps in mind where an environment stands, should its episode fail soon. */
  #hold(env: number): void {
    const { machine, drawn, steps } = this.#envs[env];
    const poses = this.world.bodies.map((_, body) => this.#ground.pose(body));
    const episode = { ...drawn, poses, firstStage: machine.index };
    const { starts } = this.#ground;
    const recollection = this.#writer.remembered(env);
    this.#failures.hold(env, steps, { episode, starts, recollection });
  }

  /** The next stage is measured by its own roles, so that its first step pays for no jump. */
  #enterStage(env: number): void {
    const { machine, now, drawn } = this.#envs[env];
    const action = this.#actions.newest(env);
    this.scene.measure(this.#ground, machine.index, action, now, drawn.plan);
    this.#eyes?.assignRoles(env, this.scene.roles[machine.index]);
  }

  #measure(env: number): void {
    const memory = this.#envs[env];
    const swap = memory.before;
    memory.before = memory.now;
    memory.now = swap;
    const { machine, now, drawn } = memory;
    const action = this.#actions.newest(env);
    this.scene.measure(this.#ground, machine.index, action, now, drawn.plan);
    const x = this.#ground.x_m(0);
    const y = this.#ground.y_m(0);
    memory.pathLength_m += Math.hypot(x - memory.x_m, y - memory.y_m);
    memory.x_m = x;
    memory.y_m = y;
  }

  #observe(env: number, into: Readonly<Record<string, Float32Array>>): void {
    const situation = this.#situationOf(env);
    for (const group of this.#vectorGroups) {
      const start = env * this.rowSizes[group];
      this.#writer.write(group, this.#ground, situation, into[group], start);
    }
  }

  /** Looks at an environment. */
  #situationOf(env: number): Situation {
    const memory = this.#envs[env];
    const { machine } = memory;
    const stage = Math.min(machine.index, machine.count - 1);
    this.#ground.env = env;
    return {
      roles: this.scene.roles[stage],
      target: this.targetOf(env),
      progress: {
        stage,
        remaining: machine.count - stage,
        reached: machine.reached,
        elapsed: machine.elapsedSteps / this.scene.stages[stage].budgetSteps,
        action: this.#actions.newest(env),
      },
      headingError_rad: headingError_rad(memory, this.scene.timing.controlStep_s),
      sensing: memory.sensing,
    };
  }

  #randomize(env: number, rng: Rng): void {
    const { massScale, frictionScale, support, actionDelaySteps } = this.#randomization;
    this.scene.cast.bodies.forEach((body, i) => {
      this.world.setProperties(env, i + 1, {
        mass_kg: body.mass_kg * rng.uniform(...massScale),
        friction: body.friction * rng.uniform(...frictionScale),
        support: rng.uniform(...support),
      });
    });
    const [low, high] = actionDelaySteps;
    this.#actions.begin(env, Math.min(high, Math.floor(rng.uniform(low, high + 1))));
  }

  #finite(env: number): boolean {
    const size = this.world.bodies.length * bodyState.size;
    let sum = 0;
    for (let i = env * size; i < (env + 1) * size; i++) sum += this.world.states[i];
    return Number.isFinite(sum);
  }
}

function worldOf(
  scene: AssembledScene,
  { envs, engine, contact = "planar" }: SceneBatchOptions,
): Promise<PhysicsWorld> {
  const { robot, bodies, arenaSide_m } = scene.cast;
  const { physicsStep_s, controlStep_s } = scene.timing;
  const hint = `change "timing" of scene "${scene.name}"`;
  const substeps = physicsStepsIn(controlStep_s, physicsStep_s, hint);
  const { watch } = scene;
  const spec = { robot, bodies, arenaSide_m, contact, physicsStep_s, substeps, watch };
  return openWorld(spec, envs, engine);
}
