/**
 * Progress of a run with several phases, on stderr. On a terminal one line is redrawn; elsewhere (a log
 * file, CI) a line is written every ten seconds. Each finished phase leaves one line behind.
 */

import { formatCount, formatDuration, formatPercent } from "./format.ts";

/** What may stand beside the bar. */
export interface ProgressFacts {
  /** Share of episodes that succeeded lately, 0 to 1. */
  readonly success?: number;
  /** A few words, for example `KL 0.012`. */
  readonly note?: string;
}

export interface Phase {
  readonly name: string;
  /** What is counted: `steps`, `episodes`, `frames`. */
  readonly unit: string;
  /** How many will be done; undefined where nobody knows. */
  readonly total?: number;
}

export interface FinishedPhase {
  readonly name: string;
  readonly unit: string;
  readonly done: number;
  readonly wall_s: number;
}

/** The part of a stream that is used here. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const BAR_CELLS = 24;
const REDRAW_S = 0.1;
const LOG_S = 10;
/** The rate is the average over this much time, so that it follows a change of pace. */
const RATE_WINDOW_S = 15;

export class Progress {
  readonly #names: readonly string[];
  readonly #stream: ProgressStream;
  readonly #now_s: () => number;
  readonly #finished: FinishedPhase[] = [];
  #phase: Phase | undefined;
  #startedAt_s = 0;
  #drawnAt_s = 0;
  #done = 0;
  #facts: ProgressFacts = {};
  #samples: { at_s: number; done: number }[] = [];
  #lineIsOpen = false;

  /** `names` of all phases to come give the "2/5" in front of each. */
  constructor(
    names: readonly string[],
    stream: ProgressStream = process.stderr,
    now_s: () => number = () => performance.now() / 1000,
  ) {
    this.#names = names;
    this.#stream = stream;
    this.#now_s = now_s;
  }

  /** Times of the phases that are over, for the report. */
  get finished(): readonly FinishedPhase[] {
    return this.#finished;
  }

  /** Begins a phase; the one before is finished if it was not. */
  start(phase: Phase): void {
    this.finish();
    this.#phase = phase;
    this.#startedAt_s = this.#now_s();
    // a log should say at once what has begun
    this.#drawnAt_s = Number.NEGATIVE_INFINITY;
    this.#done = 0;
    this.#facts = {};
    this.#samples = [{ at_s: this.#startedAt_s, done: 0 }];
    this.#draw();
  }

  /** Says how much is done by now; cheap enough to be called every control step. */
  update(done: number, facts: ProgressFacts = {}): void {
    this.#done = done;
    this.#facts = facts;
    this.#draw();
  }

  /** Writes a line of its own above the bar. */
  say(text: string): void {
    this.#clear();
    this.#stream.write(`${text}\n`);
    this.#drawnAt_s = Number.NEGATIVE_INFINITY;
    if (this.#stream.isTTY) this.#draw();
  }

  /** Ends the phase and leaves its line behind. */
  finish(facts: ProgressFacts = this.#facts): void {
    if (!this.#phase) return;
    const { name, unit } = this.#phase;
    const wall_s = this.#now_s() - this.#startedAt_s;
    this.#finished.push({ name, unit, done: this.#done, wall_s });
    const pace = `${formatCount(this.#done)} ${unit}, ${formatCount(this.#done / wall_s)}/s`;
    const words = [`✓ ${this.#title()}  ${formatDuration(wall_s)}`, ...shown(facts), pace];
    this.#clear();
    this.#stream.write(`${words.join("  ")}\n`);
    this.#phase = undefined;
  }

  /** Takes the open line away, for an error message to follow. */
  close(): void {
    this.#clear();
    this.#phase = undefined;
  }

  #draw(): void {
    const now_s = this.#now_s();
    if (now_s - this.#drawnAt_s < (this.#stream.isTTY ? REDRAW_S : LOG_S)) return;
    this.#drawnAt_s = now_s;
    const line = this.#line(now_s);
    if (!this.#stream.isTTY) {
      this.#stream.write(`${line}\n`);
      return;
    }
    const width = (this.#stream.columns ?? 100) - 1;
    this.#stream.write(`\r\u001b[K${[...line].slice(0, width).join("")}`);
    this.#lineIsOpen = true;
  }

  #line(now_s: number): string {
    const { unit, total } = this.#phase ?? { unit: "", total: undefined };
    const rate = this.#rate(now_s);
    const words = [`  ${this.#title()}`];
    if (total === undefined) {
      words.push(`${formatCount(this.#done)} ${unit}`);
    } else {
      const share = total > 0 ? Math.min(1, this.#done / total) : 1;
      const percent = `${Math.floor(share * 100)} %`.padStart(5);
      words.push(
        `${bar(share)} ${percent}`,
        `${formatCount(this.#done)}/${formatCount(total)} ${unit}`,
      );
    }
    if (rate > 0) words.push(`${formatCount(rate)}/s`);
    words.push(...shown(this.#facts));
    if (total !== undefined && rate > 0) {
      words.push(`eta ${formatDuration(Math.max(0, total - this.#done) / rate)}`);
    }
    return words.join("  ");
  }

  #rate(now_s: number): number {
    this.#samples.push({ at_s: now_s, done: this.#done });
    while (this.#samples.length > 2 && this.#samples[1].at_s < now_s - RATE_WINDOW_S) {
      this.#samples.shift();
    }
    const [first] = this.#samples;
    return now_s > first.at_s ? (this.#done - first.done) / (now_s - first.at_s) : 0;
  }

  #title(): string {
    const name = this.#phase?.name ?? "";
    const at = this.#names.indexOf(name);
    const width = Math.max(...this.#names.map((other) => other.length), name.length);
    return at < 0 ? name.padEnd(width) : `${at + 1}/${this.#names.length} ${name.padEnd(width)}`;
  }

  #clear(): void {
    if (this.#lineIsOpen) this.#stream.write("\r\u001b[K");
    this.#lineIsOpen = false;
  }
}

function shown({ success, note }: ProgressFacts): string[] {
  return [
    ...(success === undefined ? [] : [`success ${formatPercent(success)}`]),
    ...(note === undefined ? [] : [note]),
  ];
}

function bar(share: number): string {
  const full = Math.round(share * BAR_CELLS);
  return "█".repeat(full) + "░".repeat(BAR_CELLS - full);
}
