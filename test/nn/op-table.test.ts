/** Only operators that run on the GPU get into a graph. */

import { expect, it } from "vitest";
import { createRng } from "../../core/rng.ts";
import { Graph } from "../../nn/graph.ts";
import { encodeInference } from "../../nn/inference.ts";
import { encodeModel } from "../../nn/onnx.ts";
import { CPU_OPS, GPU_OPS, type OpName } from "../../nn/op-table.ts";
import { loopModel, stepModel } from "../../nn/training-graph.ts";
import { type StudentSpec, studentNetwork } from "../../policies/networks/student.ts";
import { type TeacherSpec, teacherNetwork } from "../../policies/networks/teacher.ts";
import { studentData, studentObjective } from "../../student/losses.ts";
import { teacherData, teacherObjective } from "../../teacher/losses.ts";
import { studentModel } from "./support/cnn-model.ts";
import { layerCases, operationCases } from "./support/gradient-cases.ts";
import { operatorsIn } from "./support/onnx-reader.ts";
import { ppoModel } from "./support/ppo-model.ts";

const onGpu = new Set<string>(GPU_OPS);

const teacher: TeacherSpec = {
  kind: "teacher",
  points: { active: 4, anchor: 4, reference: 4 },
  ...{ privileged: 9, actions: 2, latent: 8, hidden: 16 },
};
const student: StudentSpec = {
  kind: "student",
  roles: ["active", "anchor"],
  ...{
    width: 64,
    height: 64,
    actions: 2,
    latent: 8,
    hidden: 16,
    channels: [8, 16, 32],
    joint: 16,
    memory: 0,
  },
};
const entropy = { entropyCoef: 0.01, finalEntropyCoef: 0 };
const weights = { relationalWeight: 1, latentWeight: 1, poseWeight: 1, burnIn: 1 };

it.each([
  { name: "PPO", model: ppoModel({ obs: 5, hidden: 8, actions: 2 }) },
  { name: "frame", model: studentModel() },
  {
    name: "teacher",
    model: {
      params: teacherNetwork(teacher).params,
      objective: teacherObjective(teacher, { clip: 0.2, valueCoef: 0.5, ...entropy }),
      data: teacherData(teacher, entropy),
    },
  },
  ...[0, 12].map((memory) => {
    const spec = { ...student, memory };
    return {
      name: memory > 0 ? "remembering student" : "student",
      model: {
        params: studentNetwork(spec).params,
        objective: studentObjective(spec, 3, weights),
        data: studentData(spec, 3),
      },
    };
  }),
])("keeps every operator of a training step of the $name network on the list", ({ model }) => {
  const spec = { ...model, rows: 8, batch: 4, clipNorm: 1, weightDecay: 0.01 };
  const inStep = operatorsIn(stepModel(spec).model);
  expect(inStep.length).toBeGreaterThan(60);
  expect(inStep.filter((op) => !onGpu.has(op))).toEqual([]);
  const inLoop = operatorsIn(loopModel(spec).model);
  expect(inLoop.length).toBeGreaterThan(inStep.length);
  expect(inLoop.filter((op) => !onGpu.has(op))).toEqual(["Loop"]);
});

it("leaves the list where the CPU skips what a student does not see, and only there", () => {
  const { params } = studentNetwork(student);
  const objective = studentObjective(student, 3, weights);
  const model = { params, objective, data: studentData(student, 3) };
  const spec = { ...model, rows: 8, batch: 4, clipNorm: 1, dynamicShapes: true };
  const inLoop = new Set(operatorsIn(loopModel(spec).model));
  expect([...inLoop].filter((op) => !onGpu.has(op)).sort()).toEqual([...CPU_OPS].sort());
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
