/**
 * Poses and velocities of a Rapier world's bodies as floats, without a call per body.
 *
 * Rapier's API hands out one vector at a time and makes objects (250 ns a body); its bodies lie in WebAssembly memory one
 * after another, which reads in 16 ns. Where they lie is found out once by experiment, each finding is confirmed through
 * the API, and where it cannot be found out a copy made through the API takes its place.
 */

import { type RapierWorld, type RigidBody, rapier, rapierMemory } from "../rapier.ts";

/** Floats of all bodies of one Rapier world. */
export interface BodyMemory {
  /** Makes `floats` and `starts` valid. Call after any call of Rapier, which may move its memory. */
  locate(): void;
  /** Takes over what Rapier changed. Call after each physics step and each change of a pose. */
  reload(): void;
  /** Makes velocities that were written into `floats` known to Rapier. Call before each physics step. */
  commit(): void;
  /** Read poses, read and write velocities. Replaced by `locate`. */
  readonly floats: Float32Array;
  /** Where each body starts in `floats`, in the order given. Refilled by `locate`. */
  readonly starts: Int32Array;
  /** Offsets from a body's start. Rotation is [x, y, z, w]. */
  readonly at: BodyOffsets;
}

export interface BodyOffsets {
  readonly position: number;
  readonly rotation: number;
  readonly linear: number;
  readonly angular: number;
}

/** How bodies lie in Rapier's memory, in floats. */
interface BodyLayout extends BodyOffsets {
  readonly stride: number;
  /** Where, after the body set's own address, the address of the first body is kept. */
  readonly pointer: number;
}

/** The bodies of `world` in the given order; `direct: false` asks for the copy. */
export function bodyMemory(
  world: RapierWorld,
  bodies: readonly RigidBody[],
  direct = true,
): BodyMemory {
  const found = direct ? layoutOfBodies() : undefined;
  return found ? new DirectMemory(world, bodies, found) : new CopiedMemory(bodies);
}

class DirectMemory implements BodyMemory {
  floats = new Float32Array(0);
  readonly starts: Int32Array;
  readonly at: BodyOffsets;
  readonly #slots: Int32Array;
  readonly #pointer: number;
  readonly #stride: number;
  #words = new Uint32Array(0);
  #base = -1;

  constructor(world: RapierWorld, bodies: readonly RigidBody[], found: BodyLayout) {
    this.at = found;
    this.#stride = found.stride;
    this.#pointer = addressOf(world) / 4 + found.pointer;
    this.#slots = Int32Array.from(bodies, (body) => slotOf(body.handle));
    this.starts = new Int32Array(bodies.length);
    this.locate();
  }

  locate(): void {
    const { buffer } = memory();
    if (this.floats.buffer !== buffer) {
      this.floats = new Float32Array(buffer);
      this.#words = new Uint32Array(buffer);
    }
    const base = this.#words[this.#pointer] / 4;
    if (base === this.#base) return;
    this.#base = base;
    for (let i = 0; i < this.starts.length; i++) {
      this.starts[i] = base + this.#slots[i] * this.#stride;
    }
  }

  reload(): void {}

  commit(): void {}
}

/** The same through Rapier's API. */
class CopiedMemory implements BodyMemory {
  readonly floats: Float32Array;
  readonly starts: Int32Array;
  readonly at: BodyOffsets = { position: 0, rotation: 3, linear: 7, angular: 10 };
  readonly #bodies: readonly RigidBody[];
  /** As last read, to leave alone (and asleep) bodies whose velocities were not written. */
  readonly #read: Float32Array;

  constructor(bodies: readonly RigidBody[]) {
    this.#bodies = bodies;
    this.floats = new Float32Array(13 * bodies.length);
    this.#read = this.floats.slice();
    this.starts = Int32Array.from(bodies, (_, i) => 13 * i);
    this.reload();
  }

  locate(): void {}

