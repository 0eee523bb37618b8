/** Records a graph, runs it once, and returns its outputs as numbers. */

import { tensorOver } from "../../../nn/arrays.ts";
import { createSession, type Device } from "../../../nn/device.ts";
import { Graph } from "../../../nn/graph.ts";
import { encodeModel } from "../../../nn/onnx.ts";
import type { RecorderOptions } from "../../../nn/recorder.ts";
import type { Tensor } from "../../../nn/tensor.ts";

export type Shapes = Readonly<Record<string, readonly number[]>>;
export type Numbers = Readonly<Record<string, Float64Array>>;
type Tensors = Readonly<Record<string, Tensor>>;

export interface RunOptions extends RecorderOptions {
  readonly device?: Device;
}

export interface Runner {
  run(inputs: Numbers): Promise<Numbers>;
  close(): Promise<void>;
}

/** A float64 graph (float32 where the options say so) with one input per shape. */
export async function openGraph(
  shapes: Shapes,
  build: (g: Graph, inputs: Tensors) => Tensors,
  { device = "cpu", ...options }: RunOptions = { dtype: "float64", dynamicShapes: true },
): Promise<Runner> {
  const g = new Graph(options);
  const inputs = Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [name, g.leaf(g.input(name, shape))]),
  );
  for (const [name, tensor] of Object.entries(build(g, inputs))) g.output(`out:${name}`, tensor);
  const session = await createSession(encodeModel(g.definition("test")), { device });
  return {
    async run(values) {
      const feeds = Object.entries(shapes).map(([name, shape]) => {
        const array = g.dtype === "float64" ? values[name] : Float32Array.from(values[name]);
        return [name, tensorOver(array, shape)] as const;
      });
      const results = await session.run(Object.fromEntries(feeds));
      return Object.fromEntries(
        Object.entries(results).map(([name, tensor]) => [
          name.slice("out:".length),
          Float64Array.from(tensor.data as Float64Array, Number),
        ]),
      );
    },
    close: () => session.release(),
  };
}

export async function runGraph(
  shapes: Shapes,
  values: Readonly<Record<string, readonly number[] | Float64Array>>,
  build: (g: Graph, inputs: Tensors) => Tensors,
  options?: RunOptions,
): Promise<Numbers> {
  const runner = await openGraph(shapes, build, options);
  const exact = Object.entries(values).map(([name, list]) => [name, Float64Array.from(list)]);
  const results = await runner.run(Object.fromEntries(exact));
  await runner.close();
  return results;
}
