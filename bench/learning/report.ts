/** What became of a study, in words: the file of results and its headlines. */

import path from "node:path";
import {
  formatDuration,
  formatInteger,
  formatPercent,
  formatProportion,
} from "../../cli/format.ts";
import { pooled } from "../../core/statistics.ts";
import { commandOf } from "../harness.ts";
import type { JobResult } from "./job.ts";
import type { Study } from "./studies.ts";

/** What a file of results says: the study, its figures in words, and all that was measured. */
export function reportOf(study: Study, results: readonly JobResult[]) {
  return {
    command: commandFor(study, results),
    question: study.question,
    thresholds: "5 cm, 15 degrees modulo the shape's symmetry, 5 cm/s, at the end of the episode",
    headlines: [
      ...headlinesOf(study, results),
      ...testsOf(study, results),
      ...chainOf(study, results),
    ],
    results,
  };
}

/** What trains and judges all that is there anew. */
function commandFor(study: Study, results: readonly JobResult[]): string {
  const listed = (of: "variant" | "seed") => [...new Set(results.map((one) => one[of]))].join(",");
  const script = path.resolve(import.meta.dirname, "..", "learning.ts");
  const words = [study.name, "--variants", listed("variant"), "--seeds", listed("seed")];
  return commandOf(script, words);
}

/** The scenes that a student never saw, one by one and together; of the first seed. */
function testsOf(study: Study, results: readonly JobResult[]) {
  return study.variants.flatMap((variant) => {
    const { tests = {} } = results.find((result) => result.variant === variant.name) ?? {};
    const all = Object.values(tests).map(({ success }) => success);
    if (all.length === 0) return [];
    const rows = Object.entries(tests).map(([name, { success }]) => [name, success] as const);
    const together = [`all ${all.length}`, pooled(all)] as const;
    return [...rows, together].map(([name, success]) => ({
      what: `learning, ${study.name}: ${variant.name}, student, never trained on: ${name}`,
      value: `${formatProportion(success)}, one seed`,
    }));
  });
}

/** What teacher, student and reinforcement took together, averaged over the seeds. */
function chainOf(study: Study, results: readonly JobResult[]) {
  return study.variants.flatMap((variant) => {
    const found = results.filter((result) => result.variant === variant.name && result.student);
    if (found.length === 0 || variant.endToEnd || variant.keepsTeacher) return [];
    const total = ({ seconds }: JobResult) => seconds.teacher + seconds.student + seconds.fineTune;
    const seconds = found.reduce((sum, result) => sum + total(result), 0) / found.length;
    const steps = found.reduce((sum, result) => sum + result.steps.teacher, 0) / found.length;
    return [
      {
        what: `learning, ${study.name}: ${variant.name}, from ${variant.from ? "what ships" : "nothing"}`,
        value: `${formatDuration(seconds)} (teacher ${formatInteger(steps)} steps), ${seedsOf(found)}`,
      },
    ];
  });
}

const seedsOf = ({ length }: readonly JobResult[]) =>
  length === 1 ? "one seed" : `mean of ${length} seeds`;

/** The median seed is quoted, and the worst beside it; where there is one seed, that there is one. */
export function headlinesOf(study: Study, results: readonly JobResult[]) {
  return study.variants.flatMap((variant) => {
    const found = results.filter((result) => result.variant === variant.name);
    return (["teacher", "student"] as const).flatMap((who) => {
      const ranked = found
        .flatMap((result) => result[who] ?? [])
        .map(({ success }) => success)
        .sort((a, b) => a.rate - b.rate);
      if (ranked.length === 0) return [];
      const median = ranked[Math.floor((ranked.length - 1) / 2)];
      const spent = ({ seconds }: JobResult) =>
        who === "teacher" ? seconds.teacher : seconds.student + seconds.fineTune;
      const seconds = found.reduce((sum, result) => sum + spent(result), 0) / found.length;
      const seeds =
        ranked.length > 1
          ? `, worst of ${ranked.length} seeds ${formatPercent(ranked[0].rate)}`
          : ", one seed";
      const paper = variant.paper?.[who];
      return {
        what: `learning, ${study.name}: ${variant.name}, ${who}`,
        value: `${formatProportion(median)}${seeds}; ${formatDuration(seconds)}`,
        ...(paper ? { against: `EgoPush ${paper}` } : {}),
      };
    });
  });
}
