/** The scene in three dimensions: draws bodies where it is told, when something has changed. */

import * as three from "three";
import { OrbitControls } from "three/addons/controls/OrbitControls.js";
import { DeviceError } from "../../core/errors.ts";
import type { PlanarPose } from "../../sim/scene.ts";
import { height, pushable } from "../../sim/shape.ts";
import { bodyOfRole, type SceneSketch } from "../messages.ts";
import { type Belief, POSE } from "../tape.ts";
import { arena, lights, type Theme } from "./arena.ts";
import { dragBodies, type OnDrag, Wishes } from "./dragging.ts";
import { frameSquare } from "./framing.ts";
import { Handles } from "./handles.ts";
import { Labels, type Point } from "./labels.ts";
import { bodyMesh, colourOf, dispose, frustumLines, ghostMesh, robotMesh } from "./meshes.ts";
import { BeliefGhosts, type BeliefLook, KeypointBalls } from "./overlays.ts";
import { Shadows } from "./shadows.ts";

/** What is drawn beside the bodies. */
export interface Overlays {
  readonly frustum: boolean;
  readonly names: boolean;
  readonly keypoints: boolean;
  readonly beliefs: boolean;
}

export type Viewpoint = "overview" | "above" | "chase";

/** Directions from which the arena is looked at; straight down would leave no way that is up. */
const ASIDE = new three.Vector3(-0.7, -0.28, 0.62).normalize();
const ABOVE = new three.Vector3(-1e-4, 0, 1).normalize();

/** What a press of + leaves of the distance. */
const CLOSER = 0.85;

/** How high the names of the robot, of bodies and of what is believed float. */
const OVER_ROBOT_m = 0.17;
const OVER_BODY_m = 0.12;
const OVER_BELIEF_m = 0.19;

export class SceneView {
  readonly #canvas: HTMLCanvasElement;
  readonly #labels: Labels;
  readonly #renderer: three.WebGLRenderer;
  readonly #scene = new three.Scene();
  readonly #camera = new three.PerspectiveCamera(38, 1, 0.05, 80);
  readonly #controls: OrbitControls;
  readonly #handles: Handles;
  #sketch: SceneSketch | undefined;
  #surroundings = new three.Group();
  /** Row by row of the world; the robot is row 0. */
  #bodies: three.Group[] = [];
  #shadows = new Shadows([]);
  #frustum = new three.Group();
  /** Out of the scene, and not yet freed. */
  readonly #discarded: three.Object3D[] = [];
  /** By row: the ghost of a body, shown while it has a target. */
  #ghosts = new Map<number, three.Group>();
  readonly #keypoints = new KeypointBalls();
  readonly #beliefs = new BeliefGhosts();
  #overlays: Overlays = { frustum: false, names: false, keypoints: false, beliefs: false };
  #viewpoint: Viewpoint = "overview";
  /** Somebody has turned or moved the camera since the viewpoint was set. */
  #turned = false;
  /** The same before the pointer was pressed last. */
  #turnedBefore = false;
  #changed = true;
  readonly #resizing = new ResizeObserver(() => this.#resize());
  /** Bodies can be taken hold of. */
  movable = true;
  /** Called while a body is pulled by the pointer. */
  onDrag: OnDrag = () => {};
  /** Called when a body is pressed, or the floor beside them. */
  onSelect: (row: number | undefined) => void = () => {};

