/**
 * Training runs, followed from outside by the checkpoints they write: no run has to know that it is watched, and one that
 * began before can be followed too.
 */

import path from "node:path";
import { entriesOf, statsOf } from "../core/files.ts";
import { readCheckpointKind } from "../policies/checkpoint.ts";
import { readStudent } from "../student/checkpoint.ts";
import { readTeacher } from "../teacher/checkpoint.ts";
import type { RunPoint, RunState } from "../viewer/live-messages.ts";

/** Points of a curve that are kept. */
const MOST_POINTS = 500;

interface Followed {
  modified_ms: number;
  state: RunState | undefined;
}

/** The part of a checkpoint that is told. */
interface Standing {
  readonly phase: RunState["phase"];
  readonly scene: string;
  readonly environmentSteps: number;
  readonly totalSteps: number;
  readonly metrics: Readonly<Record<string, number>>;
}

export class RunWatch {
  readonly #folder: string;
  readonly #since_ms: number;
  readonly #files = new Map<string, Followed>();

  /** @param since_ms checkpoints last written before this (file time) are of runs that are over */
  constructor(folder: string, since_ms: number) {
    this.#folder = folder;
    this.#since_ms = since_ms;
  }

  /** The runs that have written since the last look. */
  look(): RunState[] {
    return this.#checkpoints().flatMap((file) => {
      const modified_ms = statsOf(file)?.mtimeMs ?? 0;
      const known = this.#files.get(file);
      if (modified_ms < this.#since_ms || modified_ms === known?.modified_ms) return [];
      const standing = standingOf(file);
      if (!standing) return [];
      const name = path.relative(this.#folder, file).replaceAll(path.sep, "/");
      const elapsed_s = known ? (modified_ms - known.modified_ms) / 1000 : undefined;
      const state = nextState(name, standing, known?.state, elapsed_s);
      this.#files.set(file, { modified_ms, state });
      return [state];
    });
  }

  /** The checkpoint of a run that `look` has told of. */
  fileOf(name: string): string | undefined {
    const file = path.join(this.#folder, name);
    return this.#files.has(file) ? file : undefined;
  }

  /** Checkpoints right in the folder, and one level below. */
  #checkpoints(): string[] {
    const files = entriesOf(this.#folder).flatMap((entry) => {
      const at = path.join(this.#folder, entry.name);
      if (entry.isFile()) return [at];
      return entry.isDirectory() ? entriesOf(at).map(({ name }) => path.join(at, name)) : [];
    });
    return files.filter((file) => file.endsWith(".ckpt"));
  }
}

/** How a run stands after a newer checkpoint; a rate needs two. */
export function nextState(
  name: string,
  standing: Standing,
  before: RunState | undefined,
  elapsed_s: number | undefined,
): RunState {
  const { phase, scene, environmentSteps, totalSteps, metrics } = standing;
  const steps = environmentSteps - (before?.environmentSteps ?? 0);
  const advanced = elapsed_s !== undefined && elapsed_s > 0 && steps > 0;
  const stepsPerSecond = advanced ? steps / elapsed_s : (before?.stepsPerSecond ?? null);
  const left = Math.max(0, totalSteps - environmentSteps);
  const point: RunPoint = {
    environmentSteps,
    success: known(metrics.success),
    return: known(metrics.return),
  };
  return {
    name,
    phase,
    scene,
    environmentSteps,
    totalSteps,
    stepsPerSecond,
    left_s: stepsPerSecond === null ? null : left / stepsPerSecond,
    points: [...(before?.points ?? []), point].slice(-MOST_POINTS),
  };
}

function known(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
}

/** Undefined for a file that is not a whole checkpoint of a kind that trains; the next one will be. */
function standingOf(file: string): Standing | undefined {
  try {
    const phase = readCheckpointKind(file) === "teacher" ? "teacher" : "student";
    const { progress, config, simulation } =
      phase === "teacher" ? readTeacher(file) : readStudent(file);
    const { environmentSteps, metrics } = progress;
    const totalSteps = config.iterations * config.envs * config.rolloutSteps;
    return { phase, scene: simulation.scene, environmentSteps, totalSteps, metrics };
  } catch {
    return undefined;
  }
}
