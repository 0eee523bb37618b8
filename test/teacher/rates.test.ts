import { describe, expect, it } from "vitest";
import { parseConfig } from "../../core/config.ts";
import { ConfigError } from "../../core/errors.ts";
import { adaptLearningRate, rateCeiling } from "../../nn/learning-rate.ts";
import { practiceAt } from "../../rollout/curriculum.ts";
import { fineTuneConfig } from "../../student/config.ts";
import { teacherConfig } from "../../teacher/config.ts";
import { entropyCoefAt } from "../../teacher/schedules.ts";

describe("adaptLearningRate", () => {
  const limits = { targetKl: 0.01, minLearningRate: 1e-4, maxLearningRate: 1e-2 };

  it.each([
    ["stays within a factor of two of the target", 1e-3, 0.01, 1e-3],
    ["stays at twice the target", 1e-3, 0.02, 1e-3],
    ["stays at half the target", 1e-3, 0.005, 1e-3],
    ["shrinks by 1.5 above", 3e-3, 0.021, 2e-3],
    ["grows by 1.2 below", 1e-3, 0.004, 1.2e-3],
    ["stops shrinking at the least", 1.2e-4, 9, 1e-4],
    ["stops growing at the most", 9e-3, 0, 1e-2],
  ])("%s", (_, rate, kl, expected) => {
    expect(adaptLearningRate(rate, kl, limits)).toBeCloseTo(expected, 12);
  });
});

describe.each([
  ["teacher", teacherConfig],
  ["fineTune", fineTuneConfig],
])("the rates of %s", (name, schema) => {
  const given = (rates: object) => () => parseConfig(schema, rates, name);

  it.each([
    { minLearningRate: 1e-3, maxLearningRate: 1e-4, learningRate: 1e-2 },
    { minLearningRate: 1e-3, maxLearningRate: 1e-2, learningRate: 1e-4 },
    // the most alone is set below the least of the defaults
    { maxLearningRate: 1e-7 },
  ])("are refused where the least is not the least: %o", (rates) => {
    expect(given(rates)).toThrow(ConfigError);
    expect(given(rates)).toThrow(
      "minLearningRate must be at most learningRate and maxLearningRate",
    );
  });

  it.each([
    {},
    { minLearningRate: 1e-5, maxLearningRate: 1e-5, learningRate: 1e-5 },
    // cut to the most
    { learningRate: 1 },
  ])("are taken where it is: %o", (rates) => {
    expect(given(rates)).not.toThrow();
  });
});

describe("rateCeiling", () => {
  it("falls linearly from the largest rate to the least", () => {
    const config = { iterations: 100, minLearningRate: 1e-4, maxLearningRate: 3e-3 };
    const ceilings = [0, 50, 100].map((iteration) => rateCeiling(iteration, config));
    expect(ceilings[0]).toBeCloseTo(3e-3, 12);
    expect(ceilings[1]).toBeCloseTo(1.55e-3, 12);
    expect(ceilings[2]).toBeCloseTo(1e-4, 12);
  });
});

describe("entropyCoefAt", () => {
  it("falls linearly from the first to the final weight", () => {
    const config = { iterations: 200, entropyCoef: 0.006, finalEntropyCoef: 0.002 };
    const weights = [0, 50, 200].map((iteration) => entropyCoefAt(iteration, config));
    expect(weights).toEqual([0.006, 0.005, 0.002].map((weight) => expect.closeTo(weight, 12)));
  });
});

describe("practiceAt", () => {
  const curriculum = { iterations: 100, practiceShare: 0.6, practiceUntil: 0.5 };

  it("falls linearly to nothing, and stays there", () => {
    const shares = [0, 25, 49, 50, 99].map((iteration) => practiceAt(iteration, curriculum));
    expect(shares).toEqual([0.6, 0.3, expect.closeTo(0.012, 9), 0, 0]);
  });

  it("is off where it ends before it begins", () => {
    expect(practiceAt(0, { ...curriculum, practiceUntil: 0 })).toBe(0);
    expect(practiceAt(0, { ...curriculum, practiceShare: 0 })).toBe(0);
  });
});
