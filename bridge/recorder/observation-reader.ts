/** Puts the observations of one recorded robot together again: images have channels of their own. */

import { type PolicyInterface, rowSize } from "../../policies/manifest.ts";
import type { Rows } from "../../policies/runtime/runtime.ts";
import type { ObservationMessage } from "./channels.ts";
import type { RecordedMessage } from "./recording.ts";

export type Stamped = Pick<RecordedMessage, "stamp_ns" | "message">;

export interface ReadObservation {
  readonly sequence: number;
  readonly reset: boolean;
  /** By input, as far as they were recorded; what was not finite is NaN. */
  readonly rows: Rows;
}

export class ObservationReader {
  readonly #inputs: PolicyInterface["inputs"];
  /** Rows of the inputs that are images, as far as they have come. */
  #images: Record<string, Float32Array> = {};
  #imagesStamp_ns = -1n;

  constructor({ inputs }: Pick<PolicyInterface, "inputs">) {
    this.#inputs = inputs;
  }

  /** Takes one layer; its observation follows and has the same stamp. */
  image([input, layer]: readonly string[], { stamp_ns, message }: Stamped): void {
    const spec = this.#inputs.find(({ name }) => name === input);
    const index = spec?.camera?.layers.indexOf(layer) ?? -1;
    if (!spec || index < 0) return;
    if (stamp_ns !== this.#imagesStamp_ns) {
      this.#images = {};
      this.#imagesStamp_ns = stamp_ns;
    }
    const row = this.#images[input] ?? new Float32Array(rowSize(spec.shape));
    this.#images[input] = row;
    const bytes = Buffer.from((message as { data: string }).data, "base64");
    new Uint8Array(row.buffer).set(bytes, index * bytes.length);
  }

  observation({ stamp_ns, message }: Stamped): ReadObservation {
    const { sequence, reset, arrays } = message as ObservationMessage;
    const vectors = Object.entries(arrays).map(
      ([name, values]) =>
        [name, Float32Array.from(values, (value) => value ?? Number.NaN)] as const,
    );
    const images = stamp_ns === this.#imagesStamp_ns ? this.#images : {};
    this.#images = {};
    return { sequence, reset, rows: { ...images, ...Object.fromEntries(vectors) } };
  }
}
