/**
 * Empty Rapier worlds with settings that its JavaScript API does not offer.
 *
 * Friction model: since 0.19 the default limits sliding and turning of a contact separately, so that a box pushed
 * off-centre does not turn; both modes need Coulomb's. Contact recycling: Rapier keeps a contact as it is while bodies move
 * little against each other, by default up to 5 cm, which makes round things roll wrong.
 * A world's snapshot holds both settings, so an empty world is saved, changed and restored. See docs/decisions/contact-modes.md.
 */

import { type RapierWorld, rapier } from "../rapier.ts";
import { gravity_mps2 } from "./limit-surface.ts";

export const contactModes = ["planar", "coulomb"] as const;
export type ContactMode = (typeof contactModes)[number];

/** Up to how far Rapier may recycle a contact, or 0 for never; chosen by the push tests. */
const recyclingDistance_m: Readonly<Record<ContactMode, number>> = { planar: 0, coulomb: 0.02 };

/** Snapshots of empty worlds, by mode; each is checked once. */
const snapshots = new Map<ContactMode, Uint8Array>();

/** A new empty world; planar worlds have no gravity. Throws if this build of Rapier cannot be made to push right. */
export function emptyWorld(mode: ContactMode): RapierWorld {
  let snapshot = snapshots.get(mode);
  if (!snapshot) {
    snapshot = changedSnapshot(mode);
    if (mode === "coulomb") checkTurn(snapshot);
    snapshots.set(mode, snapshot);
  }
  return restore(snapshot);
}

function changedSnapshot(mode: ContactMode): Uint8Array {
  const empty = new rapier.World({ x: 0, y: 0, z: mode === "planar" ? 0 : -gravity_mps2 });
  const snapshot = empty.takeSnapshot();
  empty.free();
  const distanceAt = recyclingDistanceAt(snapshot);
  const distance_m = recyclingDistance_m[mode];
  snapshot[distanceAt - 1] = distance_m > 0 ? 1 : 0;
  snapshot.set(float32(distance_m), distanceAt);
  snapshot[distanceAt + 6] = 1;
  return snapshot;
}

/** By one pipeline and an explicit free: `World.restoreSnapshot` leaves the rest to the garbage collector. */
function restore(snapshot: Uint8Array): RapierWorld {
  const pipeline = new rapier.SerializationPipeline();
  const raw = pipeline.raw.deserializeAll(snapshot);
  if (!raw) throw new Error("internal: Rapier did not restore its own snapshot.");
  const world = rapier.World.fromRaw(raw);
  raw.free();
  pipeline.free();
  return world;
}

/**
 * Where the recycling distance stands in an empty world's snapshot. There follow one another, in the order of Rapier's
 * IntegrationParameters: contact clustering (1), contact recycling (1), its distance (0.05 as a float32), friction in bias
 * (0 or 1), warm-started joints (0 or 1), friction model (0 as a u32; 1 is Coulomb).
 */
function recyclingDistanceAt(snapshot: Uint8Array): number {
  const distance = float32(0.05);
  const hits: number[] = [];
  for (let i = 2; i + 10 <= snapshot.length; i++) {
    const flags = [
      snapshot[i - 2] === 1,
      snapshot[i - 1] === 1,
      snapshot[i + 4] <= 1,
      snapshot[i + 5] <= 1,
    ];
    const simplified = snapshot.subarray(i + 6, i + 10).every((byte) => byte === 0);
    const matches = distance.every((byte, k) => snapshot[i + k] === byte);
    if (matches && simplified && flags.every(Boolean)) hits.push(i);
  }
  if (hits.length !== 1) {
    throw new Error(
      `internal: expected one place for the friction model in a snapshot of Rapier ${rapier.version()}, found ${hits.length}. ` +
        `Use a Rapier whose snapshot is known: 0.20.0 or 0.21.0.`,
    );
  }
  return hits[0];
}

function float32(value: number): Uint8Array {
  return new Uint8Array(Float32Array.of(value).buffer);
}

/** Pushes a box 6 cm off-centre over 30 cm; it must turn by more than 15 degrees (MuJoCo: 41). */
function checkTurn(snapshot: Uint8Array): void {
  const world = restore(snapshot);
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
      `internal: expected a box pushed off-centre to turn by more than 0.26 rad, it turned by ${turn_rad.toFixed(3)} rad: ` +
        `Rapier ${rapier.version()} did not take the friction model. Use the planar contact mode.`,
    );
  }
}
