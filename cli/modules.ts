/** `--module FILE`: scenes in modules of one's own, for this thread and for those that simulate. */

import path from "node:path";
import { pathToFileURL } from "node:url";
import { ConfigError } from "../core/errors.ts";
import { statsOf } from "../core/files.ts";
import type { Options } from "./command.ts";

/** For commands that find a scene by its name, or by what a checkpoint, a bundle or a recording says. */
export const moduleOption = {
  module: {
    type: "files",
    description:
      "module that exports scenes of your own, which are found by name then; may be repeated",
  },
} as const satisfies Options;

/** Adds the scenes of modules in this thread. @throws ConfigError for one that cannot be used. */
export async function addModules(files: readonly string[]): Promise<void> {
  for (const file of files) {
    if (!statsOf(file)) {
      throw new ConfigError(
        `There is no module "${file}". Give --module a file that exports scenes.`,
      );
    }
    // most command lines have none, and show their help sooner without the simulator
    const { addScenesOf } = await import("../sim/scenes/modules.ts");
    await addScenesOf(file, () => import(moduleUrl(file)));
  }
}

/** Lets plans be found in this thread: checkpoints and bundles may say that they were trained for one. */
export async function addPlans(): Promise<void> {
  await import("../llm-planner/register.ts");
}

/** As worker threads import it. */
export function moduleUrl(file: string): string {
  return pathToFileURL(path.resolve(file)).href;
}
