/** Why an adapter did not take what a peer sent: one word to count, one sentence to answer with. */

import { WireError } from "../../core/errors.ts";
import { Counts } from "../counts.ts";

export const refusalReasons = [
  "oversize",
  "frame count",
  "not MessagePack",
  "not UTF-8",
  "not JSON",
  "not a map",
  "other version",
  "unauthorized",
  "unknown endpoint",
  "not an array",
  "wrong dtype",
  "wrong shape",
  "missing input",
  "not finite",
  "not an image",
  "outside limits",
  "sideways",
  "stopped",
  "policy failed",
] as const;
export type RefusalReason = (typeof refusalReasons)[number];

/** Thrown inside an adapter, caught where the protocol's own error answer is made. */
export class Refusal extends WireError {
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason, sentence: string) {
    super(sentence);
    this.reason = reason;
  }
}

/** Counts refusals by reason, and logs the first of each kind and every thousandth. */
export class RefusalLog {
  readonly #counts = new Counts();
  readonly #log: (line: string) => void;

  constructor(log: (line: string) => void) {
    this.#log = log;
  }

  /** The refusal in `error`, counted; what is no refusal is a failure of the policy. */
  add(error: unknown): Refusal {
    const refusal =
      error instanceof Refusal ? error : new Refusal("policy failed", (error as Error).message);
    const count = this.#counts.add(refusal.reason);
    if (count === 1 || count % 1000 === 0) {
      this.#log(`refused (${refusal.reason}, ${count}): ${refusal.message}`);
    }
    return refusal;
  }

  get total(): number {
    return this.#counts.total;
  }

  byReason(): Readonly<Record<string, number>> {
    return this.#counts.byReason();
  }
}

/** What a server of another protocol has done so far. */
export interface AdapterReport {
  readonly requests: number;
  readonly actions: number;
  readonly refused: Readonly<Record<string, number>>;
}

/** Peers may write anything into a message that is quoted back or logged: short and printable. */
export function quoted(text: unknown): string {
  return `"${String(text)
    .slice(0, 60)
    .replace(/[\p{Cc}"]/gu, "?")}"`;
}
