/** Weights read back out of an exported file: what onnxruntime computes with them must come out by hand, too. */

import { expect, it } from "vitest";
import { FileError } from "../../core/errors.ts";
import { createRng } from "../../core/rng.ts";
import { tensorOver } from "../../nn/arrays.ts";
import { createSession } from "../../nn/device.ts";
import { encodeInference } from "../../nn/inference.ts";
import { linear } from "../../nn/layers.ts";
import { Params } from "../../nn/params.ts";
import { fillParams, readOnnxWeights } from "../../nn/read-onnx.ts";

const params = new Params().linear("used", 3, 2).linear("idle", 2, 2);
const theta = params.init(createRng(4)).map((x, i) => x + i / 7);
const onnx = encodeInference({
  params,
  theta,
  forward: (g, views, { x }) => ({ y: linear(g, views, "used", x) }),
  inputs: { x: { shape: [3] } },
  outputs: ["y"],
  metadata: { name: "räder", network: "{}" },
});

it("finds the numbers that onnxruntime computes with", async () => {
  const { tensors } = readOnnxWeights(onnx);
  const [w, b] = [tensors.get("used.w"), tensors.get("used.b")];
  expect([w?.shape, b?.shape]).toEqual([[3, 2], [2]]);
  const session = await createSession(onnx);
  const { y } = await session.run({ x: tensorOver(Float32Array.of(1, -2, 0.5), [1, 3]) });
  await session.release();
  const byHand = [0, 1].map((column) => {
    const at = (row: number) => w?.values[2 * row + column] ?? Number.NaN;
    return at(0) - 2 * at(1) + 0.5 * at(2) + (b?.values[column] ?? Number.NaN);
  });
  expect([...y.data]).toEqual(byHand.map((number) => expect.closeTo(number, 5)));
});

it("puts them back in their places, and says what the file does not have", () => {
  const filled = new Float32Array(params.size).fill(9);
  expect(fillParams(params, filled, readOnnxWeights(onnx))).toEqual(["idle.w", "idle.b"]);
  expect(filled.subarray(0, 8)).toEqual(theta.subarray(0, 8));
  expect([...filled.subarray(8)]).toEqual(Array(6).fill(9));
});

it("keeps metadata, whatever its letters", () => {
  expect(readOnnxWeights(onnx).metadata).toEqual({ name: "räder", network: "{}" });
});

it("names a parameter of another shape", () => {
  const wider = new Params().linear("used", 3, 4);
  expect(() => fillParams(wider, new Float32Array(16), readOnnxWeights(onnx))).toThrow(
    'Parameter "used.w" is [3, 2] in the ONNX file, expected [3, 4].',
  );
});

it("refuses what is cut off or no protobuf, wherever the cut is", () => {
  const whole = readOnnxWeights(onnx);
  for (let length = 1; length < onnx.length; length++) {
    // a cut between two fields leaves a shorter file that is whole
    try {
      expect(readOnnxWeights(onnx.subarray(0, length))).not.toEqual(whole);
    } catch (error) {
      expect(error).toBeInstanceOf(FileError);
    }
  }
  expect(() => readOnnxWeights(Buffer.from("not a model"))).toThrow(FileError);
});
