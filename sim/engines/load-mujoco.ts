/**
 * Loads MuJoCo, which is here only where somebody installed it: it is a development dependency, ten megabytes of
 * WebAssembly that neither training nor a robot needs.
 */

import type { MainModule } from "@mujoco/mujoco";
import { ConfigError } from "../../core/errors.ts";

/** A variable, so that bundlers leave the package out of pages. */
const packageName: string = "@mujoco/mujoco";

let loading: Promise<MainModule> | undefined;

/** The one instance of this thread; a ConfigError says how to get MuJoCo where it is missing. */
export function loadMujoco(): Promise<MainModule> {
  loading ??= load(packageName);
  return loading;
}

/** Loads a package that makes MuJoCo modules as `@mujoco/mujoco` does. */
export async function load(name: string): Promise<MainModule> {
  let made: { readonly default: (options?: unknown) => Promise<MainModule> };
  try {
    made = await import(/* @vite-ignore */ name);
  } catch (error) {
    if ((error as { code?: unknown }).code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new ConfigError(
      `The MuJoCo engine needs the package "${name}", which is not installed. Install it with "npm install --save-dev ${name}", or use the engine "rapier".`,
    );
  }
  return made.default();
}
