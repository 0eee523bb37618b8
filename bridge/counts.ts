/** Counters and latencies that both peers keep and report. */

import { quantile } from "../core/statistics.ts";

/** How often each reason occurred. */
export class Counts {
  readonly #counts = new Map<string, number>();

  /** The count of `reason`, this one included. */
  add(reason: string): number {
    const count = (this.#counts.get(reason) ?? 0) + 1;
    this.#counts.set(reason, count);
    return count;
  }

  get total(): number {
    return [...this.#counts.values()].reduce((a, b) => a + b, 0);
  }

  byReason(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }
}

/** Refusals, counted by reason; the first of each kind, and every thousandth, also gets a line. */
export class Refusals {
  readonly #counts = new Counts();
  readonly #log: (line: string) => void;

  constructor(log: (line: string) => void) {
    this.#log = log;
  }

  add(reason: string, sentence: string): void {
    const count = this.#counts.add(reason);
    if (count === 1 || count % 1000 === 0) {
      this.#log(`refused (${reason}, ${count}): ${sentence}`);
    }
  }

  byReason(): Readonly<Record<string, number>> {
    return this.#counts.byReason();
  }
}

/** The last few thousand durations. */
export class Latencies {
  readonly #ring = new Float64Array(4096);
  #seen = 0;

  add(duration_s: number): void {
    this.#ring[this.#seen++ % this.#ring.length] = duration_s;
  }

  /** Milliseconds; zero before the first. */
  quantile_ms(q: number): number {
    if (this.#seen === 0) return 0;
    return 1000 * quantile(this.#ring.subarray(0, Math.min(this.#seen, this.#ring.length)), q);
  }
}
