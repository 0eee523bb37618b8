/** PPO and distillation losses, sample by sample, against numbers worked out by hand. */

import { expect, it } from "vitest";
import { distillationLoss, ppoLoss } from "../../nn/losses.ts";
import { runGraph } from "./support/run-graph.ts";

/** One sample with probability ratio `ratio`: its policy loss, and d loss / d logProb. */
async function policyTerm(ratio: number, advantage: number) {
  const shapes = { logProbs: [1], oldLogProbs: [1], advantages: [1], zero: [1] };
  const values = {
    logProbs: [Math.log(ratio)],
    oldLogProbs: [0],
    advantages: [advantage],
    zero: [0],
  };
  const { policyLoss, slope, clipFraction, approxKl } = await runGraph(shapes, values, (g, v) => {
    const { logProbs, oldLogProbs, advantages, zero } = v;
    const same = { values: zero, returns: zero, entropy: zero };
    const { loss, stats } = ppoLoss(
      g,
      { logProbs, oldLogProbs, advantages, ...same },
      { clip: 0.2, valueCoef: 1, entropyCoef: 0 },
    );
    return { ...stats, slope: g.gradients(loss, [logProbs])[0] };
  });
  return {
    loss: policyLoss[0],
    slope: slope[0],
    clipFraction: clipFraction[0],
    approxKl: approxKl[0],
  };
}

it.each([
  // ratio, advantage, loss, slope = -ratio advantage, or 0 where the clip holds
  { ratio: 1.1, advantage: 2, loss: -2.2, slope: -2.2, clipped: 0 },
  { ratio: 1.5, advantage: 2, loss: -2.4, slope: 0, clipped: 1 },
  { ratio: 0.5, advantage: 2, loss: -1, slope: -1, clipped: 1 },
  { ratio: 0.5, advantage: -2, loss: 1.6, slope: 0, clipped: 1 },
  { ratio: 1.5, advantage: -2, loss: 3, slope: 3, clipped: 1 },
])("clips a ratio of $ratio only where that pays, advantage $advantage", async (row) => {
  const term = await policyTerm(row.ratio, row.advantage);
  expect(term.loss).toBeCloseTo(row.loss, 12);
  expect(term.slope).toBeCloseTo(row.slope, 12);
  expect(term.clipFraction).toBe(row.clipped);
});

it("estimates the divergence as (r - 1) - ln r", async () => {
  expect((await policyTerm(1.5, 1)).approxKl).toBeCloseTo(0.5 - Math.log(1.5), 12);
  expect((await policyTerm(1, 1)).approxKl).toBe(0);
});

it("adds half the squared value error and takes off the entropy", async () => {
  const shapes = { logProbs: [2], advantages: [2], values: [2], returns: [2], entropy: [2] };
  const values = {
    logProbs: [0, 0],
    advantages: [1, 3],
    values: [1, 2],
    returns: [2, 5],
    entropy: [4, 6],
  };
  const { loss } = await runGraph(shapes, values, (g, v) => {
    const { logProbs, advantages, values: predicted, returns, entropy } = v;
    const rest = { logProbs, oldLogProbs: logProbs, advantages, returns, entropy };
    const coefficients = { clip: 0.2, valueCoef: 0.5, entropyCoef: 0.01 };
    return { loss: ppoLoss(g, { ...rest, values: predicted }, coefficients).loss };
  });
  // -2 + 0.5 * (1 + 9) / 2 / 2 - 0.01 * 5
  expect(loss[0]).toBeCloseTo(-2 + 1.25 - 0.05, 12);
});

it("compares actions, and the angles between role latents", async () => {
  const shapes = { a: [1, 2], ta: [1, 2], z: [1, 2, 2], tz: [1, 2, 2] };
  const values = { a: [1, 2], ta: [0, 0], z: [1, 0, 0, 3], tz: [2, 0, 1, 1] };
  const { loss, actionLoss, relationalLoss } = await runGraph(shapes, values, (g, v) => {
    const terms = { actions: v.a, teacherActions: v.ta, latents: v.z, teacherLatents: v.tz };
    const { loss: total, stats } = distillationLoss(g, terms, { relationalWeight: 2 });
    return { loss: total, ...stats };
  });
  expect(actionLoss[0]).toBeCloseTo(5, 12);
  // student: at right angles, 0; teacher: 45 degrees, 1/sqrt(2); twice in the matrix: 2 * (1/2)
  expect(relationalLoss[0]).toBeCloseTo(1, 7);
  expect(loss[0]).toBeCloseTo(7, 7);
});
