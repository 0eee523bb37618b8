/**
 * 2-D convolution without padding, x [N, C, H, W], weights [out, C, kernel, kernel], bias [out].
 *
 * For training it is gathered and multiplied, which needs a kernel that is a multiple of the stride: cut each line
 * of the image into pieces as long as the stride, gather the pieces under each output pixel, one matrix product. The
 * gradients are matrix products too, with no scatter, so they also exist in float64 and give the same bits on any number
 * of threads. For inference it is ONNX's own Conv, which is faster there.
 */

import { ConfigError, ShapeError } from "../../core/errors.ts";
import type { Recorder } from "../recorder.ts";
import type { Tensor } from "../tensor.ts";
import { reshape, sum } from "./broadcast.ts";
import { gemm } from "./matmul.ts";
import { gather, pad, slice } from "./shape.ts";
import { transpose } from "./transpose.ts";

export interface ConvOptions {
  readonly weight: Tensor;
  readonly bias: Tensor;
  readonly stride: number;
}

/** How one convolution lies in an image that is cut into blocks of stride x stride pixels. */
interface Blocks {
  readonly images: number;
  readonly channels: number;
  readonly kernel: number;
  readonly stride: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly outChannels: number;
  /** Blocks under one output pixel, along one side. */
  readonly side: number;
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
  const flat = gatheredProduct(g, blocks, usedPixels(g, x, blocks), weight, bias);
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
  const rows = outHeight + side - 1;
  const columns = outWidth + side - 1;
  return {
    ...{ images, channels, kernel, stride, side },
    ...{ outHeight, outWidth, outChannels, rows, columns },
  };
}

/** [N, C, H, W] to [N, H, W, C], cropped to the pixels that any output reads. */
function usedPixels(g: Recorder, x: Tensor, { rows, columns, stride }: Blocks): Tensor {
  const image = transpose(g, x, [0, 2, 3, 1]);
  return slice(g, slice(g, image, 1, 0, rows * stride), 2, 0, columns * stride);
}

/** One product for all output pixels, [N * outHeight * outWidth, outChannels], with its own gradient. */
function gatheredProduct(
  g: Recorder,
  blocks: Blocks,
  image: Tensor,
  weight: Tensor,
  bias: Tensor,
): Tensor {
  const { images, channels, kernel, outHeight, outWidth, outChannels } = blocks;
  const matrix = weightMatrix(g, weight);
  const [patches, product] = g.untaped(() => {
    const rows = reshape(g, gatherPieces(g, blocks, image), [
      images * outHeight * outWidth,
      kernel * kernel * channels,
    ]);
    return [rows, gemm(g, rows, matrix, { transposeB: true, bias })];
  });
  return g.custom(product, [image, matrix, bias], ([gradient]) => {
    if (!gradient) return [];
    const byPixel = reshape(g, gradient, [images, outHeight * outWidth * outChannels]);
    const ofImages = sum(g, byPixel, { axes: [0] });
    return [
      image.needsGrad ? gradientOfImage(g, blocks, gradient, matrix) : undefined,
      gemm(g, gradient, patches, { transposeA: true }),
      // over the images first: long rows add up ten times as fast as those of a few channels
      sum(g, reshape(g, ofImages, [outHeight * outWidth, outChannels]), { axes: [0] }),
    ];
  });
}

/** The pieces of lines under each output pixel, line by line: [N, pixels * kernel * side, stride * C]. */
function gatherPieces(g: Recorder, blocks: Blocks, image: Tensor): Tensor {
  const { images, channels, kernel, stride, side, outHeight, outWidth, rows, columns } = blocks;
  const positions: number[] = [];
  for (let i = 0; i < outHeight; i++) {
    for (let j = 0; j < outWidth; j++) {
      for (let line = 0; line < kernel; line++) {
        for (let b = 0; b < side; b++) positions.push((i * stride + line) * columns + j + b);
      }
    }
  }
  const pieces = reshape(g, image, [images, rows * stride * columns, stride * channels]);
  return gather(g, pieces, positions, 1);
}

/**
 * [out, C, kernel, kernel] to [out, kernel * kernel * C], columns in the order of gathered pieces. With the
 * long side last the product that is this matrix's gradient fills vector registers better.
 */
function weightMatrix(g: Recorder, weight: Tensor): Tensor {
  return reshape(g, transpose(g, weight, [0, 2, 3, 1]), [weight.shape[0], -1]);
}

/**
 * The gradient of the image [N, H, W, C], gathered the other way round: each of its blocks is read by side x side output
 * pixels, some of them outside, where there is none and 0 stands for it.
 */
function gradientOfImage(g: Recorder, blocks: Blocks, gradient: Tensor, matrix: Tensor): Tensor {
  const { images, channels, stride, side, outHeight, outWidth, outChannels, rows, columns } =
    blocks;
  const around = [0, side - 1, side - 1, 0];
  const pixels = reshape(g, gradient, [images, outHeight, outWidth, outChannels]);
  const padded = reshape(g, pad(g, pixels, around, around), [images, -1, outChannels]);
  const positions: number[] = [];
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      for (let a = 1; a <= side; a++) {
        for (let b = 1; b <= side; b++) {
          positions.push((i + side - a) * (columns + side - 1) + j + side - b);
        }
      }
    }
  }
  const reads = side * side * outChannels;
  const gathered = gather(g, padded, positions, 1);
  const apart = reshape(g, matrix, [outChannels, side, stride, side, stride, channels]);
  const weights = reshape(g, transpose(g, apart, [1, 3, 0, 2, 4, 5]), [reads, -1]);
  const product = gemm(g, reshape(g, gathered, [-1, reads]), weights);
  const cut = reshape(g, product, [images, rows, columns, stride, stride, channels]);
  const lines = transpose(g, cut, [0, 1, 3, 2, 4, 5]);
  return reshape(g, lines, [images, rows * stride, columns * stride, channels]);
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
