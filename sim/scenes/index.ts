/** Every scene there is. Adding a scene is adding a line here; the tests do the rest. */

import { ConfigError } from "../../core/errors.ts";
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

/** The scene of that name; a ConfigError lists what there is. */
export function findScene(name: string): Scene {
  const found = scenes.find((scene) => scene.name === name);
  if (found) return found;
  const known = scenes.map((scene) => scene.name).join(", ");
  throw new ConfigError(`Unknown scene "${name}". Scenes: ${known}.`);
}
