/**
 * Moments of an image: where its content is, how large, how far away and which way it slopes.
 *
 * A fixed linear layer and a division, in the spirit of the spatial softmax (Levine et al., 2016) but
 * on the depth itself: a convolutional encoder needs many updates before it can say as much.
 */

import type { Graph } from "../../nn/graph.ts";
import type { Tensor } from "../../nn/tensor.ts";

export interface ImageSize {
  readonly width: number;
  /** Of the whole image. */
  readonly height: number;
  readonly firstRow?: number;
}

/** Columns of a row of moments. */
export const MOMENTS = 12;

/**
 * Moments [B * R, MOMENTS] of inverse depth [B, R, H, W], 0 where nothing is seen: whether anything is,
 * its share of the pixels, mean u and v, their variances and covariance, mean inverse depth and its
 * mean square, its covariances with u and v, and the product of share and inverse depth. u and v run
 * from -1 to 1 over the image, of which `layers` may lack the rows before `firstRow`, as long as nothing is seen there.
 */
export function imageMoments(g: Graph, layers: Tensor, image: ImageSize): Tensor {
  const { width, height, firstRow = 0 } = image;
  const pixels = width * (height - firstRow);
  const w = g.reshape(layers, [-1, pixels]);
  const basis = g.constant(basisOf(image), [pixels, 6]);
  const mask = g.cast(g.compare("Greater", w, 0), w.dtype);
  const area = g.gemm(mask, basis);
  const depth = g.gemm(w, basis);
  const squares = g.sum(g.square(w), { axes: [1], keep: true });
  const column = (x: Tensor, at: number) => g.slice(x, 1, at, at + 1);
  const count = column(area, 0);
  const each = g.div(1, g.add(count, 1e-3));
  const mean = (x: Tensor) => g.mul(x, each);
  const u = mean(column(area, 1));
  const v = mean(column(area, 2));
  const near = mean(column(depth, 0));
  const share = g.div(count, width * height);
  const moments = g.concat(
    [
      g.min(count, 1),
      g.sqrt(g.add(share, 1e-6)),
      u,
      v,
      g.sub(mean(column(area, 3)), g.square(u)),
      g.sub(mean(column(area, 4)), g.square(v)),
      g.sub(mean(column(area, 5)), g.mul(u, v)),
      near,
      g.sub(mean(squares), g.square(near)),
      g.sub(mean(column(depth, 1)), g.mul(near, u)),
      g.sub(mean(column(depth, 2)), g.mul(near, v)),
      g.mul(share, near),
    ],
    1,
  );
  return g.mul(moments, g.constant(SCALES, [1, MOMENTS]));
}

/** Brings each moment of a typical image to a size of about one. */
const SCALES = [1, 4, 2, 4, 30, 60, 360, 0.5, 4, 30, 30, 2];

/** [pixels, 6]: 1, u, v, u u, v v, u v of every pixel from the first row on. */
function basisOf({ width, height, firstRow = 0 }: ImageSize): number[] {
  const basis: number[] = [];
  for (let row = firstRow; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const u = (2 * column + 1) / width - 1;
      const v = (2 * row + 1) / height - 1;
      basis.push(1, u, v, u * u, v * v, u * v);
    }
  }
  return basis;
}
