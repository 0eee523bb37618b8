/** Every scene there is. Adding a scene is adding a line here; the tests do the rest. */

import { ConfigError } from "../../core/errors.ts";
import { changedByParsing } from "../../core/settings.ts";
import type { Scene } from "../scene.ts";
import { pushArrangement } from "./push-arrangement.ts";
import { pushCross } from "./push-cross.ts";
import { pushLine } from "./push-line.ts";
import { pushPair } from "./push-pair.ts";
import { pushTriangle } from "./push-triangle.ts";
import { reachBox } from "./reach-box.ts";

export const scenes: readonly Scene[] = [
  reachBox,
  pushCross,
  pushLine,
  pushTriangle,
  pushArrangement,
  pushPair,
];

/** Scenes that others have brought: found by name. */
const added = new Map<string, Scene>();
/** Names of those that nobody chooses. */
const unlisted = new Set<string>();

/**
 * Lets a scene from elsewhere be found by its name, in this thread. Workers that simulate it need a module
 * that exports or adds it: see `WorkerPool`.
 *
 * @param listed whether messages about unknown names offer it
 * @throws ConfigError where another scene has that name, and for settings that are others when they are parsed again.
 */
export function addScene(scene: Scene, { listed = true } = {}): void {
  const taken = [...scenes, ...added.values()].find(({ name }) => name === scene.name);
  if (taken && taken !== scene) {
    throw new ConfigError(
      `There is a scene "${scene.name}" already. Give the other one another name.`,
    );
  }
  checkConfig(scene);
  added.set(scene.name, scene);
  if (!listed) unlisted.add(scene.name);
}

/** What is kept of a run, and handed to its workers, are settings as they were parsed; whoever reads them parses them again. */
function checkConfig({ name, config }: Scene): void {
  if (!("_zod" in config)) {
    throw new ConfigError(`The settings of scene "${name}" are no schema of zod 4. Install zod@4.`);
  }
  const setting = changedByParsing(config);
  if (setting === undefined) return;
  throw new ConfigError(
    `Scene "${name}" has the setting "${setting}", which parsing changes (a transform, a codec or a preprocess). Change it where the scene uses it: settings are parsed again wherever they are read.`,
  );
}

/** The scene of that name; a ConfigError lists what there is, and says how to add one. */
export function findScene(name: string): Scene {
  const found = scenes.find((scene) => scene.name === name) ?? added.get(name);
  if (found) return found;
  throw new ConfigError(
    `Unknown scene "${name}". Scenes: ${listedNames()}. One of your own has to be added first: by --module FILE on the command line, by addScene in code.`,
  );
}

/** The scenes to choose from: those that ship, then those that were added. */
export function listedScenes(): readonly Scene[] {
  const others = [...added.values()].filter((scene) => !scenes.includes(scene));
  return [...scenes, ...others].filter(({ name }) => !unlisted.has(name));
}

/** Their names, for messages. */
export function listedNames(): string {
  return listedScenes()
    .map(({ name }) => name)
    .join(", ");
}

/** How many scenes were added in this thread. */
export function countAdded(): number {
  return added.size;
}
