/** Diagonal Gaussians against numbers worked out by hand. */

import { expect, it } from "vitest";
import { gaussianEntropy, gaussianLogProb } from "../../nn/gaussian.ts";
import { runGraph } from "./support/run-graph.ts";

it("sums the log-density over the columns of an action", async () => {
  const shapes = { mean: [2, 2], logStd: [2], action: [2, 2] };
  const values = {
    mean: [0, 1, 0, 0],
    logStd: [Math.log(0.5), Math.log(2)],
    action: [0.5, -1, 0, 0],
  };
  const { logProb } = await runGraph(shapes, values, (g, { mean, logStd, action }) => ({
    logProb: gaussianLogProb(g, { mean, logStd }, action),
  }));
  // z = 1 and -1; logarithms of 0.5 and 2 cancel: -1/2 - 1/2 - ln(2 pi)
  expect(logProb[0]).toBeCloseTo(-1 - Math.log(2 * Math.PI), 14);
  // z = 0: -ln(2 pi)
  expect(logProb[1]).toBeCloseTo(-Math.log(2 * Math.PI), 14);
});

it("takes a standard deviation for each row too", async () => {
  const shapes = { mean: [2, 1], logStd: [2, 1], action: [2, 1] };
  const values = { mean: [0, 0], logStd: [0, 1], action: [0, 0] };
  const { logProb, entropy } = await runGraph(shapes, values, (g, { mean, logStd, action }) => ({
    logProb: gaussianLogProb(g, { mean, logStd }, action),
    entropy: gaussianEntropy(g, logStd),
  }));
  expect(logProb[0] - logProb[1]).toBeCloseTo(1, 14);
  // entropy of a standard normal: ln(2 pi e) / 2 = 1.4189385332046727
  expect(entropy[0]).toBeCloseTo(1.4189385332046727, 14);
  expect(entropy[1]).toBeCloseTo(2.4189385332046727, 14);
});
