/**
 * A graph under construction: each method records one operation and returns its result. Numbers exist only
 * when onnxruntime runs the graph. To add an operation, write it with its gradient in `ops/`, name it here, and
 * add a row to the table of gradient checks in `test/nn/`.
 */

import { ConfigError, ShapeError } from "../core/errors.ts";
import * as arithmetic from "./ops/arithmetic.ts";
import * as broadcast from "./ops/broadcast.ts";
import * as conv from "./ops/conv.ts";
import { skipEmptyRows } from "./ops/empty-rows.ts";
import * as matmul from "./ops/matmul.ts";
import * as shape from "./ops/shape.ts";
import { transpose } from "./ops/transpose.ts";
import * as unary from "./ops/unary.ts";
import { Recorder } from "./recorder.ts";
import type { DType, Operand, Tensor } from "./tensor.ts";

type Comparison = Parameters<typeof arithmetic.compare>[1];

export class Graph extends Recorder {
  add(a: Operand, b: Operand): Tensor {
    return arithmetic.add(this, a, b);
  }
  sub(a: Operand, b: Operand): Tensor {
    return arithmetic.sub(this, a, b);
  }
  mul(a: Operand, b: Operand): Tensor {
    return arithmetic.mul(this, a, b);
  }
  div(a: Operand, b: Operand): Tensor {
    return arithmetic.div(this, a, b);
  }
  neg(x: Tensor): Tensor {
    return arithmetic.neg(this, x);
  }
  /** The smaller of two; where they are equal the gradient goes to `a`. */
  min(a: Operand, b: Operand): Tensor {
    return arithmetic.min(this, a, b);
  }
  /** The larger of two; where they are equal the gradient goes to `a`. */
  max(a: Operand, b: Operand): Tensor {
    return arithmetic.max(this, a, b);
  }
  /** Limits to [low, high]; the gradient is zero outside and passes at the bounds. */
  clip(x: Tensor, low: number, high: number): Tensor {
    return arithmetic.clip(this, x, low, high);
  }
  /** A boolean tensor, without gradient. */
  compare(op: Comparison, a: Operand, b: Operand): Tensor {
    return arithmetic.compare(this, op, a, b);
  }
  /** `a` where the boolean `condition` holds, else `b`. */
  where(condition: Tensor, a: Operand, b: Operand): Tensor {
    return arithmetic.where(this, condition, a, b);
  }

  exp(x: Tensor): Tensor {
    return unary.exp(this, x);
  }
  log(x: Tensor): Tensor {
    return unary.log(this, x);
  }
  sqrt(x: Tensor): Tensor {
    return unary.sqrt(this, x);
  }
  square(x: Tensor): Tensor {
    return unary.square(this, x);
  }
  abs(x: Tensor): Tensor {
    return unary.abs(this, x);
  }
  tanh(x: Tensor): Tensor {
    return unary.tanh(this, x);
  }
  sigmoid(x: Tensor): Tensor {
    return unary.sigmoid(this, x);
  }
  relu(x: Tensor): Tensor {
    return unary.relu(this, x);
  }
  elu(x: Tensor): Tensor {
    return unary.elu(this, x);
  }
  softplus(x: Tensor): Tensor {
    return unary.softplus(this, x);
  }

  /** Over all axes unless `axes` names some. */
  sum(x: Tensor, options?: broadcast.Reduction): Tensor {
    return broadcast.sum(this, x, options);
  }
  /** Over all axes unless `axes` names some. */
  mean(x: Tensor, options?: broadcast.Reduction): Tensor {
    return broadcast.mean(this, x, options);
  }
  /** The largest; elements that tie for it share the gradient equally. */
  maxReduce(x: Tensor, options?: broadcast.Reduction): Tensor {
    return arithmetic.maxReduce(this, x, options);
  }

