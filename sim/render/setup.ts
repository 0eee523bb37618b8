/**
 * Primitives before a camera, as records: up to six functions of the pixel that are affine, and from
 * which the inverse depth w = 1/t follows without a division. Records are what the plain TypeScript
 * rasteriser and the gpu.js kernel draw; `as/records.as.ts` makes the same for the wasm one.
 *
 * The ray through pixel (x, y) is d = d0 + x dx + y dy with camera z-component 1, so t is depth. A
 * face plane n.p = c is met at w = (n.d) / (c - n.o), affine in the pixel because d is. Planes the
 * camera is outside of are entered, the others are left: a convex solid is hit where the least w
 * entered is no less than the greatest w left, and it is seen at that least w.
 */

import { MAX_SURFACES } from "./backend.ts";
import { Bounds } from "./bounds.ts";
import { record, recordKind, shade } from "./record.ts";
import { Sight } from "./sight.ts";
import { kindNumber, primitive as primitiveColumns } from "./types.ts";

// a camera nearer than this (m) to the plane of a face counts as behind it
const ON_PLANE = 1e-6;
// a camera nearer than this, as a share of the squared radius, counts as inside a curved surface
const ON_CURVE = 1e-5;
const SQRT3_2 = Math.sqrt(3) / 2;

/** The records of one view at a time; all arrays are reused by the next view. */
export class ViewSetup {
  readonly records: Float64Array;
  readonly idOfSlot = new Uint8Array(MAX_SURFACES + 1);
  readonly holeOfSlot = new Float32Array(MAX_SURFACES + 1);
  readonly shades = new Float64Array((MAX_SURFACES + 1) * shade.size);
  /** Number of records, and of slots in use; slot 0 is "nothing hit". */
  count = 0;
  slots = 1;
  /** The view needed more than `MAX_SURFACES`; what came last is missing. */
  overflow = false;

  readonly sight: Sight;
  readonly #bounds: Bounds;
  #entered = 0;
  #left = 0;
  #rgb: readonly [number, number, number] = [0, 0, 0];

  constructor(width: number, height: number, maxPrimitives: number) {
    // a capsule is three records
    const most = Math.min(3 * maxPrimitives, MAX_SURFACES);
    this.records = new Float64Array(most * record.size);
    this.sight = new Sight(width, height);
    this.#bounds = new Bounds(this.sight);
  }

  /** Sets up `count` primitives, rows of `primitives` from `at` on, before the view at `views[viewAt]`. */
  setUp(
    views: Float32Array,
    viewAt: number,
    primitives: Float32Array,
    at: number,
    count: number,
  ): void {
    this.count = 0;
    this.slots = 1;
    this.overflow = false;
    this.sight.setView(views, viewAt);
    for (let i = 0; i < count; i++) this.#add(primitives, at + i * primitiveColumns.size);
  }

