/**
 * Rapier worlds with Coulomb friction.
 *
 * Since 0.19 Rapier's default friction model limits sliding and turning separately, so that a box pushed off-centre does
 * not turn; its JavaScript API cannot choose the other model. A world's snapshot holds the choice, so an empty world is
 * saved, one number changed and the world restored. See docs/decisions/contact-modes.md.
 */

import { type RapierWorld, rapier } from "../rapier.ts";
import { gravity_mps2 } from "./limit-surface.ts";

let checked = false;

/** A new empty world under gravity (-z) with Coulomb friction. Throws if this build of Rapier cannot be made to do it. */
export function coulombWorld(): RapierWorld {
  if (!checked) {
    checkTurn();
    checked = true;
  }
  return switchedWorld();
}

/** An empty world whose friction model is switched in its snapshot. */
function switchedWorld(): RapierWorld {
  const empty = new rapier.World({ x: 0, y: 0, z: -gravity_mps2 });
  const snapshot = empty.takeSnapshot();
  empty.free();
  snapshot[frictionModelAt(snapshot)] = 1;
  // one pipeline and an explicit free: World.restoreSnapshot leaves the rest to the garbage collector
  const pipeline = new rapier.SerializationPipeline();
  const raw = pipeline.raw.deserializeAll(snapshot);
  if (!raw) throw new Error("internal: Rapier did not restore its own snapshot.");
  const world = rapier.World.fromRaw(raw);
  raw.free();
  pipeline.free();
  return world;
}

/**
 * Where the friction model stands in an empty world's snapshot. Around it, in the order of Rapier's
 * IntegrationParameters: contact clustering (1), contact recycling (1), recycling distance (0.05 as a float32), friction
 * in bias (0 or 1), warm-started joints (0 or 1), friction model (0 as a u32).
 */
function frictionModelAt(snapshot: Uint8Array): number {
  const distance = new Uint8Array(Float32Array.of(0.05).buffer);
  const hits: number[] = [];
  for (let i = 2; i + 10 <= snapshot.length; i++) {
    const flags =
      snapshot[i - 2] === 1 &&
      snapshot[i - 1] === 1 &&
      snapshot[i + 4] <= 1 &&
      snapshot[i + 5] <= 1;
    const model = snapshot.subarray(i + 6, i + 10).every((byte) => byte === 0);
    if (flags && model && distance.every((byte, k) => snapshot[i + k] === byte)) hits.push(i + 6);
  }
  if (hits.length !== 1) {
    throw new Error(
      `internal: expected one place for the friction model in a snapshot of Rapier ${rapier.version()}, found ${hits.length}. ` +
        `Use the planar contact mode, or a Rapier whose snapshot is known (0.20.0, 0.21.0).`,
    );
  }
  return hits[0];
}

/** Pushes a box 6 cm off-centre over 30 cm; it must turn by more than 15 degrees (another engine says 41). */
function checkTurn(): void {
  const world = switchedWorld();
  world.timestep = 1 / 60;
  const { ColliderDesc, RigidBodyDesc } = rapier;
  world.createCollider(ColliderDesc.cuboid(5, 5, 0.5).setTranslation(0, 0, -0.5));
  const box = world.createRigidBody(RigidBodyDesc.dynamic().setTranslation(0, 0.06, 0.1));
  world.createCollider(ColliderDesc.cuboid(0.12, 0.12, 0.1).setMass(1), box);
  const pusher = world.createRigidBody(
    RigidBodyDesc.kinematicVelocityBased().setTranslation(-0.25, 0, 0.1).setLinvel(0.2, 0, 0),
  );
  world.createCollider(ColliderDesc.ball(0.12), pusher);
  for (let i = 0; i < 90; i++) world.step();
  const { z, w } = box.rotation();
  const turn_rad = 2 * Math.atan2(z, w);
  world.free();
  if (!(Math.abs(turn_rad) > 0.26)) {
    throw new Error(
      `internal: expected a box pushed off-centre to turn by more than 0.26 rad, it turned by ${turn_rad.toFixed(3)} rad; ` +
        `Rapier ${rapier.version()} did not take the friction model. Use the planar contact mode.`,
    );
  }
}
