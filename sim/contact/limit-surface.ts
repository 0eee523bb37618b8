/**
 * Friction between a body and the floor, as a limit surface on the body's planar velocity.
 *
 * Force and torque at which a body slides lie on an ellipsoid with half axes mu m g (both directions) and mu m g c (yaw),
 * c being the radius of the floor's pressure, and the sliding velocity is normal to it (Goyal, Ruina and Papadopoulos, 1991;
 * Howe and Cutkosky, 1996). With s = |(vx, vy, c w)| the velocity therefore loses mu g (vx, vy) / s per second, and yaw
 * rate (m c² / I) mu g w / s.
 *
 * In planar mode I is set to m c². Then friction, however coarse the time step, takes from all three velocities the same
 * share, and a contact's impulse is divided between moving and turning as quasi-static pushing divides it. The price: a body
 * that spins freely takes m c² / I_solid times (a cube: 2) as long to stop.
 */

export const gravity_mps2 = 9.81;

/**
 * Takes one physics step of floor friction from a velocity, in place.
 *
 * @param floats  hold the linear velocity at `linear` and the angular velocity at `angular` (x, y, z each)
 * @param loss_mps  mu g dt: what friction takes from the speed of a sliding body in this step
 * @param radius_m  c
 */
export function applyFloorFriction(
  floats: Float32Array,
  linear: number,
  angular: number,
  loss_mps: number,
  radius_m: number,
): void {
  const vx = floats[linear];
  const vy = floats[linear + 1];
  const w = floats[angular + 2];
  const spin = radius_m * w;
  const speed = Math.sqrt(vx * vx + vy * vy + spin * spin);
  const left = speed > loss_mps ? 1 - loss_mps / speed : 0;
  floats[linear] = vx * left;
  floats[linear + 1] = vy * left;
  floats[angular + 2] = w * left;
}