  /**
   * @param labels lies over the canvas; filled with the bodies' names
   * @throws DeviceError where the browser has no WebGL
   */
  constructor(canvas: HTMLCanvasElement, labels: HTMLElement) {
    this.#canvas = canvas;
    this.#labels = new Labels(labels);
    this.#renderer = createWebGl(canvas);
    this.#camera.up.set(0, 0, 1);
    this.#controls = new OrbitControls(this.#camera, canvas);
    this.#controls.maxPolarAngle = 1.5;
    this.#controls.minDistance = 0.4;
    this.#controls.maxDistance = 12;
    // with the Shift key the arrow keys turn the view; without, they drive the robot and must not move it as well
    this.#controls.keyPanSpeed = 0;
    this.#controls.listenToKeyEvents(canvas);
    canvas.addEventListener("keydown", ({ key }) => {
      const closer = { "+": CLOSER, "-": 1 / CLOSER }[key];
      if (closer !== undefined) this.#approach(closer);
    });
    this.#controls.addEventListener("change", () => this.invalidate());
    this.#controls.addEventListener("start", () => {
      this.#turnedBefore = this.#turned;
      this.#turned = true;
    });
    const wishes = new Wishes((body, pose) => this.onDrag(body, pose));
    this.#handles = new Handles(this.#camera, canvas, {
      drag: (body, pose) => wishes.wish(body, pose),
      holding: (held) => {
        this.#holding(held);
        if (!held) wishes.tell();
      },
      changed: () => this.invalidate(),
    });
    this.#scene.add(this.#keypoints.group, this.#beliefs.group, this.#handles.group);
    this.#resizing.observe(canvas);
    dragBodies(
      canvas,
      {
        camera: this.#camera,
        bodies: () => (this.movable ? this.#bodies : []),
        // what is inside of its own handles can be pulled all the same
        taken: (row) => this.#handles.pointed !== undefined && row !== this.#handles.row,
        holding: (held) => {
          this.#handles.enabled = !held;
          this.#holding(held);
        },
        select: (row) => this.onSelect(row),
      },
      wishes,
    );
  }

  /** Puts the handles to a body, or away. */
  select(row: number | undefined): void {
    this.#handles.select(row);
    this.#handles.follow(this.#bodies);
    this.invalidate();
  }

  /** Comes closer to what is looked at, or goes away: by a factor on the distance. */
  #approach(factor: number): void {
    const { target, minDistance, maxDistance } = this.#controls;
    const away = this.#camera.position.clone().sub(target);
    away.setLength(Math.min(maxDistance, Math.max(minDistance, factor * away.length())));
    this.#camera.position.copy(target).add(away);
    this.#turned = true;
    this.#controls.update();
    this.invalidate();
  }

  #holding(held: boolean): void {
    this.#controls.enabled = !held && this.#viewpoint !== "chase";
    // it was a body that was pressed, not the view
    if (held) this.#turned = this.#turnedBefore;
  }

  free(): void {
    this.#resizing.disconnect();
    this.#controls.dispose();
    this.#keypoints.free();
    this.#beliefs.free();
    this.#handles.free();
    this.#renderer.dispose();
    // browsers allow a page only so many
    this.#renderer.forceContextLoss();
  }

  /** Furnishes the view for a scene. */
  open(sketch: SceneSketch, theme: Theme): void {
    const before = this.#sketch;
    this.#sketch = sketch;
    // most often it is the next start of the same scene
    if (before && looksOf(before) === looksOf(sketch)) {
      this.invalidate();
      return;
    }
    this.#discard(...this.#bodies, ...this.#ghosts.values());
    const robot = robotMesh(sketch.robot);
    const frustum = frustumLines(sketch.robot);
    frustum.visible = this.#frustum.visible;
    this.#frustum = frustum;
    robot.add(frustum);
    this.#bodies = [robot, ...sketch.bodies.map(({ shape, rgb }) => bodyMesh(shape, rgb))];
    this.#ghosts = ghostsOf(sketch);
    this.#discard(this.#shadows.group);
    this.#shadows = new Shadows(this.#bodies);
    this.#scene.add(...this.#bodies, ...this.#ghosts.values(), this.#shadows.group);
    this.#labels.open(["robot", ...sketch.bodies.map(({ name }) => name)]);
    this.setTheme(theme);
    if (before?.arenaSide_m !== sketch.arenaSide_m) this.setViewpoint(this.#viewpoint);
  }

  setTheme(theme: Theme): void {
    this.#scene.background = new three.Color(theme.sky);
    this.invalidate();
    if (!this.#sketch) return;
    this.#discard(this.#surroundings);
    const { arenaSide_m } = this.#sketch;
    this.#surroundings = arena(arenaSide_m, theme);
    this.#surroundings.add(...lights());
    this.#scene.add(this.#surroundings);
  }

  /**
   * Takes objects out of the scene. They are freed once the next picture is drawn: what is drawn in their place needs the
   * same shaders, which would be compiled anew if nobody held them in between.
   */
  #discard(...objects: readonly three.Object3D[]): void {
    this.#scene.remove(...objects);
    this.#discarded.push(...objects);
  }

  /** Moves everything: poses [B, 7], and where the active object of `stage` belongs. */
  show(
    poses: Float32Array,
    stage: number,
    target: PlanarPose | undefined,
    beliefs: readonly Belief[],
  ): void {
    this.#bodies.forEach((body, row) => {
      const at = row * POSE;
      body.position.fromArray(poses, at);
      body.quaternion.fromArray(poses, at + 3);
    });
    this.#handles.follow(this.#bodies);
    const active = this.#sketch?.stages[stage]?.roles.active;
    for (const [row, ghost] of this.#ghosts) {
      ghost.visible = target !== undefined && row === active;
      if (!target || !ghost.visible) continue;
      const shape = this.#sketch?.bodies[row - 1].shape;
      ghost.position.set(target.x_m, target.y_m, (shape ? height(shape) / 2 : 0) + 0.002);
      ghost.rotation.z = target.yaw_rad;
    }
    this.#beliefs.show(beliefs, (role) => this.#lookOf(role, stage));
    this.#labels.believe(beliefs);
    this.invalidate();
  }

  #lookOf(role: string, stage: number): BeliefLook {
    const row = bodyOfRole(this.#sketch, stage, role) ?? 0;
    const body = this.#sketch?.bodies[row - 1];
    const { shape = pushable("cylinder"), rgb = [0.6, 0.6, 0.6] } = body ?? {};
    return { shape, colour: colourOf(rgb) };
  }

  /** Colours a teacher's keypoints, [K, 4]; see `Sight`. */
  showKeypoints(keypoints: Float32Array): void {
    this.#keypoints.show(keypoints);
    if (this.#keypoints.group.visible) this.invalidate();
  }

  setOverlays(overlays: Overlays): void {
    this.#frustum.visible = overlays.frustum;
    this.#keypoints.group.visible = overlays.keypoints;
    this.#beliefs.group.visible = overlays.beliefs;
    this.#overlays = overlays;
    this.invalidate();
  }

  setViewpoint(viewpoint: Viewpoint): void {
    this.#viewpoint = viewpoint;
    this.#turned = false;
    this.#controls.enabled = viewpoint !== "chase";
    const from = viewpoint === "above" ? ABOVE : ASIDE;
    this.#placeCamera(from);
    this.#controls.update();
    this.invalidate();
  }

  invalidate(): void {
    this.#changed = true;
  }

  /** Draws if something has changed since the last time; says whether it did. */
  render(): boolean {
    if (!this.#changed) return false;
    this.#changed = false;
    if (this.#viewpoint === "chase") this.#chase();
    this.#scene.updateMatrixWorld();
    this.#shadows.update();
    this.#renderer.render(this.#scene, this.#camera);
    for (const object of this.#discarded.splice(0)) dispose(object);
    this.#placeLabels();
    return true;
  }

  /** The handle under the pointer, for tests and the console. */
  get handle(): string | undefined {
    return this.#handles.pointed;
  }

  /** Where the bodies are drawn, row by row: for tests and the console. */
  drawnPositions(): number[][] {
    return this.#bodies.map((body) => body.position.toArray());
  }

  /** Looks along `from` at the whole arena. */
  #placeCamera(from: three.Vector3): void {
    const { position, centre } = frameSquare(this.#camera, this.#sketch?.arenaSide_m ?? 3, from);
    this.#controls.target.copy(centre);
    this.#camera.position.copy(position);
  }

  #chase(): void {
    const robot = this.#bodies[0];
    if (!robot) return;
    const behind = new three.Vector3(-0.8, 0, 0.5).applyQuaternion(robot.quaternion);
    this.#camera.position.copy(robot.position).add(behind);
    const ahead = new three.Vector3(0.35, 0, 0).applyQuaternion(robot.quaternion);
    this.#camera.lookAt(ahead.add(robot.position));
  }

  /** Where the point `above_m` over a body is drawn, in CSS pixels of the canvas; undefined out of the picture. */
  spotOf(row: number, above_m = 0): Point | undefined {
    const point = this.#bodies[row].position.clone();
    point.z += above_m;
    return this.#project(point);
  }

  #project(point: three.Vector3): Point | undefined {
    const { clientWidth, clientHeight } = this.#canvas;
    point.project(this.#camera);
    if (Math.abs(point.x) > 1 || Math.abs(point.y) > 1 || point.z > 1) return undefined;
    return { x: ((point.x + 1) / 2) * clientWidth, y: ((1 - point.y) / 2) * clientHeight };
  }

  #placeLabels(): void {
    const { names, beliefs } = this.#overlays;
    this.#labels.place(
      (row) => (names ? this.spotOf(row, row === 0 ? OVER_ROBOT_m : OVER_BODY_m) : undefined),
      ({ x_m, y_m }) =>
        beliefs ? this.#project(new three.Vector3(x_m, y_m, OVER_BELIEF_m)) : undefined,
    );
  }

  #resize(): void {
    const { clientWidth, clientHeight } = this.#canvas;
    if (clientWidth === 0 || clientHeight === 0) return;
    this.#renderer.setPixelRatio(Math.min(2, devicePixelRatio));
    this.#renderer.setSize(clientWidth, clientHeight, false);
    this.#camera.aspect = clientWidth / clientHeight;
    this.#camera.updateProjectionMatrix();
    // the whole arena stays in the picture until somebody looks closer
    if (!this.#turned) this.setViewpoint(this.#viewpoint);
    // a new size empties the canvas, which must not be shown empty
    this.invalidate();
    this.render();
  }
}

function createWebGl(canvas: HTMLCanvasElement): three.WebGLRenderer {
  try {
    return new three.WebGLRenderer({ canvas, antialias: true, stencil: true });
  } catch {
    throw new DeviceError(
      "This browser shows no WebGL, so the scene cannot be drawn; the robot's camera still is. Turn on hardware acceleration or use another browser.",
    );
  }
}

/** All that decides what stands in the scene, and how it is named. */
function looksOf({ arenaSide_m, robot, bodies, stages }: SceneSketch): string {
  const roles = stages.map(({ roles: { active } }) => active);
  return JSON.stringify([arenaSide_m, robot, bodies, roles]);
}

function ghostsOf(sketch: SceneSketch): Map<number, three.Group> {
  const rows = new Set(sketch.stages.map(({ roles }) => roles.active));
  return new Map(
    [...rows].map((row) => {
      const { shape, rgb } = sketch.bodies[row - 1];
      return [row, ghostMesh(shape, rgb)];
    }),
  );
}