  reload(): void {
    for (const [i, body] of this.#bodies.entries()) this.floats.set(publicFloats(body), 13 * i);
    this.#read.set(this.floats);
  }

  commit(): void {
    for (const [i, body] of this.#bodies.entries()) {
      if (!body.isDynamic() || !this.#written(13 * i + 7, 13 * i + 13)) continue;
      const [x, y, z, wx, wy, wz] = this.floats.subarray(13 * i + 7, 13 * i + 13);
      body.setLinvel({ x, y, z }, false);
      body.setAngvel({ x: wx, y: wy, z: wz }, false);
    }
  }

  #written(from: number, to: number): boolean {
    for (let k = from; k < to; k++) if (this.floats[k] !== this.#read[k]) return true;
    return false;
  }
}

/** Position, rotation [x, y, z, w], linear and angular velocity through Rapier's API. */
export function publicFloats(body: RigidBody): number[] {
  const p = body.translation();
  const q = body.rotation();
  const v = body.linvel();
  const w = body.angvel();
  return [p.x, p.y, p.z, q.x, q.y, q.z, q.w, v.x, v.y, v.z, w.x, w.y, w.z];
}

let known: BodyLayout | undefined | "unsearched" = "unsearched";

/** The layout of this build of Rapier, or undefined if it cannot be made out. */
export function layoutOfBodies(): BodyLayout | undefined {
  if (known === "unsearched") known = rapierMemory ? searchLayout() : undefined;
  return known;
}

/** Looks for three bodies of unlikely poses in memory and confirms each finding by changing it there. */
function searchLayout(): BodyLayout | undefined {
  const world = new rapier.World({ x: 0, y: 0, z: 0 });
  const bodies = [0, 1, 2].map((i) => unlikelyBody(world, i));
  try {
    const floats = new Float32Array(memory().buffer);
    const words = new Uint32Array(memory().buffer);
    const set = addressOf(world) / 4;
    for (let pointer = 0; pointer < 256; pointer++) {
      const base = words[set + pointer] / 4;
      if (base < 256 || !Number.isInteger(base) || base > floats.length - 4096) continue;
      const found = searchFields(floats, base, bodies);
      if (found) return { ...found, pointer };
    }
    return undefined;
  } finally {
    world.free();
  }
}

function unlikelyBody(world: RapierWorld, i: number): RigidBody {
  const angle = 0.3 + 0.2 * i;
  const rotation = { x: 0, y: 0, z: Math.sin(angle), w: Math.cos(angle) };
  return world.createRigidBody(
    rapier.RigidBodyDesc.dynamic()
      .setTranslation(11.25 + i, -7.75 - i, 3.125 + i)
      .setRotation(rotation)
      .setLinvel(0.8125 + i, -0.6875 - i, 0.5625 + i)
      .setAngvel({ x: 1.3125 + i, y: -1.1875 - i, z: 1.0625 + i }),
  );
}

/** The fields of bodies that start at `base`; only a place that the API reads back counts. */
function searchFields(floats: Float32Array, base: number, bodies: readonly RigidBody[]) {
  for (let stride = 64; stride < 512; stride++) {
    const field = (from: number, to: number) =>
      searchField({ floats, base, stride, bodies, from, to });
    const position = field(0, 3);
    if (position === undefined) continue;
    const [rotation, linear, angular] = [field(3, 7), field(7, 10), field(10, 13)];
    if (rotation === undefined || linear === undefined || angular === undefined) return undefined;
    return { stride, position, rotation, linear, angular };
  }
  return undefined;
}

interface FieldSearch {
  readonly floats: Float32Array;
  readonly base: number;
  readonly stride: number;
  readonly bodies: readonly RigidBody[];
  /** Columns of `publicFloats`. */
  readonly from: number;
  readonly to: number;
}

/** Offset of a field that is the same in every body, given how far apart bodies are. */
function searchField({ floats, base, stride, bodies, from, to }: FieldSearch): number | undefined {
  const places = indexOf(floats, publicFloats(bodies[0]).slice(from, to), base, stride);
  return places.find((place) =>
    bodies.every((body, i) => answers(floats, base + place + i * stride, body, from, to)),
  );
}

/** Offsets from `base`, below `length`, at which `values` stand one after another. */
function indexOf(floats: Float32Array, values: readonly number[], base: number, length: number) {
  const places: number[] = [];
  for (let place = 0; place + values.length <= length; place++) {
    if (values.every((value, k) => floats[base + place + k] === value)) places.push(place);
  }
  return places;
}

/**
 * Whether the body's floats `from` to `to` stand at `start`, and numbers written there come back from the API.
 * Leaves memory as it was.
 */
function answers(
  floats: Float32Array,
  start: number,
  body: RigidBody,
  from: number,
  to: number,
): boolean {
  const before = floats.slice(start, start + to - from);
  if (
    publicFloats(body)
      .slice(from, to)
      .some((value, k) => value !== before[k])
  )
    return false;
  for (let k = 0; k < to - from; k++) floats[start + k] = 0.25 * (k + 1);
  const after = publicFloats(body);
  floats.set(before, start);
  return after.every((value, k) => k < from || k >= to || value === 0.25 * (k - from + 1));
}

function memory() {
  if (!rapierMemory) throw new Error("internal: Rapier's memory was asked for but never found.");
  return rapierMemory;
}

/** Address of the body set, in bytes. */
function addressOf(world: RapierWorld): number {
  return (world.bodies.raw as unknown as { __wbg_ptr: number }).__wbg_ptr;
}

const handles = new Float64Array(1);
const wordsOfHandles = new Int32Array(handles.buffer);

/** A handle is a float whose low 32 bits are the body's index. */
function slotOf(handle: number): number {
  handles[0] = handle;
  return wordsOfHandles[0];
}
