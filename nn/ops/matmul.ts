/** Matrix products. */

import { ShapeError } from "../../core/errors.ts";
import type { Recorder } from "../recorder.ts";
import { broadcastShape, type Tensor } from "../tensor.ts";
import { reshape, sum, sumTo } from "./broadcast.ts";
import { transpose } from "./transpose.ts";

export interface GemmOptions {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  /** [columns], added to every row. */
  readonly bias?: Tensor;
}

/** a b of two matrices, either transposed on the way, plus a bias. */
export function gemm(g: Recorder, a: Tensor, b: Tensor, options: GemmOptions = {}): Tensor {
  const { transposeA = false, transposeB = false, bias } = options;
  const [rows, inner] = transposeA ? [a.shape[1], a.shape[0]] : a.shape;
  const [innerB, columns] = transposeB ? [b.shape[1], b.shape[0]] : b.shape;
  if (inner !== innerB || a.shape.length !== 2 || b.shape.length !== 2) {
    throw new ShapeError(`Matrices ${shown(a)} and ${shown(b)} do not fit for a product.`);
  }
  const attributes = { transA: { int: transposeA ? 1 : 0 }, transB: { int: transposeB ? 1 : 0 } };
  const inputs = bias ? [a, b, bias] : [a, b];
  return g.record("Gemm", inputs, { shape: [rows, columns], attributes }, ([gradient]) => {
    if (!gradient) return [];
    const toA = () =>
      transposeA
        ? gemm(g, b, gradient, { transposeA: transposeB, transposeB: true })
        : gemm(g, gradient, b, { transposeB: !transposeB });
    const toB = () =>
      transposeB
        ? gemm(g, gradient, a, { transposeA: true, transposeB: transposeA })
        : gemm(g, a, gradient, { transposeA: !transposeA });
    return [
      a.needsGrad ? toA() : undefined,
      b.needsGrad ? toB() : undefined,
      bias?.needsGrad ? sum(g, gradient, { axes: [0] }) : undefined,
    ];
  });
}

/** The product of the last two axes; the axes in front broadcast. */
export function matmul(g: Recorder, a: Tensor, b: Tensor): Tensor {
  const inner = a.shape[a.shape.length - 1];
  if (a.shape.length < 2 || b.shape.length < 2 || inner !== b.shape[b.shape.length - 2]) {
    throw new ShapeError(`Matrices ${shown(a)} and ${shown(b)} do not fit for a product.`);
  }
  const columns = b.shape[b.shape.length - 1];
  if (b.shape.length === 2) {
    const flat = gemm(g, reshape(g, a, [-1, inner]), b);
    return reshape(g, flat, [...a.shape.slice(0, -1), columns]);
  }
  const front = broadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const shape = [...front, a.shape[a.shape.length - 2], columns];
  return g.record("MatMul", [a, b], { shape }, ([gradient]) => {
    if (!gradient) return [];
    return [
      a.needsGrad ? sumTo(g, matmul(g, gradient, lastTwoSwapped(g, b)), a.shape) : undefined,
      b.needsGrad ? sumTo(g, matmul(g, lastTwoSwapped(g, a), gradient), b.shape) : undefined,
    ];
  });
}

function lastTwoSwapped(g: Recorder, x: Tensor): Tensor {
  const rank = x.shape.length;
  return transpose(g, x, [...x.shape.slice(0, -2).keys(), rank - 1, rank - 2]);
}

const shown = (x: Tensor) => `[${x.shape.join(", ")}]`;
