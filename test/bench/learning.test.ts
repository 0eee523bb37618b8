import { describe, expect, it } from "vitest";
import { type JobResult, planOf } from "../../bench/learning/job.ts";
import { reportOf } from "../../bench/learning/report.ts";
import type { Study, Variant } from "../../bench/learning/studies.ts";
import { wilson } from "../../core/statistics.ts";

const study: Study = {
  name: "sample",
  question: "Does it learn?",
  variants: [{ name: "as it is", scene: "reach-box", config: {}, distils: true }],
};

/** Of a hundred starts each. */
function resultOf(seed: number, successes: number, seconds: number): JobResult {
  const judged = {
    success: wilson(successes, 100),
    outcomes: {},
    meanTime_s: 1,
    meanReturn: 1,
    meanPathLength_m: 1,
  };
  return {
    ...{ variant: "as it is", seed, asked: "", commit: "0123456789ab", cpu: "Some CPU" },
    steps: { teacher: 2000, student: 100, fineTune: 0 },
    seconds: { teacher: seconds, student: 0, fineTune: 0 },
    ...{ curve: [], teacher: judged, tests: { corner: judged } },
    student: judged,
  };
}

const valuesOf = (results: readonly JobResult[]) =>
  reportOf(study, results).headlines.map(({ value }) => value);

describe("headlines of a study", () => {
  it("say that there is one seed where there is one", () => {
    const values = valuesOf([resultOf(1, 50, 30)]);
    expect(values).toHaveLength(5);
    for (const value of values) expect(value).toContain(", one seed");
  });

  it("quote the median seed and the worst beside it, and the mean of their times", () => {
    const [teacher, , , , chain] = valuesOf([
      resultOf(1, 50, 10),
      resultOf(2, 30, 20),
      resultOf(3, 90, 30),
    ]);
    expect(teacher).toMatch(/^50\.0 % .*, worst of 3 seeds 30\.0 %; 20\.0 s$/);
    expect(chain).toBe("20.0 s (teacher 2,000 steps), mean of 3 seeds");
  });
});

describe("a plan", () => {
  const askedOf = (variant: Variant) => planOf({ variant, seed: 1, episodes: 100, share: 1 }).asked;

  it("is another one when who it goes on after learns otherwise", () => {
    const [first] = study.variants;
    const longer = { ...first, config: { teacher: { iterations: 900 } } };
    const asked = [
      askedOf(first),
      askedOf({ ...first, after: first }),
      askedOf({ ...first, after: longer }),
    ];
    expect(new Set(asked).size).toBe(3);
  });
});
