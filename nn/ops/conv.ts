/**
 * 2-D convolution without padding, x [N, C, H, W], weights [out, C, kernel, kernel], bias [out].
 *
 * For training it is gathered and multiplied, which needs a kernel that is a multiple of the stride: cut the image into
 * blocks of stride x stride pixels, gather the blocks under each output pixel, one matrix product. The gradients are
 * matrix products too, with no scatter, so they also exist in float64 and give the same bits on any number of
 * threads. For inference it is ONNX's own Conv, which is faster there.
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
  const flat = gatheredProduct(g, blocks, cutIntoBlocks(g, x, blocks), weight, bias);
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

/** [N, C, H, W] to [N, blocks, stride * stride * C], without the pixels that no output reads. */
function cutIntoBlocks(g: Recorder, x: Tensor, blocks: Blocks): Tensor {
  const { images, channels, stride, rows, columns } = blocks;
  const image = transpose(g, x, [0, 2, 3, 1]);
  const used = slice(g, slice(g, image, 1, 0, rows * stride), 2, 0, columns * stride);
  const lines = reshape(g, used, [images, rows, stride, columns, stride * channels]);
  const together = stride === 1 ? lines : transpose(g, lines, [0, 1, 3, 2, 4]);
  return reshape(g, together, [images, rows * columns, stride * stride * channels]);
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
  const matrix = weightMatrix(g, blocks, weight);
  const [patches, product] = g.untaped(() => {
    const rows = reshape(g, gather(g, image, blocksUnderOutputs(blocks), 1), [
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
      image.needsGrad ? gradientOfBlocks(g, blocks, gradient, matrix) : undefined,
      gemm(g, gradient, patches, { transposeA: true }),
      // over the images first: long rows add up ten times as fast as those of a few channels
      sum(g, reshape(g, ofImages, [outHeight * outWidth, outChannels]), { axes: [0] }),
    ];
  });
}

/** The side x side blocks under each output pixel, pixel by pixel. */
function blocksUnderOutputs({ side, outHeight, outWidth, columns }: Blocks): number[] {
  const positions: number[] = [];
  for (let i = 0; i < outHeight; i++) {
    for (let j = 0; j < outWidth; j++) {
      for (let a = 0; a < side; a++) {
        for (let b = 0; b < side; b++) positions.push((i + a) * columns + j + b);
      }
    }
  }
  return positions;
}

/**
 * [out, C, kernel, kernel] to [out, kernel * kernel * C], columns in the order of gathered blocks. With the
 * long side last the product that is this matrix's gradient fills vector registers better.
 */
function weightMatrix(g: Recorder, { channels, stride, side }: Blocks, weight: Tensor): Tensor {
  const out = weight.shape[0];
  const apart = reshape(g, weight, [out, channels, side, stride, side, stride]);
  return reshape(g, transpose(g, apart, [0, 2, 4, 3, 5, 1]), [out, -1]);
}

/**
 * The gradient of the blocks [N, blocks, stride * stride * C], gathered the other way round: each of them is read by side x side
 * output pixels, some of them outside, where there is none and 0 stands for it.
 */
function gradientOfBlocks(g: Recorder, blocks: Blocks, gradient: Tensor, matrix: Tensor): Tensor {
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
  const inBlock = stride * stride * channels;
  const apart = reshape(g, matrix, [outChannels, side * side, inBlock]);
  const weights = reshape(g, transpose(g, apart, [1, 0, 2]), [reads, inBlock]);
  const product = gemm(g, reshape(g, gathered, [-1, reads]), weights);
  return reshape(g, product, [images, rows * columns, inBlock]);
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
