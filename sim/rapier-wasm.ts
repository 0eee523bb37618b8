/** WebAssembly as Rapier's loaders need it; Node's types do not declare it. */

import type * as Rapier from "@dimforge/rapier3d-simd-compat";

export type RapierModule = typeof Rapier;

export interface LoadedRapier {
  readonly rapier: RapierModule;
  /** Rapier's own memory, or undefined where it could not be had. */
  readonly memory: WasmMemory | undefined;
  readonly build: "simd" | "plain";
}

/** The part of a WebAssembly memory that is used here. */
export interface WasmMemory {
  /** Replaced when the memory grows. */
  readonly buffer: ArrayBuffer;
}

/** Functions that a module calls, by the name of the module that it imports them from. */
export type WasmImports = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

interface WasmInstance {
  readonly exports: Record<string, unknown>;
}

interface WasmGlobal {
  compile(bytes: Uint8Array): Promise<object>;
  instantiate(
    code: object,
    imports?: WasmImports,
  ): Promise<WasmInstance | { instance: WasmInstance }>;
  validate(bytes: Uint8Array): boolean;
}

export const wasm = (globalThis as unknown as { WebAssembly: WasmGlobal }).WebAssembly;
