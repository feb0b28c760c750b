import { composition, K } from '../../../arguments/index.ts';
import { ShapeError, ValueError } from '../../../errors.ts';
import { adaptive, triple } from '../../../kernels/index.ts';
import { composed } from '../../../record/index.ts';
import type { Shape } from '../../../shape.ts';
import type { Tensor } from '../../../tensor.ts';
import { mean } from '../../reductions/sum.ts';
import { checkFloats, checkPlanes } from './checks.ts';
import { asked, nodeOf, type Pool } from './pooling.ts';
import { greatestOf, meansOf, type Windows } from './primitives.ts';

/** The sizes of a result, or one for all of its dimensions; `null` stands for that of the input. */
export type OutputSize = number | readonly (number | null)[];

/** Options of {@link adaptiveMaxPool1d}, {@link adaptiveMaxPool2d} and {@link adaptiveMaxPool3d}. */
export interface AdaptiveMaxPoolOptions {
  /** Whether the result is `[values, indices]`, the index of each value among its plane's entries. Default: false. */
  readonly returnIndices?: boolean;
}

const outputSizeKind = (rank: number): K.Kind =>
  rank === 1
    ? K.sizeOrSizes
    : K.either(K.sizeOrSizes, K.listOf(K.nullable(K.integer), 'an array of sizes or null such as [2, null]'));

/** Windows that share out what there is among so many. */
function windowsOf(x: Tensor, outputSize: OutputSize, rank: number): Windows {
  const sizes = x.shape.slice(-rank);
  const given = typeof outputSize === 'number' ? Array<number>(rank).fill(outputSize) : outputSize;
  if (given.length !== rank) {
    throw new ShapeError(
      `output_size must be ${rank} numbers, one for each dimension, or one for all, but got [${given.join(', ')}]`,
    );
  }
  const out: Shape = given.map((n, d) => n ?? sizes[d] ?? 1);
  if (out.some((n) => n < 0)) {
    throw new ValueError(
      `elements of output_size must be greater than or equal to 0 but received {${out.join(', ')}}`,
    );
  }
  const along = out.map((n, d) => adaptive(sizes[d] ?? 1, n));
  return { rank, out, along: triple(along, adaptive(1, 1)) };
}

const adaptiveMaxPool = (caller: string, rank: number): Pool<OutputSize, AdaptiveMaxPoolOptions> =>
  composition(
    caller,
    {
      x: K.tensor,
      outputSize: outputSizeKind(rank),
      options: K.options<AdaptiveMaxPoolOptions>({ returnIndices: K.flag }),
    },
    (x: Tensor, outputSize: OutputSize, options: AdaptiveMaxPoolOptions = {}) => {
      checkPlanes(x, rank, 1);
      checkFloats(x);
      const found = greatestOf(x, null, windowsOf(x, outputSize, rank));
      return asked(nodeOf('adaptive_max_pool', rank), x, found, options.returnIndices);
    },
  ) as Pool<OutputSize, AdaptiveMaxPoolOptions>;

const adaptiveAvgPool = (caller: string, rank: number) =>
  composition(
    caller,
    { x: K.tensor, outputSize: outputSizeKind(rank) },
    (x: Tensor, outputSize: OutputSize): Tensor => {
      checkPlanes(x, rank, rank === 3 ? 1 : x.ndim - rank);
      checkFloats(x);
      const windows = windowsOf(x, outputSize, rank);
      // Of all that there is sums are carried further.
      if (windows.out.every((n) => n === 1)) {
        const dims = windows.out.map((_, d) => d - rank);
        const y = mean(x, dims, { keepdim: true });
        return rank === 1 ? composed('SqueezeBackward1', y) : y;
      }
      return composed(nodeOf('adaptive_avg_pool', rank), meansOf(x, windows), x);
    },
  );

/**
 * The greatest entry of each of `outputSize` windows, which share out x's last dimension: window i holds entries
 * floor(i * L / outputSize) to ceil((i + 1) * L / outputSize) - 1. Shapes: x (N, C, L) or (C, L); the result (N, C,
 * outputSize). Floats. Follows `torch.nn.functional.adaptive_max_pool1d`.
 * @throws ShapeError where x has other dimensions, ValueError for negative sizes, DTypeError where x is no tensor of
 *   floats
 * @example adaptiveMaxPool1d(tensor([[[1, 5, 2, 4, 3]]], { dtype: 'float32' }), 2); // tensor([[[5., 4.]]])
 */
export const adaptiveMaxPool1d = /* @__PURE__ */ adaptiveMaxPool('adaptiveMaxPool1d', 1);

/**
 * {@link adaptiveMaxPool1d} of images: x (N, C, H, W) or (C, H, W); of `outputSize` `null` stands for x's own size.
 * Follows `torch.nn.functional.adaptive_max_pool2d`.
 * @throws ShapeError where x has other dimensions, ValueError for negative sizes, DTypeError where x is no tensor of
 *   floats
 * @example adaptiveMaxPool2d(randn([1, 3, 5, 7]), [2, null]).shape; // [ 1, 3, 2, 7 ]
 */
export const adaptiveMaxPool2d = /* @__PURE__ */ adaptiveMaxPool('adaptiveMaxPool2d', 2);

/**
 * {@link adaptiveMaxPool1d} of volumes: x (N, C, D, H, W) or (C, D, H, W). Follows
 * `torch.nn.functional.adaptive_max_pool3d`.
 * @throws ShapeError where x has other dimensions, ValueError for negative sizes, DTypeError where x is no tensor of
 *   floats
 */
export const adaptiveMaxPool3d = /* @__PURE__ */ adaptiveMaxPool('adaptiveMaxPool3d', 3);

/**
 * The mean of each of `outputSize` windows, which share out x's last dimension as those of {@link adaptiveMaxPool1d}
 * do. Shapes: x (N, C, L) or (C, L); the result (N, C, outputSize). Floats. Follows
 * `torch.nn.functional.adaptive_avg_pool1d`.
 * @throws ShapeError where x has other dimensions, ValueError for negative sizes, DTypeError where x is no tensor of
 *   floats
 * @example adaptiveAvgPool1d(tensor([[[1, 5, 3, 4, 2]]], { dtype: 'float32' }), 2); // tensor([[[3., 3.]]])
 */
export const adaptiveAvgPool1d = /* @__PURE__ */ adaptiveAvgPool('adaptiveAvgPool1d', 1);

/**
 * {@link adaptiveAvgPool1d} of images: x (N, C, H, W) or (C, H, W); of `outputSize` `null` stands for x's own size.
 * Follows `torch.nn.functional.adaptive_avg_pool2d`.
 * @throws ShapeError where x has other dimensions, ValueError for negative sizes, DTypeError where x is no tensor of
 *   floats
 * @example adaptiveAvgPool2d(ones([2, 3, 8, 8]), 1).shape; // [ 2, 3, 1, 1 ]
 */
export const adaptiveAvgPool2d = /* @__PURE__ */ adaptiveAvgPool('adaptiveAvgPool2d', 2);

/**
 * {@link adaptiveAvgPool1d} of volumes: x (N, C, D, H, W) or (C, D, H, W). Follows
 * `torch.nn.functional.adaptive_avg_pool3d`.
 * @throws ShapeError where x has other dimensions, ValueError for negative sizes, DTypeError where x is no tensor of
 *   floats
 */
export const adaptiveAvgPool3d = /* @__PURE__ */ adaptiveAvgPool('adaptiveAvgPool3d', 3);
