/**
 * The one place that loads Rapier; everything else takes it from here.
 *
 * The SIMD build runs wherever WebAssembly SIMD does, in Node and, bundled, in a browser; Node without it gets the
 * plain build. See docs/decisions/physics-package.md.
 */

import type * as Rapier from "@dimforge/rapier3d-simd-compat";
import { type LoadedRapier, type WasmImports, type WasmMemory, wasm } from "./rapier-wasm.ts";

export type {
  Collider,
  ColliderDesc,
  RigidBody,
  RigidBodyDesc,
  World as RapierWorld,
} from "@dimforge/rapier3d-simd-compat";

/** A module of one function, `v128.const`, whose validity tells whether SIMD is here. */
const simdProbe = Uint8Array.from([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15,
  253, 98, 11,
]);

/** Loads the build that fits this machine. */
async function load(): Promise<LoadedRapier> {
  if (wasm.validate(simdProbe) || typeof process === "undefined") return await loadSimd();
  const { loadPlain } = await import("./rapier-plain.ts");
  return await loadPlain();
}

/** The build with base64 inside keeps its memory to itself, so the instance is noted as it is made. */
async function loadSimd(): Promise<LoadedRapier> {
  const rapier = await import("@dimforge/rapier3d-simd-compat");
  let memory: WasmMemory | undefined;
  const instantiate = wasm.instantiate;
  wasm.instantiate = async (code, imports) => {
    const result = await instantiate.call(wasm, code, imports && withoutClock(imports));
    const { exports } = "instance" in result ? result.instance : result;
    if ("rawrigidbodyset_new" in exports) memory = exports.memory as WasmMemory;
    return result;
  };
  try {
    await rapier.init();
  } finally {
    wasm.instantiate = instantiate;
  }
  return { rapier, memory, build: "simd" };
}

/** Rapier reads the clock all through a step, for timings that nobody asks it for. */
function withoutClock(imports: WasmImports): WasmImports {
  const stopped = Object.entries(imports).map(([module, functions]) => {
    const kept = Object.entries(functions).map(([name, call]) => {
      return [name, name.startsWith("__wbg_now_") ? () => 0 : call];
    });
    return [module, Object.fromEntries(kept)];
  });
  return Object.fromEntries(stopped);
}

export const { rapier, memory: rapierMemory, build: rapierBuild } = await load();

/** Steps a Rapier world; where there are soft bodies (0.21), past `World.step`, which sweeps all bodies in JavaScript. */
export function stepRapier(world: Rapier.World): void {
  if (!("softBodies" in world)) {
    world.step();
    return;
  }
  const pipeline = world.physicsPipeline as unknown as { step(...parts: unknown[]): void };
  pipeline.step(
    world.gravity,
    world.integrationParameters,
    world.islands,
    world.broadPhase,
    world.narrowPhase,
    world.bodies,
    world.colliders,
    world.softBodies,
    world.impulseJoints,
    world.multibodyJoints,
    world.ccdSolver,
  );
}
