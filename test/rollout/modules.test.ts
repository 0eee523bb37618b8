/** Scenes that come from elsewhere, by their public imports. */

import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { ConfigError } from "../../core/errors.ts";
import { WorkerPool } from "../../rollout/pool.ts";
import { conditionsOf } from "../../rollout/thread.ts";
import { root, runBlock } from "../support/run-block.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { freshTeacher, simulationOf } from "../support/tiny-runs.ts";

const simulation = simulationOf("reach-box");
const { actor, theta } = freshTeacher(simulation);

const scene = `import { addScene, findScene } from "understudy/sim";
export const elsewhere = { ...findScene("reach-box"), name: "from elsewhere" };
addScene(elsewhere);
`;

const script = `import { WorkerPool } from "understudy/rollout";
import "./scene.ts";
const pool = new WorkerPool(1, [new URL("./scene.ts", import.meta.url).href]);
const theta = Float32Array.from(${JSON.stringify([...theta])});
const simulation = { scene: "from elsewhere", config: {}, seed: 1 };
const actor = ${JSON.stringify(actor)} as const;
const ends = await pool.evaluate({ simulation, actor, theta, episodes: 2 });
console.log(ends.length, "episodes");
await pool.close();
`;

describe("a module that workers import", () => {
  const scratch = path.join(root, "runs", `modules-test-${process.pid}`);
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  const folder = temporaryFolder();

  it("adds its scene to the sim that the workers have", async () => {
    await runBlock(scene, path.join(scratch, "scene.ts"));
    expect(await runBlock(script, path.join(scratch, "script.ts"))).toBe("2 episodes\n");
  });

  it("may export its scene instead, and is refused where it has none", async () => {
    const exporting = scene.replace("addScene(elsewhere);", "").replace("addScene, ", "");
    const adding = script.replace(
      'import "./scene.ts";',
      'import { addScene } from "understudy/sim";\nimport { elsewhere } from "./scene.ts";\naddScene(elsewhere);',
    );
    await runBlock(exporting, path.join(scratch, "exporting", "scene.ts"));
    const file = path.join(scratch, "exporting", "script.ts");
    expect(await runBlock(adding, file)).toBe("2 episodes\n");
    const empty = path.join(folder, "empty.mjs");
    writeFileSync(empty, "export const a = 1;");
    const pool = new WorkerPool(1, [pathToFileURL(empty).href]);
    const refused = pool.evaluate({ simulation, actor, theta, episodes: 2 });
    await expect(refused).rejects.toThrow("adds no scene. Expected one that exports what");
    await pool.close();
  });

  it("is named, with the reason, where it cannot be imported", async () => {
    const file = path.join(folder, "broken.mjs");
    writeFileSync(file, 'throw new Error("Nothing here.");');
    const { href } = pathToFileURL(file);
    const pool = new WorkerPool(1, [href]);
    const refused = pool.evaluate({ simulation, actor, theta, episodes: 2 });
    await expect(refused).rejects.toThrow(ConfigError);
    await expect(refused).rejects.toThrow(`Cannot import the scenes of "${href}": Nothing here.`);
    await pool.close();
  });
});

it("hands on under which conditions packages are resolved, and no other flag", () => {
  const flags = [
    "--import",
    "tsx",
    "--conditions=understudy-source",
    "-C",
    "a",
    "--conditions",
    "b",
  ];
  expect(conditionsOf(flags)).toEqual([
    "--conditions=understudy-source",
    "--conditions=a",
    "--conditions=b",
  ]);
});