  /** One axis may be -1: what is left of the size. */
  reshape(x: Tensor, to: readonly number[]): Tensor {
    return broadcast.reshape(this, x, to);
  }
  expand(x: Tensor, to: readonly number[]): Tensor {
    return broadcast.expand(this, x, to);
  }
  /** Axis i of the result is axis order[i] of x. */
  transpose(x: Tensor, order: readonly number[]): Tensor {
    return transpose(this, x, order);
  }
  concat(parts: readonly Tensor[], axis: number): Tensor {
    return shape.concat(this, parts, axis);
  }
  split(x: Tensor, widths: readonly number[], axis: number): readonly Tensor[] {
    return shape.split(this, x, widths, axis);
  }
  /** Elements `from` up to, not including, `to` along `axis`. */
  slice(x: Tensor, axis: number, from: number, to: number): Tensor {
    return shape.slice(this, x, axis, from, to);
  }
  /** Zeros in front of and behind each axis. */
  pad(x: Tensor, before: readonly number[], after: readonly number[]): Tensor {
    return shape.pad(this, x, before, after);
  }
  /** Rows along `axis`; through positions in a tensor, gradients flow to the rows of a matrix only. */
  gather(x: Tensor, positions: Tensor | readonly number[], axis = 0): Tensor {
    return shape.gather(this, x, positions, axis);
  }
  /** The same numbers as another type; no gradient flows. */
  cast(x: Tensor, dtype: DType): Tensor {
    return shape.cast(this, x, dtype);
  }
  /** The same numbers, seen by gradients as constants. */
  stopGradient(x: Tensor): Tensor {
    const { transposed: _, ofGradient: __, ...plain } = x;
    return { ...plain, needsGrad: false };
  }

  /** Product of two matrices, either transposed on the way, plus a bias. */
  gemm(a: Tensor, b: Tensor, options?: matmul.GemmOptions): Tensor {
    return matmul.gemm(this, a, b, options);
  }
  /** Product of the last two axes; the axes in front broadcast. */
  matmul(a: Tensor, b: Tensor): Tensor {
    return matmul.matmul(this, a, b);
  }
  /** Convolution without padding of x [N, C, H, W]. */
  conv2d(x: Tensor, options: conv.ConvOptions): Tensor {
    return conv.conv2d(this, x, options);
  }
  /** `work` of each row of `x`, rows of zeros only once where shapes may be dynamic; no gradient flows to `x`. */
  skipEmptyRows(x: Tensor, work: (rows: Tensor) => Tensor): Tensor {
    return skipEmptyRows(this, x, work);
  }

  /** The numbers of `x` as a leaf that `gradients` can be asked for; none flows through it to `x`. */
  leaf(x: Tensor): Tensor {
    const { name } = this.record("Identity", [x], { shape: x.shape });
    return { ...this.stopGradient(x), name, needsGrad: true };
  }

  /**
   * d loss / d leaf for each leaf, by walking the tape backwards. `loss` is a scalar, and made of no gradient: these are of first
   * order only.
   */
  gradients(loss: Tensor, leaves: readonly Tensor[]): Tensor[] {
    if (loss.shape.length !== 0) {
      throw new ShapeError(`The loss must be a scalar, got shape [${loss.shape.join(", ")}].`);
    }
    if (loss.ofGradient) {
      throw new ConfigError(
        "Gradients are of first order only, and the loss is made of one: pass that through stopGradient to take it as a constant.",
      );
    }
    return this.untaped(() => {
      const found = new Map<string, Tensor>([[loss.name, this.constant([1], [])]]);
      for (const { inputs, outputs, backward } of [...this.tape].reverse()) {
        const arriving = outputs.map((output) => found.get(output.name));
        if (arriving.every((gradient) => gradient === undefined)) continue;
        const leaving = backward(arriving);
        inputs.forEach((input, i) => {
          const gradient = leaving[i];
          if (!gradient || !input.needsGrad) return;
          const before = found.get(input.name);
          found.set(input.name, before ? this.add(before, gradient) : gradient);
        });
      }
      return leaves.map((leaf) => ({
        ...(found.get(leaf.name) ?? shape.zeros(this, leaf.shape)),
        ofGradient: true,
      }));
    });
  }
}
