/** Recorded episodes as files, which the page shows. */

import { readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { entriesOf, writeFileWhole } from "../core/files.ts";
import { decodeReplay, encodeReplay, type Replay } from "../sim/replay.ts";
import { assembleScene } from "../sim/scene.ts";
import { findScene } from "../sim/scenes/index.ts";
import type { EvaluatedEpisode } from "./evaluation.ts";
import type { SimulationSpec } from "./shard.ts";

export interface ReplaySource {
  /** What the episodes were evaluated in. */
  readonly simulation: SimulationSpec;
  /** What drove: a bundle's folder, a checkpoint, or a name. */
  readonly policy: string;
  /** Most files of each outcome; 4 unless given. */
  readonly perOutcome?: number;
}

/**
 * Writes the first successes and the first failures of each kind, as `OUTCOME-START.json`; returns the files. They take the place of
 * the replays that an earlier call left in the folder; what else lies there stays. Episodes are those of `WorkerPool.evaluate` with
 * `record: true`; without it they hold nothing to write, and are passed over.
 */
export function writeReplays(
  folder: string,
  episodes: readonly EvaluatedEpisode[],
  { simulation, policy, perOutcome = 4 }: ReplaySource,
): string[] {
  const written: Record<string, number> = {};
  const files: string[] = [];
  const { timing, cast } = assembleScene(findScene(simulation.scene), simulation.config);
  const shared = {
    scene: simulation.scene,
    config: simulation.config as Replay["config"],
    policy,
    seed: simulation.seed,
    controlStep_s: timing.controlStep_s,
    bodies: ["robot", ...cast.bodies.map((body) => body.name)],
  };
  for (const { poses, actions, outcome, start, steps, return: total } of episodes) {
    written[outcome] = (written[outcome] ?? 0) + 1;
    if (!poses || !actions || written[outcome] > perOutcome) continue;
    const file = path.join(folder, nameOf({ outcome, start }));
    const replay = encodeReplay({
      ...shared,
      ...{ start, outcome, steps, return: total, poses, actions },
    });
    writeFileWhole(file, `${replay}\n`);
    files.push(file);
  }
  if (files.length > 0) removeEarlier(folder, new Set(files));
  return files;
}

/** An outcome is in the words of its scene: what could not stand in a file's name is a dash. */
function nameOf({ outcome, start }: Pick<Replay, "outcome" | "start">): string {
  return `${outcome.replaceAll(/[^\p{L}\p{N}]+/gu, "-")}-${start}.json`;
}

/** Removes what was written here before: replays that have the name of their outcome and start, and are none of `files`. */
function removeEarlier(folder: string, files: ReadonlySet<string>): void {
  for (const { name } of entriesOf(folder)) {
    const file = path.join(folder, name);
    if (/-\d+\.json$/.test(name) && !files.has(file) && hasOwnName(file)) rmSync(file);
  }
}

function hasOwnName(file: string): boolean {
  try {
    return path.basename(file) === nameOf(decodeReplay(readFileSync(file, "utf8"), file));
  } catch {
    return false;
  }
}
