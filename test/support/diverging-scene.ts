/** A scene that stops being finite in its first step: its first box starts farther away than single precision knows. Workers import this to have it. */

import type { Scene } from "../../sim/scene.ts";
import { addScene } from "../../sim/scenes/index.ts";
import { tinyScene } from "./tiny-scene.ts";

export const divergingScene: Scene = {
  ...tinyScene,
  name: "diverging",
  assemble(config) {
    const scene = tinyScene.assemble(config);
    return {
      ...scene,
      name: "diverging",
      start: (rng) =>
        scene.start(rng).map((pose, row) => (row === 1 ? { ...pose, x_m: 1e300 } : pose)),
    };
  },
};

addScene(divergingScene);
