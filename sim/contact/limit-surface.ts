/**
 * Friction between a body and the floor, as a limit surface on the body's planar velocity.
 *
 * Force and torque at which a body slides lie on an ellipsoid with half axes mu m g (both directions) and mu m g c (yaw),
 * c being the radius of the pressure distribution, and the motion is normal to it (Goyal, Ruina and Papadopoulos, 1991;
 * Howe and Cutkosky, 1996). Hence with s = |(vx, vy, c w)| the velocity loses, per second, mu g v / s and, per second,
 * (m c² / I) mu g w / s.
 */

export const gravity_mps2 = 9.81;

/**
 * Applies one physics step of floor friction in place.
 *
 * @param data   floats with the linear velocity (x, y, z) at `linear` and the angular at `angular`
 * @param loss_mps  mu g dt: what friction takes from a sliding body's speed in this step
 * @param radius_m  c
 * @param yawRatio  m c² / I
 */
export function applyFloorFriction(
  data: Float32Array,
  linear: number,
  angular: number,
  loss_mps: number,
  radius_m: number,
  yawRatio: number,
): void {
  const vx = data[linear];
  const vy = data[linear + 1];
  const w = data[angular + 2];
  const spin = radius_m * w;
  const speed = Math.sqrt(vx * vx + vy * vy + spin * spin);
  if (speed < 1e-6) {
    data[linear] = 0;
    data[linear + 1] = 0;
    data[angular + 2] = 0;
    return;
  }
  const a = loss_mps / speed;
  const slow = 1 / (1 + a);
  data[linear] = vx * slow;
  data[linear + 1] = vy * slow;
  data[angular + 2] = w / (1 + a * yawRatio);
}
