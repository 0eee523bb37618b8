import { expect, it } from "vitest";
import type { Graph } from "../../nn/graph.ts";
import type { Tensor } from "../../nn/tensor.ts";
import { type RunOptions, runGraph } from "./support/run-graph.ts";

const dynamic: RunOptions = { dtype: "float64", dynamicShapes: true };

/** Sums of the pairs in `rows` as 10 x + y, and which rows were worked on. */
async function worked(rows: readonly (readonly number[])[], options = dynamic) {
  const found = await runGraph(
    { x: [rows.length, 2] },
    { x: rows.flat() },
    (g: Graph, { x }) => {
      let kept: Tensor | undefined;
      const result = g.skipEmptyRows(g.stopGradient(x), (some) => {
        kept = some;
        return g.gemm(some, g.constant([10, 1], [2, 1]), { bias: g.constant([7], [1]) });
      });
      return { result, kept: kept as Tensor };
    },
    options,
  );
  return { result: [...found.result], kept: [...found.kept] };
}

it("works out rows of zeros once, and gives each of them the answer", async () => {
  const rows = [
    [0, 0],
    [1, 2],
    [0, 0],
    [0, 3],
    [-4, 0],
    [0, 0],
  ];
  expect(await worked(rows)).toEqual({
    result: [7, 19, 7, 10, -33, 7],
    kept: [0, 0, 1, 2, 0, 3, -4, 0],
  });
});

it("works where all rows are empty, and where none is", async () => {
  const none = [
    [0, 0],
    [0, 0],
  ];
  expect(await worked(none)).toEqual({ result: [7, 7], kept: [0, 0] });
  const all = [
    [5, -5],
    [0, 1],
  ];
  expect(await worked(all)).toEqual({ result: [52, 8], kept: [5, -5, 0, 1] });
});

it("does not take what is not a number for nothing", async () => {
  const { result } = await worked([
    [0, 0],
    [Number.NaN, 0],
  ]);
  expect(result).toEqual([7, Number.NaN]);
});

it("hands over all rows where shapes may not depend on numbers", async () => {
  const rows = [
    [0, 0],
    [0, 0],
  ];
  const { result, kept } = await worked(rows, { dtype: "float64" });
  expect(result).toEqual([7, 7]);
  expect(kept).toHaveLength(4);
});

it("refuses rows that a gradient is wanted of, and answers that are no rows", async () => {
  const build = (work: (g: Graph, x: Tensor) => Tensor, options: RunOptions = dynamic) =>
    runGraph({ x: [2, 2] }, { x: [1, 2, 3, 4] }, (g, { x }) => ({ y: work(g, x) }), options);
  // on a GPU, too, where none is left out
  for (const options of [dynamic, {}]) {
    await expect(build((g, x) => g.skipEmptyRows(x, (some) => some), options)).rejects.toThrow(
      "No gradient flows through rows that may be left out.",
    );
  }
  await expect(
    build((g, x) => g.skipEmptyRows(g.stopGradient(x), (some) => g.sum(some))),
  ).rejects.toThrow("Expected rows of columns back, got [].");
});
