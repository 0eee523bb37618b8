import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import type { EvaluatedEpisode } from "../../rollout/evaluation.ts";
import { writeReplays } from "../../rollout/replays.ts";
import { decodeReplay } from "../../sim/replay.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { simulationOf } from "../support/tiny-runs.ts";

const simulation = simulationOf("reach-box");
const folder = temporaryFolder();

it("keeps the first replays of every outcome", () => {
  const episodes = ["success", "timed out", "success", "success", "timed out"].map(
    (outcome, start): EvaluatedEpisode => ({
      start,
      outcome,
      steps: 1,
      return: 0,
      pathLength_m: 0,
      stagesDone: 0,
      ledger: new Float64Array(1),
      poses: new Float32Array(2 * 2 * 7).fill(start),
      actions: new Float32Array(2),
    }),
  );
  const files = writeReplays(folder, episodes, { simulation, policy: "p", perOutcome: 2 });
  expect(readdirSync(folder).sort()).toEqual([
    "success-0.json",
    "success-2.json",
    "timed-out-1.json",
    "timed-out-4.json",
  ]);
  expect(files).toHaveLength(4);
  const replay = decodeReplay(readFileSync(path.join(folder, "success-2.json"), "utf8"), "it");
  expect(replay).toMatchObject({ scene: "reach-box", start: 2, bodies: ["robot", "box"] });
  expect(replay.poses[5]).toBe(2);
});
