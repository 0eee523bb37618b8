/**
 * Corrections said in the viewer: what a planner makes of them, and the log of labels that it learns from, which is the
 * one that `plan run` writes and `plan learn` reads.
 */

import { readFileSync } from "node:fs";
import { ConfigError } from "../core/errors.ts";
import {
  appendCorrection,
  type Correction,
  correctionSchema,
  stagesFor,
} from "../llm-planner/execution/corrections.ts";
import { viewOf } from "../llm-planner/make-plan.ts";
import type { Planner } from "../llm-planner/planner.ts";
import { assembleScene } from "../sim/scene.ts";
import { findScene } from "../sim/scenes/index.ts";
import type { SaidCorrection } from "../viewer/live-messages.ts";

export interface CorrectionDesk {
  /** Takes what was said; the label is in the log by then. @throws ConfigError or FileError where it is not. */
  take(said: SaidCorrection): Promise<Filed>;
  close(): Promise<void>;
}

export interface Filed {
  readonly label: Correction;
  /** Labels in the log. */
  readonly count: number;
  readonly file: string;
}

export interface DeskOptions {
  /** Where labels are kept, one JSON document a line. */
  readonly file: string;
  /** Who reads corrections; opened when the first comes. Undefined: nobody does. */
  readonly openPlanner: (() => Promise<Planner>) | undefined;
  /** Wall clock, ISO 8601. */
  now(): string;
  /** Gives up waiting for what a planner makes of a correction. */
  readonly signal?: AbortSignal;
}

export function openDesk({ file, openPlanner, now, signal }: DeskOptions): CorrectionDesk {
  let opening: Promise<Planner> | undefined;
  /** The planner, opened anew where it did not open before. */
  const opened = () => {
    opening ??= openPlanner?.().catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    return opening;
  };
  return {
    async take({ text, at }) {
      const base = assembleScene(findScene(at.scene), at.config);
      const rows = base.cast.bodies.length + 1;
      if (at.poses.length < rows) {
        throw new ConfigError(`Expected ${rows} poses, got ${at.poses.length}. Reload the page.`);
      }
      const world = viewOf(at.scene, base, at.poses.slice(0, rows));
      const planner = await opened();
      const asked = { base, scene: at.scene, words: text, world, seed: at.seed };
      const found = planner
        ? await stagesFor({ planner, ...asked, ...(signal && { signal }) })
        : { stages: null, reasons: ["No planner is attached."] };
      const { task: instruction, stage, step, driver, seed, start } = at;
      const label = correctionSchema.parse({
        ...{ format: 1, scene: at.scene, instruction, words: text, stage, step, world },
        ...found,
        said: { time: now(), driver, seed, start },
      });
      appendCorrection(file, label);
      const count = readFileSync(file, "utf8").trimEnd().split("\n").length;
      return { label, count, file };
    },
    async close() {
      // who spoke was told of one that does not open
      const planner = await opening?.catch(() => undefined);
      await planner?.close();
    },
  };
}
