import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import type { EvaluatedEpisode } from "../../rollout/evaluation.ts";
import { writeReplays } from "../../rollout/replays.ts";
import { decodeReplay } from "../../sim/replay.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { simulationOf } from "../support/tiny-runs.ts";

const simulation = simulationOf("reach-box");
const home = temporaryFolder();

/** Episodes of one step; all their poses are the number of the start. */
function episodesOf(...outcomes: string[]): EvaluatedEpisode[] {
  return outcomes.map((outcome, start) => ({
    start,
    outcome,
    steps: 1,
    return: 0,
    pathLength_m: 0,
    stagesDone: 0,
    ledger: new Float64Array(1),
    poses: new Float32Array(2 * 2 * 7).fill(start),
    actions: new Float32Array(2),
  }));
}

it("keeps the first replays of every outcome", () => {
  const folder = path.join(home, "first");
  const episodes = episodesOf("success", "timed out", "success", "success", "timed out");
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

it("has the outcome in the file's name, whatever it is called", () => {
  const folder = path.join(home, "named");
  const source = { simulation, policy: "p" };
  const files = writeReplays(folder, episodesOf("hit ../the wall", "zu spät: 3 m"), source);
  expect(readdirSync(folder).sort()).toEqual(["hit-the-wall-0.json", "zu-spät-3-m-1.json"]);
  expect(decodeReplay(readFileSync(files[0], "utf8"), "it").outcome).toBe("hit ../the wall");
  writeReplays(folder, episodesOf("success"), source);
  expect(readdirSync(folder)).toEqual(["success-0.json"]);
});

describe("in a folder that was written to before", () => {
  const write = (folder: string, episodes: readonly EvaluatedEpisode[]) =>
    writeReplays(folder, episodes, { simulation, policy: "p" });

  it("takes the place of earlier replays, and leaves all else", () => {
    const folder = path.join(home, "again");
    write(folder, episodesOf("timed out", "out of the arena", "success"));
    writeFileSync(path.join(folder, "notes-7.json"), "{}");
    writeFileSync(path.join(folder, "out-of-the-arena-9.json"), "not a replay");
    // somebody kept this one under a name of his own
    copyFileSync(path.join(folder, "timed-out-0.json"), path.join(folder, "mine-1.json"));
    mkdirSync(path.join(folder, "run-3.json"));
    const files = write(folder, episodesOf("success", "timed out"));
    const expected = ["success-0.json", "timed-out-1.json"];
    const foreign = ["notes-7.json", "out-of-the-arena-9.json", "mine-1.json", "run-3.json"];
    expect(files).toEqual(expected.map((name) => path.join(folder, name)));
    expect(readdirSync(folder).sort()).toEqual([...expected, ...foreign].sort());
  });

  it("leaves them where there is nothing new, or it cannot be written", () => {
    const folder = path.join(home, "failing");
    write(folder, episodesOf("timed out", "success"));
    const before = readdirSync(folder);
    const { poses: _, ...unrecorded } = episodesOf("success")[0];
    expect(write(folder, [unrecorded])).toEqual([]);
    expect(readdirSync(folder)).toEqual(before);
    // a folder that is not empty has the name of the new one
    mkdirSync(path.join(folder, "success-0.json", "inside"), { recursive: true });
    expect(() => write(folder, episodesOf("success"))).toThrow();
    expect(readdirSync(folder)).toEqual(["success-0.json", ...before].sort());
  });
});
