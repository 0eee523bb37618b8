/** Only operators that run on the GPU get into a graph. */

import { expect, it } from "vitest";
import { createRng } from "../../core/rng.ts";
import { Graph } from "../../nn/graph.ts";
import { encodeInference } from "../../nn/inference.ts";
import { encodeModel } from "../../nn/onnx.ts";
import { CONTROL_OPS, GPU_OPS, type OpName } from "../../nn/op-table.ts";
import { loopModel, stepModel } from "../../nn/training-graph.ts";
import { studentModel } from "./support/cnn-model.ts";
import { layerCases, operationCases } from "./support/gradient-cases.ts";
import { operatorsIn } from "./support/onnx-reader.ts";
import { ppoModel } from "./support/ppo-model.ts";

const onGpu = new Set<string>(GPU_OPS);

it.each([
  { name: "teacher", model: ppoModel({ obs: 5, hidden: 8, actions: 2 }) },
  { name: "student", model: studentModel() },
])("keeps every training step of the $name on the list", ({ model }) => {
  const spec = { ...model, rows: 8, batch: 4, clipNorm: 1, weightDecay: 0.01 };
  const inStep = operatorsIn(stepModel(spec).model);
  expect(inStep.length).toBeGreaterThan(60);
  expect(inStep.filter((op) => !onGpu.has(op))).toEqual([]);
  const inLoop = operatorsIn(loopModel(spec).model);
  expect(inLoop.length).toBeGreaterThan(inStep.length);
  expect(inLoop.filter((op) => !onGpu.has(op))).toEqual([...CONTROL_OPS]);
});

it("keeps every operation and its gradient on the list", () => {
  for (const { shapes, build } of [...operationCases, ...layerCases]) {
    const g = new Graph();
    const inputs = Object.fromEntries(
      Object.entries(shapes).map(([name, shape]) => [name, g.leaf(g.input(name, shape))]),
    );
    const loss = g.sum(build(g, inputs));
    for (const gradient of g.gradients(loss, Object.values(inputs))) {
      g.output(`d ${gradient.name}`, gradient);
    }
    const operators = operatorsIn(encodeModel(g.definition("gradients")));
    expect(operators.filter((op) => !onGpu.has(op))).toEqual([]);
  }
});

it("uses the native convolution only where nothing is differentiated", () => {
  const { params, forward, inputs, ...rest } = studentModel();
  const theta = params.init(createRng(1));
  const exported = encodeInference({ params, theta, forward, inputs, outputs: ["action"] });
  expect(operatorsIn(exported).filter((op) => op === "Conv").length).toBe(2);
  const spec = { params, ...rest, rows: 8, batch: 4, clipNorm: 1 };
  expect(operatorsIn(stepModel(spec).model)).not.toContain("Conv");
});

it.each(["Sign", "LogSoftmax", "Sum", "Range"])("refuses %s, which leaves the GPU", (op) => {
  const g = new Graph();
  const x = g.input("x", [2]);
  expect(() => g.record(op as OpName, [x], { shape: [2] })).toThrow(
    `operator "${op}" is not in nn/op-table.ts`,
  );
});
