/**
 * What a fuzzer needs to know of a protocol: sound messages to spoil, a way to feed the spoilt ones to
 * the real decoder and whatever stands behind it, and whether the robot moves. `bench/bridge-fuzz.ts`
 * runs the targets of `bench/fuzz/targets.ts`; the tests run a short version.
 */

import type { Rng } from "../../core/rng.ts";
import { mutate } from "./mutate.ts";

/** Frames of one message; protocols without frames (a WebSocket message) have one. */
export type Frames = readonly Uint8Array[];

/** A protocol under fire. */
export interface FuzzTarget {
  readonly name: string;
  open(): FuzzSubject | Promise<FuzzSubject>;
}

/** One running instance, fed in this process: no socket, so that a million frames take seconds. */
export interface FuzzSubject {
  /** Sound messages to mutate. None of them may move the robot: use another session, or an old one. */
  readonly pool: readonly Frames[];
  /**
   * Takes one message as if it had come from a peer. Returns why it was refused, or undefined when it
   * was taken for a message. Must not throw.
   */
  feed(frames: Frames): string | undefined | Promise<string | undefined>;
  /** Whether the robot's command is anything but zero right now. */
  moving(): boolean;
  close?(): void | Promise<void>;
}

export interface FuzzReport {
  readonly name: string;
  readonly frames: number;
  /** Mutants that were still messages (harmless ones, as nothing may move). */
  readonly accepted: number;
  /** By reason; with `accepted` they add up to `frames`. */
  readonly refused: Readonly<Record<string, number>>;
  /** Messages after which the robot moved; each is a defect. */
  readonly motions: number;
  /** Messages that threw; each is a defect. */
  readonly crashes: readonly string[];
}

/** Feeds `count` mutants of the pool, decided by `rng` alone. Stops at the tenth crash. */
export async function fuzz(target: FuzzTarget, count: number, rng: Rng): Promise<FuzzReport> {
  const subject = await target.open();
  const refused = new Map<string, number>();
  const crashes: string[] = [];
  let [frames, accepted, motions] = [0, 0, 0];
  for (; frames < count && crashes.length < 10; frames++) {
    const mutant = mutate(subject.pool[Math.floor(rng.next() * subject.pool.length)], rng);
    try {
      const answer = subject.feed(mutant);
      const reason = answer instanceof Promise ? await answer : answer;
      if (reason === undefined) accepted++;
      else refused.set(reason, (refused.get(reason) ?? 0) + 1);
    } catch (error) {
      crashes.push(`${(error as Error).message} on ${mutant.map(hex).join(" | ")}`);
    }
    if (subject.moving()) motions++;
    // a turn for timers, and for work that frames have set going
    if (frames % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await subject.close?.();
  const { name } = target;
  return { name, frames, accepted, refused: Object.fromEntries(refused), motions, crashes };
}

function hex(frame: Uint8Array): string {
  return Buffer.from(frame.subarray(0, 400)).toString("hex");
}
