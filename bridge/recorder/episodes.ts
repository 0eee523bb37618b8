/**
 * Recorded sessions as episodes of steps: what each robot saw and what it was told meanwhile. An episode ends where the
 * robot says so; else where its memory was reset, or where its recording ends, and then nobody knows how it went.
 */

import { FileError } from "../../core/errors.ts";
import { type PolicyManifest, parseManifest, rowSize } from "../../policies/manifest.ts";
import type { Rows } from "../../policies/runtime/runtime.ts";
import type { ActionMessage, EpisodeMessage } from "./channels.ts";
import { ObservationReader, type ReadObservation, type Stamped } from "./observation-reader.ts";
import { manifestIn, readRecording } from "./recording.ts";

export interface EpisodeStep {
  readonly robot: string;
  readonly inputs: Rows;
  /** What the robot was told in this step, in the manifest's output units; zeros where that was nothing. */
  readonly action: Float32Array;
  /** Set with the last step of an episode. */
  readonly end: { readonly outcome: string } | undefined;
}

/** Outcome of an episode that nobody said the end of. */
export const unfinished = "unfinished";

/** Ttl and watchdog of a single action unless told otherwise. */
const inForce_s = 0.25;

/**
 * Hands over all steps, those of several robots in turn, once the policy's manifest is known.
 * @throws FileError when the file is no recording, or does not say of which policy.
 */
export async function readEpisodes(
  file: string,
  onManifest: (manifest: PolicyManifest) => void,
  onStep: (step: EpisodeStep) => Promise<void>,
): Promise<{ readonly whole: boolean; readonly spoilt: number }> {
  const robots = new Map<string, EpisodeReader>();
  let manifest: PolicyManifest | undefined;
  const { whole } = await readRecording(
    file,
    async ({ topic, schemaName, stamp_ns, message }) => {
      const [, name, ...rest] = topic.split("/");
      if (!manifest)
        throw new FileError(`"${file}" does not say for which policy it was recorded.`);
      if (rest.length === 0) return;
      const robot = robots.get(name) ?? new EpisodeReader(name, manifest);
      robots.set(name, robot);
      for (const step of robot.take(schemaName, rest, { stamp_ns, message })) await onStep(step);
    },
    (metadata) => {
      if (metadata.manifest === undefined) return;
      manifest = parseManifest(manifestIn(metadata.manifest, file), file);
      onManifest(manifest);
    },
  );
  for (const robot of robots.values()) for (const step of robot.finish()) await onStep(step);
  return { whole, spoilt: [...robots.values()].reduce((sum, robot) => sum + robot.spoilt, 0) };
}

/** One robot. A step is known when the next one begins, or the episode ends. */
class EpisodeReader {
  /** Observations that were not whole or not finite, which no policy has seen. */
  spoilt = 0;
  readonly #robot: string;
  readonly #manifest: PolicyManifest;
  readonly #reader: ObservationReader;
  /** Steps of this robot so far, and which of them recent observations began. */
  #steps = 0;
  readonly #stepOf = new Map<number, number>();
  #open: ReadObservation | undefined;
  #answer = { step: 0, values: new Float32Array(0) };

  constructor(robot: string, manifest: PolicyManifest) {
    this.#robot = robot;
    this.#manifest = manifest;
    this.#reader = new ObservationReader(manifest);
  }

  /** Takes one message; the steps that are known by it, one at most. */
  take(schemaName: string, topic: readonly string[], stamped: Stamped): EpisodeStep[] {
    switch (schemaName) {
      case "foxglove.RawImage":
        this.#reader.image(topic, stamped);
        return [];
      case "understudy.Observation":
        return this.#observe(this.#reader.observation(stamped));
      case "understudy.Action":
        this.#told(stamped.message as ActionMessage);
        return [];
      case "understudy.Episode":
        return this.#close((stamped.message as EpisodeMessage).outcome);
      default:
        return [];
    }
  }

  finish(): EpisodeStep[] {
    return this.#close(unfinished);
  }

  #observe(observation: ReadObservation): EpisodeStep[] {
    if (!isWhole(observation, this.#manifest)) {
      this.spoilt++;
      return [];
    }
    const before = this.#close(observation.reset ? unfinished : undefined);
    this.#open = observation;
    this.#stepOf.set(observation.sequence, ++this.#steps);
    const [oldest] = this.#stepOf.keys();
    if (this.#stepOf.size > 64) this.#stepOf.delete(oldest);
    return before;
  }

  #told({ observation, action }: ActionMessage): void {
    const step = this.#stepOf.get(observation);
    if (step === undefined || action.includes(null)) return;
    this.#answer = { step, values: Float32Array.from(action as readonly number[]) };
  }

  /** The step under way is over, and with an `outcome` the episode as well. */
  #close(outcome: string | undefined): EpisodeStep[] {
    if (!this.#open) return [];
    const end = outcome === undefined ? undefined : { outcome };
    const step = { robot: this.#robot, inputs: this.#open.rows, action: this.#due(), end };
    this.#open = undefined;
    // nothing said in one episode drives in the next
    if (end) this.#answer = { step: 0, values: new Float32Array(0) };
    return [step];
  }

  /** As the command gate has it: of a chunk the action of this step, a single one while it is in force. */
  #due(): Float32Array {
    const size = rowSize(this.#manifest.output.shape);
    const { step, values } = this.#answer;
    const due = this.#steps - step;
    const chunk = values.length / size;
    if (chunk > 1 && due < chunk) return values.slice(due * size, (due + 1) * size);
    const isInForce = chunk === 1 && due * this.#manifest.controlStep_s < inForce_s;
    return isInForce ? values : new Float32Array(size);
  }
}

function isWhole({ rows }: ReadObservation, { inputs }: PolicyManifest): boolean {
  return inputs.every(({ name, shape }) => {
    const row = rows[name];
    return row?.length === rowSize(shape) && row.every(Number.isFinite);
  });
}
