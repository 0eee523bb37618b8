/**
 * 2-D convolution without padding, x [N, C, H, W], weights [out, C, kernel, kernel], bias [out].
 *
 * For training it is computed in block space, which needs a kernel that is a multiple of the stride: cut
 * the image into stride x stride blocks (space to depth), gather the blocks under each output pixel, one
 * matrix product. The gradients are matrix products too, with no scatter, so they also exist in float64 and
 * give the same bits on any number of threads. For inference it is ONNX's own Conv, which is faster there.
 */

import { ConfigError, ShapeError } from "../../core/errors.ts";
import type { Recorder } from "../recorder.ts";
import type { Tensor } from "../tensor.ts";
import { add } from "./arithmetic.ts";
import { reshape, sum } from "./broadcast.ts";
import { gemm } from "./matmul.ts";
import { gather, pad, slice } from "./shape.ts";
import { transpose } from "./transpose.ts";

export interface ConvOptions {
  readonly weight: Tensor;
  readonly bias: Tensor;
  readonly stride: number;
}

/** How one convolution lies in block space. */
interface Blocks {
  readonly images: number;
  /** Blocks under one output pixel, along one side. */
  readonly side: number;
  /** Numbers in one block. */
  readonly depth: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly outChannels: number;
  /** Blocks along the height and the width of the part of the image that is used. */
  readonly rows: number;
  readonly columns: number;
}

export function conv2d(g: Recorder, x: Tensor, options: ConvOptions): Tensor {
  const { weight, bias, stride } = options;
  const [, channels, height, width] = x.shape;
  const [, weightChannels, kernel] = weight.shape;
  if (x.shape.length !== 4 || channels !== weightChannels || Math.min(height, width) < kernel) {
    throw new ShapeError(
      `A convolution with weights [${weight.shape.join(", ")}] cannot read [${x.shape.join(", ")}]: expected [N, ${weightChannels}, H, W] with H and W of at least ${kernel}.`,
    );
  }
  if (g.mode === "infer") return nativeConv(g, x, options);
  if (kernel % stride !== 0) {
    throw new ConfigError(
      `Training needs a kernel that is a multiple of its stride, got ${kernel} and ${stride}.`,
    );
  }
  const blocks = blocksOf(x, weight, stride);
  const cut = intoBlocks(g, x, blocks, stride);
  const flat = blockProduct(g, blocks, cut, weightMatrix(g, weight, stride), bias);
  const { images, outHeight, outWidth, outChannels } = blocks;
  const image = reshape(g, flat, [images, outHeight, outWidth, outChannels]);
  return transpose(g, image, [0, 3, 1, 2]);
}

function blocksOf(x: Tensor, weight: Tensor, stride: number): Blocks {
  const [images, channels, height, width] = x.shape;
  const [outChannels, , kernel] = weight.shape;
  const side = kernel / stride;
  const outHeight = Math.floor((height - kernel) / stride) + 1;
  const outWidth = Math.floor((width - kernel) / stride) + 1;
  return {
    images,
    side,
    depth: stride * stride * channels,
    outHeight,
    outWidth,
    outChannels,
    rows: outHeight + side - 1,
    columns: outWidth + side - 1,
  };
}

/** [N, C, H, W] to [N, blocks, stride * stride * C], cropped to the pixels that are used. */
function intoBlocks(g: Recorder, x: Tensor, { rows, columns, depth }: Blocks, stride: number) {
  const [images, channels] = x.shape;
  let image = transpose(g, x, [0, 2, 3, 1]);
  image = slice(g, image, 1, 0, rows * stride);
  image = slice(g, image, 2, 0, columns * stride);
  image = reshape(g, image, [images, rows, stride, columns, stride, channels]);
  image = transpose(g, image, [0, 1, 3, 2, 4, 5]);
  return reshape(g, image, [images, rows * columns, depth]);
}

/**
 * [out, C, kernel, kernel] to [out, kernel * kernel * C], columns in the order of gathered blocks. With the
 * long side last the product that is this matrix's gradient fills vector registers better.
 */
function weightMatrix(g: Recorder, weight: Tensor, stride: number): Tensor {
  const [out, channels, kernel] = weight.shape;
  const side = kernel / stride;
  const apart = reshape(g, weight, [out, channels, side, stride, side, stride]);
  const ordered = transpose(g, apart, [0, 2, 4, 3, 5, 1]);
  return reshape(g, ordered, [out, kernel * kernel * channels]);
}

/** One product for all output pixels, [N * outHeight * outWidth, outChannels], with its own gradient. */
function blockProduct(
  g: Recorder,
  blocks: Blocks,
  cut: Tensor,
  weight: Tensor,
  bias: Tensor,
): Tensor {
  const { images, side, depth, outHeight, outWidth, columns } = blocks;
  const positions: number[] = [];
  for (let i = 0; i < outHeight; i++) {
    for (let j = 0; j < outWidth; j++) {
      for (let a = 0; a < side; a++) {
        for (let b = 0; b < side; b++) positions.push((i + a) * columns + j + b);
      }
    }
  }
  const [patches, product] = g.untaped(() => {
    const gathered = side === 1 ? cut : gather(g, cut, positions, 1);
    const rows = reshape(g, gathered, [images * outHeight * outWidth, side * side * depth]);
    return [rows, gemm(g, rows, weight, { transposeB: true, bias })];
  });
  return g.custom(product, [cut, weight, bias], ([gradient]) => {
    if (!gradient) return [];
    return [
      cut.needsGrad ? gradientOfBlocks(g, blocks, gradient, weight) : undefined,
      gemm(g, gradient, patches, { transposeA: true }),
      sum(g, gradient, { axes: [0] }),
    ];
  });
}

/** Each of the side x side blocks under an output pixel gets its share; shifted images add up. */
function gradientOfBlocks(g: Recorder, blocks: Blocks, gradient: Tensor, weight: Tensor): Tensor {
  const { images, side, depth, outHeight, outWidth, rows, columns } = blocks;
  let total: Tensor | undefined;
  for (let a = 0; a < side; a++) {
    for (let b = 0; b < side; b++) {
      const at = (a * side + b) * depth;
      const part = gemm(g, gradient, slice(g, weight, 1, at, at + depth));
      const image = reshape(g, part, [images, outHeight, outWidth, depth]);
      const after = [0, rows - outHeight - a, columns - outWidth - b, 0];
      const shifted = pad(g, image, [0, a, b, 0], after);
      total = total ? add(g, total, shifted) : shifted;
    }
  }
  if (!total) throw new Error("internal: a convolution has at least one block.");
  return reshape(g, total, [images, rows * columns, depth]);
}

function nativeConv(g: Recorder, x: Tensor, { weight, bias, stride }: ConvOptions): Tensor {
  const [images, , height, width] = x.shape;
  const [out, , kernel] = weight.shape;
  const across = (size: number) => Math.floor((size - kernel) / stride) + 1;
  const attributes = {
    kernel_shape: { ints: [kernel, kernel] },
    strides: { ints: [stride, stride] },
  };
  const shape = [images, out, across(height), across(width)];
  return g.record("Conv", [x, weight, bias], { shape, attributes });
}
