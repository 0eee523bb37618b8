/**
 * Work on rows of which many hold nothing but zeros, such as images of roles that are out of view: the rows of zeros all have one
 * result, which is worked out once.
 */

import { ShapeError } from "../../core/errors.ts";
import { type Recorder, UNKNOWN_BATCH } from "../recorder.ts";
import type { Tensor } from "../tensor.ts";
import { compare, sub, where } from "./arithmetic.ts";
import { reshape, sum } from "./broadcast.ts";
import { cast, gather } from "./shape.ts";

/** Which rows of N are kept: those that hold something and, of the empty ones, the first. */
interface Kept {
  /** Empty, and the first of them [N, 1]. */
  readonly isEmpty: Tensor;
  readonly isFirst: Tensor;
  /** Rows that are kept, rising [K], where K is known only to who runs the graph. */
  readonly rows: Tensor;
  /** Of each row, where its own or its like is among those kept [N]. */
  readonly places: Tensor;
}

/**
 * `work` of the rows of `x` [N, ...], none of which it may let depend on another: [N, columns]. A gradient flows into what `work`
 * reads besides, none into `x`. How many rows are left depends on their numbers, which a GPU would have to be
 * asked for, so where a graph has no such shapes, `work` is given all of them.
 */
export function skipEmptyRows(g: Recorder, x: Tensor, work: (rows: Tensor) => Tensor): Tensor {
  if (x.needsGrad) throw new ShapeError("No gradient flows through rows that may be left out.");
  if (!g.dynamicShapes) return work(x);
  const kept = keptRows(g, x);
  const found = work(gather(g, x, kept.rows));
  if (found.shape.length !== 2 || found.shape[0] !== UNKNOWN_BATCH) {
    throw new ShapeError(`Expected rows of columns back, got [${found.shape.join(", ")}].`);
  }
  const result = g.untaped(() => gather(g, found, kept.places));
  return g.custom(result, [found], ([gradient]) => [gradient && gradientOfKept(g, gradient, kept)]);
}

function keptRows(g: Recorder, x: Tensor): Kept {
  const [count] = x.shape;
  // onnxruntime adds up sizes in float32 only
  const flat = cast(g, reshape(g, x, [count, -1]), "float32");
  // not a number is not nothing: it has to come out where it went in
  const content = g.record("ReduceL1", [flat], {
    shape: [count],
    attributes: { axes: { ints: [1] }, keepdims: { int: 0 } },
  });
  const isEmpty = compare(g, "Equal", content, g.constant([0], [], "float32"));
  const emptySoFar = countSoFar(g, isEmpty);
  const one = g.constant([1], [], "int64");
  const bool = { shape: [count], dtype: "bool" } as const;
  const isFirst = g.record("And", [isEmpty, compare(g, "Equal", emptySoFar, one)], bool);
  const isRepeat = g.record("And", [isEmpty, compare(g, "Greater", emptySoFar, one)], bool);
  const isKept = g.record("Not", [isRepeat], bool);
  const rows = g.record("NonZero", [isKept], { shape: [1, UNKNOWN_BATCH], dtype: "int64" });
  const own = sub(g, countSoFar(g, isKept), one);
  const ofFirst = sum(g, where(g, isFirst, own, g.constant([0], [], "int64")));
  return {
    isEmpty: reshape(g, isEmpty, [count, 1]),
    isFirst: reshape(g, isFirst, [count, 1]),
    rows: reshape(g, rows, [UNKNOWN_BATCH]),
    places: where(g, isRepeat, ofFirst, own),
  };
}

/** How many hold up to each one, itself included. */
function countSoFar(g: Recorder, holds: Tensor): Tensor {
  const axis = g.constant([0], [], "int64");
  const numbers = cast(g, holds, "int64");
  return g.record("CumSum", [numbers, axis], { shape: holds.shape });
}

/** The first of the empty rows gets what flows to all of them. */
function gradientOfKept(g: Recorder, gradient: Tensor, { isEmpty, isFirst, rows }: Kept): Tensor {
  const ofEmpty = sum(g, where(g, isEmpty, gradient, 0), { axes: [0], keep: true });
  return gather(g, where(g, isFirst, ofEmpty, gradient), rows);
}
