/** What a run report is made of. `writeReport` turns it into report.html and report.json. */

import type { Proportion } from "../core/statistics.ts";

/** A label and its value, already written for people: `{ label: "latency p99", value: "1.9 ms" }`. */
export interface Fact {
  readonly label: string;
  readonly value: string;
}

/** Success of one policy, such as the teacher, the student or the deployed student. */
export interface ReportResult {
  readonly name: string;
  readonly success: Proportion;
  /** Further columns of the results table, for example collisions or time to finish. */
  readonly measures?: readonly Fact[];
  /** How the episodes that failed ended: kind to count. */
  readonly failures?: Readonly<Record<string, number>>;
}

export interface ReportPhase {
  readonly name: string;
  readonly wall_s: number;
  /** How many of `unit` were done, for example environment steps. */
  readonly done: number;
  readonly unit: string;
}

export interface ReportSeries {
  readonly name: string;
  /** x and y, in the order of x. Points that are not finite are left out. */
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** One diagram. */
export interface ReportCurve {
  readonly title: string;
  /** What the horizontal axis counts, for example `environment steps`. */
  readonly x: string;
  readonly series: readonly ReportSeries[];
  /** The vertical axis runs from 0 to 1 and is written in per cent. */
  readonly isShare?: boolean;
  /** A dashed line, for example what was to be reached. */
  readonly target?: number;
}

export interface ReportLink {
  readonly label: string;
  /** Relative to the folder of the report, or a web address. */
  readonly href: string;
  readonly note?: string;
}

export interface RunReport {
  /** Usually the scene. */
  readonly title: string;
  /** What was run, in one sentence. */
  readonly summary: string;
  readonly results: readonly ReportResult[];
  readonly phases: readonly ReportPhase[];
  readonly curves: readonly ReportCurve[];
  /** Latencies, environment steps, seed, machine, commit, command line. */
  readonly facts: readonly Fact[];
  /** Replays, checkpoints, the policy bundle. */
  readonly links: readonly ReportLink[];
  /** The configuration of the run, kept in full. */
  readonly config?: unknown;
}