  #add(primitives: Float32Array, at: number): void {
    const columns = primitiveColumns.at;
    const kind = primitives[at + columns.kind];
    if (kind === 0) return;
    this.sight.enterFrame(primitives, at);
    const colour = at + columns.rgb;
    this.#rgb = [primitives[colour], primitives[colour + 1], primitives[colour + 2]];
    const a = primitives[at + columns.size];
    const b = primitives[at + columns.size + 1];
    const c = primitives[at + columns.size + 2];
    const id = primitives[at + columns.id];
    const hole = primitives[at + columns.hole];
    if (kind === kindNumber.box) this.#close(this.#box(a, b, c), id, hole);
    else if (kind === kindNumber.cylinder) this.#close(this.#cylinder(a, b), id, hole);
    else if (kind === kindNumber.sphere) this.#close(this.#sphere(a), id, hole);
    else if (kind === kindNumber.prism) this.#close(this.#prism(a, b), id, hole);
    else if (kind === kindNumber.room) this.#close(this.#room(a, b, c), id, hole);
    else this.#capsule(a, b, id, hole);
  }

  // a record that uses `slots` slots is complete; 0: the primitive is not seen
  #close(slots: number, id: number, hole: number): void {
    if (slots === 0) return;
    this.records[this.count * record.size + record.at.id] = id;
    for (let i = 0; i < slots; i++) {
      this.idOfSlot[this.slots + i] = id;
      this.holeOfSlot[this.slots + i] = hole;
    }
    this.slots += slots;
    this.count++;
  }

  #fits(slots: number): boolean {
    if (this.slots + slots <= MAX_SURFACES + 1) return true;
    this.overflow = true;
    return false;
  }

  #head(kind: number): void {
    const at = this.count * record.size;
    this.records[at + record.at.kind] = kind;
    this.records[at + record.at.slot] = this.slots;
    this.records[at + record.at.x0] = this.#bounds.x0;
    this.records[at + record.at.x1] = this.#bounds.x1;
    this.records[at + record.at.y0] = this.#bounds.y0;
    this.records[at + record.at.y1] = this.#bounds.y1;
  }

  // function k becomes v.d(pixel)
  #put(k: number, vx: number, vy: number, vz: number): void {
    this.#dot(this.records, this.count * record.size + record.at.functions + 3 * k, vx, vy, vz);
  }

  #dot(out: Float64Array, at: number, vx: number, vy: number, vz: number): void {
    const { start, right, down } = this.sight;
    out[at] = vx * start[0] + vy * start[1] + vz * start[2];
    out[at + 1] = vx * right[0] + vy * right[1] + vz * right[2];
    out[at + 2] = vx * down[0] + vy * down[1] + vz * down[2];
  }

  // the face n.p = offset with outward normal n: entered from the front, left from the back
  #plane(nx: number, ny: number, nz: number, offset: number): void {
    const { eye, light } = this.sight;
    const gap = offset - (nx * eye[0] + ny * eye[1] + nz * eye[2]);
    if (gap < -ON_PLANE) {
      const w = 1 / gap;
      this.#shade(this.slots + this.#entered, nx * light[0] + ny * light[1] + nz * light[2]);
      this.#put(this.#entered++, nx * w, ny * w, nz * w);
    } else {
      const w = 1 / Math.max(gap, ON_PLANE);
      this.#put(this.#left--, nx * w, ny * w, nz * w);
    }
  }

  // n.l = a + t (v.d)
  #shade(slot: number, a: number, vx = 0, vy = 0, vz = 0): void {
    const at = slot * shade.size;
    this.shades[at] = a;
    this.#dot(this.shades, at + 1, vx, vy, vz);
    this.shades.set(this.#rgb, at + shade.at.rgb);
  }

  #startPlanes(): void {
    this.#entered = 0;
    this.#left = 5;
  }

  #box(hx: number, hy: number, hz: number): number {
    if (!this.#bounds.ofBox(hx, hy, hz) || !this.#fits(3)) return 0;
    this.#startPlanes();
    this.#plane(1, 0, 0, hx);
    this.#plane(-1, 0, 0, hx);
    this.#plane(0, 1, 0, hy);
    this.#plane(0, -1, 0, hy);
    this.#plane(0, 0, 1, hz);
    this.#plane(0, 0, -1, hz);
    return this.#closeSolid();
  }

  // a vertex on +x, axis z
  #prism(radius: number, halfHeight: number): number {
    const seen = this.#bounds.ofBox(0.75 * radius, SQRT3_2 * radius, halfHeight, 0.25 * radius);
    if (!seen || !this.#fits(3)) return 0;
    this.#startPlanes();
    this.#plane(0, 0, 1, halfHeight);
    this.#plane(0, 0, -1, halfHeight);
    this.#plane(-1, 0, 0, radius / 2);
    this.#plane(0.5, SQRT3_2, 0, radius / 2);
    this.#plane(0.5, -SQRT3_2, 0, radius / 2);
    // a sixth plane that is never met
    const at = this.count * record.size + record.at.functions + 3 * this.#left;
    this.records.set([-1, 0, 0], at);
    return this.#closeSolid();
  }

  #closeSolid(): number {
    this.#head(this.#entered);
    return this.#entered;
  }

  /*
   * C w^2 - 2 (c.d) w + d.d = 0 with C = |c|^2 - r^2, in an orthonormal basis whose third axis points at
   * the centre c: w = g2 L/r + sqrt(g2^2 - g0^2 - g1^2), well conditioned in 32 bits.
   */
  #sphere(radius: number): number {
    const [ox, oy, oz] = this.sight.eye;
    const square = ox * ox + oy * oy + oz * oz;
    const outside = square - radius * radius;
    if (outside <= ON_CURVE * radius * radius) return 0;
    if (!this.#bounds.ofSphere(radius) || !this.#fits(1)) return 0;
    const distance = Math.sqrt(square);
    const [ax, ay, az] = [-ox / distance, -oy / distance, -oz / distance];
    // any direction across the first: a × y or x × a
    const across = Math.abs(ax) >= 0.6 ? [-az, 0, ax] : [0, az, -ay];
    const length = Math.hypot(across[0], across[1], across[2]);
    const [bx, by, bz] = [across[0] / length, across[1] / length, across[2] / length];
    const k = 1 / Math.sqrt(outside);
    const k2 = radius / outside;
    this.#head(recordKind.sphere);
    this.#put(0, bx * k, by * k, bz * k);
    this.#put(1, (ay * bz - az * by) * k, (az * bx - ax * bz) * k, (ax * by - ay * bx) * k);
    this.#put(2, ax * k2, ay * k2, az * k2);
    this.records[this.count * record.size + record.at.sphereScale] = distance / radius;
    const [lx, ly, lz] = this.sight.light;
    const cosine = (ox * lx + oy * ly + oz * lz) / radius;
    this.#shade(this.slots, cosine, lx / radius, ly / radius, lz / radius);
    return 1;
  }

  // axis z: the side at w = g3 ± sqrt(g0^2 + g1^2 - g2^2), and two planes for the caps
  #cylinder(radius: number, halfHeight: number): number {
    const [ox, oy, oz] = this.sight.eye;
    const least = ON_CURVE * radius * radius;
    const square = ox * ox + oy * oy - radius * radius;
    const outside = Math.abs(square) < least ? least : square;
    const above = Math.abs(oz) - halfHeight > ON_PLANE;
    if (outside < 0 && !above) return 0;
    if (!this.#bounds.ofBox(radius, radius, halfHeight) || !this.#fits(2)) return 0;
    const beside = above ? recordKind.cylinderCap : recordKind.cylinderSide;
    this.#head(outside < 0 ? recordKind.cylinderAbove : beside);
    const k = radius / Math.abs(outside);
    this.#put(0, k, 0, 0);
    this.#put(1, 0, k, 0);
    this.#put(2, -oy / outside, ox / outside, 0);
    this.#put(3, -ox / outside, -oy / outside, 0);
    // the cap towards the camera, then the other
    const side = oz < 0 ? -1 : 1;
    const gap = halfHeight - side * oz;
    this.#put(4, 0, 0, side / (above ? gap : Math.max(gap, ON_PLANE)));
    this.#put(5, 0, 0, -side / (halfHeight + side * oz));
    const [lx, ly, lz] = this.sight.light;
    this.#shade(this.slots, (ox * lx + oy * ly) / radius, lx / radius, ly / radius);
    this.#shade(this.slots + 1, side * lz);
    return 2;
  }

  // a cylinder and two spheres; from within nothing of it is seen
  #capsule(radius: number, halfHeight: number, id: number, hole: number): void {
    const { eye } = this.sight;
    const beyond = Math.max(0, Math.abs(eye[2]) - halfHeight);
    if (eye[0] ** 2 + eye[1] ** 2 + beyond ** 2 <= radius ** 2) return;
    this.#close(this.#cylinder(radius, halfHeight), id, hole);
    eye[2] -= halfHeight;
    this.#close(this.#sphere(radius), id, hole);
    eye[2] += 2 * halfHeight;
    this.#close(this.#sphere(radius), id, hole);
  }

  // the inside of a box; a camera outside of it sees nothing of it
  #room(hx: number, hy: number, hz: number): number {
    const half = [hx, hy, hz];
    const { eye, light } = this.sight;
    const gap = Math.min(...half.map((h, axis) => h - Math.abs(eye[axis])));
    if (gap < ON_PLANE || !this.#fits(6)) return 0;
    this.#bounds.wholeImage();
    this.#head(recordKind.room);
    for (let k = 0; k < 6; k++) {
      const axis = k >> 1;
      const sign = k % 2 === 0 ? 1 : -1;
      const w = sign / (half[axis] - sign * eye[axis]);
      this.#put(k, axis === 0 ? w : 0, axis === 1 ? w : 0, axis === 2 ? w : 0);
      this.#shade(this.slots + k, -sign * light[axis]);
    }
    return 6;
  }
}
