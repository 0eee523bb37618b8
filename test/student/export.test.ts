/** What an export says of its scene, and leaves behind. */

import path from "node:path";
import { expect, it } from "vitest";
import { createRng } from "../../core/rng.ts";
import { readBundle } from "../../policies/bundle.ts";
import { studentNetwork } from "../../policies/networks/student.ts";
import type { Scene } from "../../sim/scene.ts";
import { addScene } from "../../sim/scenes/index.ts";
import { exportStudent } from "../../student/export.ts";
import { studentSpec } from "../../student/student.ts";
import { watchSessions } from "../support/open-sessions.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { saveFreshStudent, simulationOf, tinyStudent } from "../support/tiny-runs.ts";
import { tinyScene } from "../support/tiny-scene.ts";

const folder = temporaryFolder();

/** The tiny scene with a robot of its own. */
const slowScene: Scene = {
  ...tinyScene,
  name: "slow",
  assemble(config) {
    const scene = tinyScene.assemble(config);
    const robot = { ...scene.cast.robot, maxSpeed_mps: 0.2 };
    return { ...scene, name: "slow", cast: { ...scene.cast, robot } };
  },
};
addScene(slowScene);

it("names the robot only of a scene that has that one", async () => {
  const [own, known] = [path.join(folder, "slow"), path.join(folder, "reach-box")];
  await saveFreshStudent(own, simulationOf("slow"));
  await saveFreshStudent(known, simulationOf("reach-box"));
  expect(readBundle(own).manifest).not.toHaveProperty("robot");
  expect(readBundle(own).manifest.output.columns[0].scale).toBe(0.2);
  expect(readBundle(known).manifest.robot).toBe("ego-push");
});

it("leaves nothing open where the scene does not give what the student reads", async () => {
  const spec = studentSpec(simulationOf("push-pair"), tinyStudent);
  const theta = studentNetwork(spec).params.init(createRng(3));
  const sessions = watchSessions();
  try {
    const mixed = exportStudent({
      ...{ folder: path.join(folder, "mixed"), spec, theta, config: tinyStudent },
      ...{ simulation: simulationOf("reach-box"), source: { command: "", environmentSteps: 0 } },
    });
    await expect(mixed).rejects.toThrow('Expected "layers" as float32 [64, 2, 64, 64]');
    expect(sessions.open.size).toBe(0);
  } finally {
    sessions.stop();
  }
});
