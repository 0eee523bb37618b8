/**
 * Feeds a recording through a policy and compares what it does with what was done. Only observations
 * that were answered are fed, in the order of the answers, so that a policy with memory remembers the
 * same past.
 */

import { FileError } from "../../core/errors.ts";
import { quantile } from "../../core/statistics.ts";
import type { PolicyInterface, PolicyManifest } from "../../policies/manifest.ts";
import { describeInterface, manifestHash } from "../../policies/manifest-hash.ts";
import type { PolicyRuntime, Rows } from "../../policies/runtime/runtime.ts";
import type { ActionMessage } from "./channels.ts";
import { ObservationReader, type Stamped } from "./observation-reader.ts";
import { manifestIn, readRecording } from "./recording.ts";

export interface ReplayReport {
  /** False for a recording that breaks off. */
  readonly whole: boolean;
  readonly robots: number;
  readonly observations: number;
  readonly compared: number;
  /** Actions whose observation is not in the recording, or that have another size. */
  readonly skipped: number;
  /** Largest difference of a number, in output units: over all, and of 99 % of the actions. */
  readonly maxDifference: number;
  readonly p99Difference: number;
  /** Actions that differ by more than the tolerance. */
  readonly different: number;
  /** The first of them. */
  readonly first: Difference | undefined;
}

export interface Difference {
  readonly robot: string;
  readonly observation: number;
  readonly recorded: readonly number[];
  readonly replayed: readonly number[];
}

/** Observations of a robot that an action may still answer. */
const remembered = 64;

/** @throws FileError for a file that is no recording, or one of robots that `policy` does not fit. */
export async function replayRecording(
  file: string,
  policy: PolicyRuntime,
  tolerance: number,
): Promise<ReplayReport> {
  const robots = new Map<string, ReplayedRobot>();
  const comparison = new Comparison(tolerance);
  let observations = 0;
  let fits = false;
  const { whole } = await readRecording(
    file,
    async ({ topic, schemaName, stamp_ns, message }) => {
      const [, name, ...rest] = topic.split("/");
      if (!fits) throw new FileError(`"${file}" does not say for which policy it was recorded.`);
      let robot = robots.get(name);
      if (!robot && rest.length > 0) {
        robot = new ReplayedRobot(policy.manifest);
        robots.set(name, robot);
      }
      if (schemaName === "foxglove.RawImage") robot?.reader.image(rest, { stamp_ns, message });
      if (schemaName === "understudy.Observation") {
        observations++;
        robot?.observation({ stamp_ns, message });
      }
      if (schemaName !== "understudy.Action" || !robot) return;
      const { observation, action } = message as ActionMessage;
      const recorded = action.map((value) => value ?? Number.NaN);
      const replayed = await robot.answer(policy, observation);
      // of a chunk, simulations record the action that they used
      const compared = replayed?.slice(0, recorded.length) ?? [];
      comparison.add({ robot: name, observation, recorded, replayed: compared });
    },
    ({ manifest }) => {
      checkFit(file, manifest, policy.manifest);
      fits = true;
    },
  );
  return { whole, robots: robots.size, observations, ...comparison.summary() };
}

function checkFit(file: string, recorded: string | undefined, manifest: PolicyManifest): void {
  if (recorded === undefined) {
    throw new FileError(`"${file}" does not say for which policy it was recorded.`);
  }
  const theirs = manifestIn(recorded, file) as PolicyInterface;
  if (manifestHash(theirs) === manifestHash(manifest)) return;
  throw new FileError(
    `Policy "${manifest.name}" does not fit the robots of "${file}": it has ${describeInterface(manifest)}, they have ${describeInterface(theirs)}. Replay a policy made for them.`,
  );
}

class Comparison {
  readonly #tolerance: number;
  readonly #differences: number[] = [];
  #skipped = 0;
  #different = 0;
  #first: Difference | undefined;

  constructor(tolerance: number) {
    this.#tolerance = tolerance;
  }

  add(pair: Difference): void {
    const { recorded, replayed } = pair;
    if (recorded.length !== replayed.length) {
      this.#skipped++;
      return;
    }
    const largest = Math.max(...recorded.map((value, i) => Math.abs(value - replayed[i])));
    this.#differences.push(largest);
    // what is not a number is not the same either
    if (largest <= this.#tolerance) return;
    this.#different++;
    this.#first ??= pair;
  }

  summary() {
    const none = this.#differences.length === 0;
    return {
      compared: this.#differences.length,
      skipped: this.#skipped,
      maxDifference: none ? 0 : this.#differences.reduce((a, b) => Math.max(a, b)),
      p99Difference: none ? 0 : quantile(this.#differences, 0.99),
      different: this.#different,
      first: this.#first,
    };
  }
}

/** One robot's observations, and what the policy remembers of it. */
class ReplayedRobot {
  readonly reader: ObservationReader;
  readonly #observations = new Map<number, { readonly rows: Rows; readonly reset: boolean }>();
  #state: Rows | undefined;

  constructor(manifest: PolicyManifest) {
    this.reader = new ObservationReader(manifest);
  }

  observation(stamped: Stamped): void {
    const { sequence, rows, reset } = this.reader.observation(stamped);
    this.#observations.set(sequence, { rows, reset });
    const [oldest] = this.#observations.keys();
    if (this.#observations.size > remembered && oldest !== undefined) this.#drop(oldest);
  }

  /** What the policy does about an observation; undefined if that is not known. */
  async answer(policy: PolicyRuntime, sequence: number): Promise<readonly number[] | undefined> {
    const observed = this.#observations.get(sequence);
    if (!observed) return undefined;
    // a reset counts even where its own observation was overtaken and not answered
    for (const earlier of [...this.#observations.keys()]) {
      if (earlier < sequence) this.#drop(earlier);
    }
    if (observed.reset) this.#state = undefined;
    this.#observations.set(sequence, { ...observed, reset: false });
    const { actions, state } = await policy.step(observed.rows, this.#state, 1);
    this.#state = state;
    return [...actions];
  }

  #drop(sequence: number): void {
    if (this.#observations.get(sequence)?.reset) this.#state = undefined;
    this.#observations.delete(sequence);
  }
}
