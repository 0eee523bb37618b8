/** Scenes in modules of one's own: whoever imports such a module adds what it exports, in the thread or page it runs in. */

import { ConfigError } from "../../core/errors.ts";
import type { Scene } from "../scene.ts";
import { addScene, countAdded } from "./index.ts";

/** Modules whose scenes were added. */
const done = new WeakSet<object>();
/** Scenes that they added by `addScene` and that no module without exports stands for yet: one that another imports may be given later. */
let unclaimed = 0;

/**
 * Adds the scenes of a module: those that it exports, beside those for which it calls `addScene` itself.
 *
 * @param name of the module, for messages
 * @param load imports it
 * @throws ConfigError where it cannot be imported, adds no scene, or one whose name is taken.
 */
export async function addScenesOf(name: string, load: () => Promise<object>): Promise<void> {
  const before = countAdded();
  const exported = await load().catch((error: unknown) => {
    throw new ConfigError(`Cannot import the scenes of "${name}": ${reasonOf(error)}`);
  });
  if (done.has(exported)) return;
  const found = Object.values(exported).filter(isScene);
  unclaimed += countAdded() - before;
  if (found.length === 0 && unclaimed === 0) {
    throw new ConfigError(
      `The module "${name}" adds no scene. Expected one that exports what defineScene returns, or calls addScene.`,
    );
  }
  if (found.length === 0) unclaimed--;
  for (const scene of found) addExported(scene, name);
  done.add(exported);
}

function addExported(scene: Scene, module: string): void {
  try {
    addScene(scene);
  } catch (error) {
    throw new ConfigError(`Cannot add a scene of "${module}": ${reasonOf(error)}`);
  }
}

/** By its parts, since another copy of this package may have defined it. */
function isScene(value: unknown): value is Scene {
  if (typeof value !== "object" || value === null) return false;
  const { name, summary, config, assemble } = value as { readonly [Key in keyof Scene]?: unknown };
  const isNamed = typeof name === "string" && typeof summary === "string";
  const isSchema = typeof config === "object" && config !== null && "safeParse" in config;
  return isNamed && isSchema && typeof assemble === "function";
}

/** On one line, as a sentence. */
function reasonOf(error: unknown): string {
  const { message = String(error), code } = (error ?? {}) as Partial<NodeJS.ErrnoException>;
  const reason = `${message.replace(/\s+/g, " ").trim().replace(/\.$/, "")}.`;
  return code === "ERR_UNKNOWN_FILE_EXTENSION"
    ? `${reason} Before Node 22.18 a module has to be JavaScript.`
    : reason;
}
