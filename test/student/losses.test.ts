import { describe, expect, it } from "vitest";
import { createRng } from "../../core/rng.ts";
import { Trainer } from "../../nn/engine.ts";
import { shuffledRows } from "../../nn/shuffle.ts";
import { type StudentSpec, studentNetwork } from "../../policies/networks/student.ts";
import { relativePoseLoss, studentData, studentObjective } from "../../student/losses.ts";
import { runGraph } from "../nn/support/run-graph.ts";
import { randomImages, randomRows, studentSpec, withMemory } from "./tiny-student.ts";

describe("relativePoseLoss", () => {
  const lossOf = async (poses: readonly number[], truth: readonly number[]) => {
    const shape = [1, poses.length / 3, 3];
    const { loss } = await runGraph(
      { poses: shape, truth: shape },
      { poses, truth },
      (g, inputs) => ({
        loss: relativePoseLoss(g, inputs.poses, inputs.truth),
      }),
    );
    return loss[0];
  };

  it("is a coin's ln 2 where nothing is known, plus the squared distance of what is seen", async () => {
    expect(await lossOf([0, 1, 2], [1, 1, 1])).toBeCloseTo(Math.LN2 + 1, 6);
    expect(await lossOf([0, 1, 2], [1, 4, -2])).toBeCloseTo(Math.LN2 + 25, 6);
  });

  it("does not ask where something is that is not seen", async () => {
    expect(await lossOf([0, 50, 60], [0, 0, 0])).toBeCloseTo(Math.LN2, 6);
  });

  it("falls with the right logit and grows with the wrong one: ln(1 + e^-3), ln(1 + e^3)", async () => {
    expect(await lossOf([3, 0, 0], [1, 0, 0])).toBeCloseTo(0.048587, 5);
    expect(await lossOf([3, 0, 0], [0, 0, 0])).toBeCloseTo(3.048587, 5);
  });

  it("is the mean over roles", async () => {
    const both = await lossOf([3, 0, 0, 0, 1, 2], [1, 0, 0, 1, 1, 1]);
    expect(both).toBeCloseTo((0.048587 + Math.LN2 + 1) / 2, 5);
  });
});

describe("distillation on one small roll-out", () => {
  const rows = 24;
  const weights = { relationalWeight: 0.1, latentWeight: 0.1, poseWeight: 0.1, burnIn: 1 };

  async function learn(spec: StudentSpec, steps: number) {
    const { params } = studentNetwork(spec);
    const data = studentData(spec, steps);
    const trainer = await Trainer.create({
      params,
      objective: studentObjective(spec, steps, weights),
      data,
      rows,
      batch: 12,
      clipNorm: 1,
      theta: params.init(createRng(1)),
    });
    const arrays = Object.fromEntries(
      Object.entries(data).map(([name, { shape }], i) => {
        const size = shape.reduce((a, b) => a * b, rows);
        const values = randomRows(size, i + 1);
        return [name, name === "begins" ? values.fill(0) : values];
      }),
    );
    arrays.layers = randomImages(arrays.layers.length, 9);
    arrays.teacherPoses = arrays.teacherPoses.map((x, i) => (i % 3 === 0 ? (x > 0 ? 1 : 0) : x));
    // something that can be learnt from what is seen
    arrays.teacherActions = arrays.proprioception.map((x) => x / 2 + 0.3);
    const order = shuffledRows(createRng(2), rows, { epochs: 120, batch: 12 });
    const { stats } = await trainer.train(arrays, order, new Float64Array(240).fill(3e-3));
    await trainer.close();
    return stats;
  }

  it.each([
    ["without memory", studentSpec, 1],
    ["with memory", withMemory, 3],
  ] as const)("goes down %s, in every part", async (_, spec, steps) => {
    const stats = await learn(spec, steps);
    for (const name of ["loss", "actionLoss", "latentLoss", "relationalLoss", "poseLoss"]) {
      const [start, end] = [stats[name].slice(0, 4), stats[name].slice(-4)].map(
        (some) => some.reduce((a, b) => a + b) / 4,
      );
      expect(end, name).toBeLessThan(0.8 * start);
    }
  });
});
