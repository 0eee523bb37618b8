/**
 * What a student is told besides its images (a goal, where things were last seen), from ROS topics of
 * std_msgs/Float32MultiArray: one topic an input, the numbers in the order of the manifest's columns.
 */

import { type PolicyInput, rowSize } from "../../policies/manifest.ts";
import { type NdArray, ndarray } from "./numpy.ts";
import type { InputNames } from "./policy-session.ts";
import { Refusal } from "./refusal.ts";

/** Older numbers are taken for missing: these messages carry no time of their own. */
const oldest_s = 0.5;

export class ToldByTopics {
  /** Types by topic, to subscribe to. */
  readonly topics: Readonly<Record<string, string>>;
  readonly #inputOf: ReadonlyMap<string, PolicyInput>;
  readonly #rows = new Map<string, { readonly row: NdArray; readonly at_s: number }>();

  /** `names` has the topics of inputs that are not at /understudy/INPUT. */
  constructor(inputs: readonly PolicyInput[], names: InputNames = {}) {
    this.#inputOf = new Map(
      inputs.map((input) => [names[input.name] ?? `/understudy/${input.name}`, input]),
    );
    const types = [...this.#inputOf.keys()].map(
      (topic) => [topic, "std_msgs/msg/Float32MultiArray"] as const,
    );
    this.topics = Object.fromEntries(types);
  }

  /** Takes a message if it is of one of these topics. @throws Refusal for one of another size, or not finite. */
  take(topic: string, message: Readonly<Record<string, unknown>>, now_s: number): boolean {
    const input = this.#inputOf.get(topic);
    if (!input) return false;
    const { data } = message;
    const size = rowSize(input.shape);
    if (!Array.isArray(data) || data.length !== size) {
      throw new Refusal("wrong shape", `Expected ${size} numbers of "${input.name}" at ${topic}.`);
    }
    if (!data.every(Number.isFinite)) {
      throw new Refusal("not finite", `A number of "${input.name}" at ${topic} is not finite.`);
    }
    this.#rows.set(input.name, { row: ndarray(Float32Array.from(data), input.shape), at_s: now_s });
    return true;
  }

  /** The newest row of an input, unless it is too old. */
  row(name: string, now_s: number): NdArray | undefined {
    const newest = this.#rows.get(name);
    return newest && now_s - newest.at_s <= oldest_s ? newest.row : undefined;
  }
}
