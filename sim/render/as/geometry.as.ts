// @ts-nocheck: AssemblyScript.
/**
 * The camera of one view and the place of one primitive before it.
 *
 * World: z up. Camera: x right, y down, z into the image. The ray through pixel (x, y) is
 * d(x, y) = d0 + x dx + y dy in the primitive's frame, with camera z-component 1, so that a hit at
 * parameter t lies at depth t.
 */

// byte offsets of a view record (see the layout in ../types.ts)
const ORIENTATION: usize = 12;
const TAN_X: usize = 28;
const TAN_Y: usize = 32;
const NEAR: usize = 36;
const FAR: usize = 40;
const CENTRE_X: usize = 44;
const CENTRE_Y: usize = 48;
const NOISE: usize = 52;

// unit vector towards the light, world frame
const LIGHT_X: f32 = 0.36;
const LIGHT_Y: f32 = -0.48;
const LIGHT_Z: f32 = 0.8;

export let width: i32 = 0;
export let height: i32 = 0;
export let near: f32 = 0;
export let far: f32 = 0;
export let noise: f32 = 1;
/** Focal lengths and principal point in pixels; pixel centres lie on whole numbers. */
export let focalX: f32 = 1;
export let focalY: f32 = 1;
export let centreX: f32 = 0;
export let centreY: f32 = 0;

// camera position and rotation (world from camera), row by row
let cameraX: f32 = 0;
let cameraY: f32 = 0;
let cameraZ: f32 = 0;
let c00: f32 = 1;
let c01: f32 = 0;
let c02: f32 = 0;
let c10: f32 = 0;
let c11: f32 = 1;
let c12: f32 = 0;
let c20: f32 = 0;
let c21: f32 = 0;
let c22: f32 = 1;

/** Camera position in the primitive's frame. */
export let ox: f32 = 0;
export let oy: f32 = 0;
export let oz: f32 = 0;
/** Primitive from camera, row by row. */
export let m00: f32 = 1;
export let m01: f32 = 0;
export let m02: f32 = 0;
export let m10: f32 = 0;
export let m11: f32 = 1;
export let m12: f32 = 0;
export let m20: f32 = 0;
export let m21: f32 = 0;
export let m22: f32 = 1;
/** Ray through pixel (0, 0), and its change per pixel to the right and down. */
export let d0x: f32 = 0;
export let d0y: f32 = 0;
export let d0z: f32 = 0;
export let dxx: f32 = 0;
export let dxy: f32 = 0;
export let dxz: f32 = 0;
export let dyx: f32 = 0;
export let dyy: f32 = 0;
export let dyz: f32 = 0;
/** Towards the light, in the primitive's frame. */
export let lightX: f32 = 0;
export let lightY: f32 = 0;
export let lightZ: f32 = 0;

export function setSize(w: i32, h: i32): void {
  width = w;
  height = h;
}

export function setView(view: usize): void {
  const x = load<f32>(view + ORIENTATION);
  const y = load<f32>(view + ORIENTATION, 4);
  const z = load<f32>(view + ORIENTATION, 8);
  const w = load<f32>(view + ORIENTATION, 12);
  c00 = 1 - 2 * (y * y + z * z);
  c01 = 2 * (x * y - z * w);
  c02 = 2 * (x * z + y * w);
  c10 = 2 * (x * y + z * w);
  c11 = 1 - 2 * (x * x + z * z);
  c12 = 2 * (y * z - x * w);
  c20 = 2 * (x * z - y * w);
  c21 = 2 * (y * z + x * w);
  c22 = 1 - 2 * (x * x + y * y);
  cameraX = load<f32>(view);
  cameraY = load<f32>(view, 4);
  cameraZ = load<f32>(view, 8);
  near = load<f32>(view + NEAR);
  far = load<f32>(view + FAR);
  noise = load<f32>(view + NOISE);
  focalX = (0.5 * <f32>width) / load<f32>(view + TAN_X);
  focalY = (0.5 * <f32>height) / load<f32>(view + TAN_Y);
  centreX = 0.5 * <f32>width - 0.5 + load<f32>(view + CENTRE_X);
  centreY = 0.5 * <f32>height - 0.5 + load<f32>(view + CENTRE_Y);
}

/** Expresses camera, rays and light in the frame of the primitive at `primitive`. */
export function enterFrame(primitive: usize): void {
  const x = load<f32>(primitive + ORIENTATION);
  const y = load<f32>(primitive + ORIENTATION, 4);
  const z = load<f32>(primitive + ORIENTATION, 8);
  const w = load<f32>(primitive + ORIENTATION, 12);
  const r00: f32 = 1 - 2 * (y * y + z * z);
  const r01: f32 = 2 * (x * y - z * w);
  const r02: f32 = 2 * (x * z + y * w);
  const r10: f32 = 2 * (x * y + z * w);
  const r11: f32 = 1 - 2 * (x * x + z * z);
  const r12: f32 = 2 * (y * z - x * w);
  const r20: f32 = 2 * (x * z - y * w);
  const r21: f32 = 2 * (y * z + x * w);
  const r22: f32 = 1 - 2 * (x * x + y * y);
  const ex = cameraX - load<f32>(primitive);
  const ey = cameraY - load<f32>(primitive, 4);
  const ez = cameraZ - load<f32>(primitive, 8);
  ox = r00 * ex + r10 * ey + r20 * ez;
  oy = r01 * ex + r11 * ey + r21 * ez;
  oz = r02 * ex + r12 * ey + r22 * ez;
  m00 = r00 * c00 + r10 * c10 + r20 * c20;
  m01 = r00 * c01 + r10 * c11 + r20 * c21;
  m02 = r00 * c02 + r10 * c12 + r20 * c22;
  m10 = r01 * c00 + r11 * c10 + r21 * c20;
  m11 = r01 * c01 + r11 * c11 + r21 * c21;
  m12 = r01 * c02 + r11 * c12 + r21 * c22;
  m20 = r02 * c00 + r12 * c10 + r22 * c20;
  m21 = r02 * c01 + r12 * c11 + r22 * c21;
  m22 = r02 * c02 + r12 * c12 + r22 * c22;
  lightX = r00 * LIGHT_X + r10 * LIGHT_Y + r20 * LIGHT_Z;
  lightY = r01 * LIGHT_X + r11 * LIGHT_Y + r21 * LIGHT_Z;
  lightZ = r02 * LIGHT_X + r12 * LIGHT_Y + r22 * LIGHT_Z;
  aimRays();
}

function aimRays(): void {
  const u: f32 = 1 / focalX;
  const v: f32 = 1 / focalY;
  const u0: f32 = -centreX * u;
  const v0: f32 = -centreY * v;
  dxx = m00 * u;
  dxy = m10 * u;
  dxz = m20 * u;
  dyx = m01 * v;
  dyy = m11 * v;
  dyz = m21 * v;
  d0x = m00 * u0 + m01 * v0 + m02;
  d0y = m10 * u0 + m11 * v0 + m12;
  d0z = m20 * u0 + m21 * v0 + m22;
}

/** Moves the camera along the primitive's axis: the ends of a capsule are spheres off its centre. */
export function shiftAlongAxis(z: f32): void {
  oz += z;
}
