import { composition, K } from '../../arguments/index.ts';
import { ShapeError, ValueError } from '../../errors.ts';
import { composed } from '../../record/index.ts';
import { formatShape, type Shape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { pad } from '../arranging/pad.ts';
import { squeeze, unsqueeze } from '../views/shape.ts';
import {
  type ConvOptions,
  type ConvTransposeOptions,
  checkKernelFits,
  checkOperands,
  checkOutputSizes,
  convKinds,
  convTransposeKinds,
  perDimension,
} from './convolution-checks.ts';
import { convolutionForward, convolutionInput } from './convolution-primitives.ts';

export type { ConvOptions, ConvTransposeOptions, PerDimension } from './convolution-checks.ts';

/** Calls a convolution with a batch, which x may lack. */
function withBatch(caller: string, x: Tensor, rank: number, call: (x: Tensor) => Tensor): Tensor {
  if (x.ndim === rank + 2) return call(x);
  if (x.ndim === rank + 1) return squeeze(call(unsqueeze(x, 0)), 0);
  throw new ShapeError(
    `${caller}: Expected ${rank + 1}D (unbatched) or ${rank + 2}D (batched) input to ${caller}, but got input of size: ` +
      formatShape(x.shape),
  );
}

/**
 * As many zeros before and behind each dimension as keep its size; where an odd number is to be added, `x` gets the
 * last one.
 */
function samePadding(
  x: Tensor,
  weight: Tensor,
  stride: Shape,
  dilation: Shape,
): { x: Tensor; padding: Shape } {
  if (stride.some((s) => s !== 1))
    throw new ValueError("padding='same' is not supported for strided convolutions");
  const totals = weight.shape.slice(2).map((k, d) => (dilation[d] ?? 1) * (k - 1));
  const odd = totals.map((total) => total % 2);
  const padding = totals.map((total) => Math.floor(total / 2));
  if (!odd.includes(1)) return { x, padding };
  return {
    x: pad(
      x,
      odd.reverse().flatMap((extra) => [0, extra]),
    ),
    padding,
  };
}

/** The function for `rank` spatial dimensions that does this to a batch. */
const convolution = <O extends object>(
  caller: string,
  rank: number,
  kinds: K.Kinds<O>,
  ofBatch: (x: Tensor, weight: Tensor, bias: Tensor | null, options: Partial<O>) => Tensor,
) =>
  composition(
    caller,
    { x: K.tensor, weight: K.tensor, bias: K.nullable(K.tensor), options: K.options(kinds) },
    (input: Tensor, weight: Tensor, bias: Tensor | null = null, options: Partial<O> = {}): Tensor =>
      withBatch(caller, input, rank, (x) => ofBatch(x, weight, bias, options)),
  );

/** The function for `rank` spatial dimensions. */
const conv = (caller: string, rank: number) =>
  convolution<ConvOptions>(caller, rank, convKinds, (batched, weight, bias, options) => {
    const { groups = 1, padding: how = 0 } = options;
    checkOperands({ x: batched, weight, bias, groups, transposed: false }, rank);
    const stride = perDimension('stride', options.stride ?? 1, rank, 1);
    const dilation = perDimension('dilation', options.dilation ?? 1, rank, 1);
    const { x, padding } =
      how === 'same'
        ? samePadding(batched, weight, stride, dilation)
        : { x: batched, padding: perDimension('padding', how === 'valid' ? 0 : how, rank, 0) };
    checkKernelFits(x.shape, weight.shape, padding, dilation);
    return convolutionForward(x, weight, bias, { stride, padding, dilation, groups });
  });

/** The transposed function for `rank` spatial dimensions. */
const convTranspose = (caller: string, rank: number) =>
  convolution<ConvTransposeOptions>(caller, rank, convTransposeKinds, (x, weight, bias, options) => {
    const { groups = 1 } = options;
    checkOperands({ x, weight, bias, groups, transposed: true }, rank);
    const stride = perDimension('stride', options.stride ?? 1, rank, 1);
    const padding = perDimension('padding', options.padding ?? 0, rank, 0);
    const dilation = perDimension('dilation', options.dilation ?? 1, rank, 1);
    const outputPadding = perDimension('output_padding', options.outputPadding ?? 0, rank, 0);
    const sizes = x.shape
      .slice(2)
      .map(
        (n, d) =>
          (n - 1) * (stride[d] ?? 1) -
          2 * (padding[d] ?? 0) +
          (dilation[d] ?? 1) * ((weight.shape[d + 2] ?? 1) - 1) +
          (outputPadding[d] ?? 0) +
          1,
      );
    checkOutputSizes(x.shape, weight.shape, { stride, dilation, outputPadding }, sizes);
    const y = convolutionInput(x, weight, bias, { stride, padding, dilation, groups, sizes });
    return composed('convolution', y, x, weight);
  });

/**
 * The convolution of each row of x with weights: y[n, o, i] = bias[o] + the sum over channels c and places k of
 * weight[o, c, k] * x[n, c, i * stride + k * dilation - padding], where x is 0 outside. Shapes: x (N, in, L) or (in,
 * L), weight (out, in / groups, kernel), bias (out); the result (N, out, (L + 2 * padding - dilation * (kernel - 1) -
 * 1) / stride + 1, rounded down). Any dtype but bool, one for all. Follows `torch.conv1d`.
 * @throws ShapeError where shapes do not fit each other, ValueError for numbers that are too small, DTypeError for
 *   different dtypes
 * @example conv1d(tensor([[[1, 2, 3, 4]]]), tensor([[[1, -1]]])); // tensor([[[-1, -1, -1]]])
 */
export const conv1d = conv('conv1d', 1);

/**
 * {@link conv1d} of images: x (N, in, H, W) or (in, H, W), weight (out, in / groups, kH, kW), bias (out). Follows
 * `torch.conv2d`.
 * @throws ShapeError where shapes do not fit each other, ValueError for numbers that are too small, DTypeError for
 *   different dtypes
 * @example
 * ```ts
 * conv2d(ones([1, 1, 3, 3]), ones([1, 1, 2, 2])).reshape([-1]).tolist(); // [ 4, 4, 4, 4 ]
 * conv2d(ones([8, 3, 32, 32]), ones([16, 3, 5, 5]), null, { padding: 'same' }).shape; // [ 8, 16, 32, 32 ]
 * ```
 */
export const conv2d = conv('conv2d', 2);

/**
 * {@link conv1d} of volumes: x (N, in, D, H, W) or (in, D, H, W), weight (out, in / groups, kD, kH, kW), bias (out).
 * Follows `torch.conv3d`.
 * @throws ShapeError where shapes do not fit each other, ValueError for numbers that are too small, DTypeError for
 *   different dtypes
 */
export const conv3d = conv('conv3d', 3);

/**
 * What {@link conv1d} does to gradients: each entry of x adds itself times the weights to a window of the result.
 * Shapes: x (N, in, L) or (in, L), weight (in, out / groups, kernel), bias (out); the result has (L - 1) * stride - 2 *
 * padding + dilation * (kernel - 1) + outputPadding + 1 entries in each row. Follows `torch.conv_transpose1d`.
 * @throws ShapeError where shapes do not fit each other, ValueError for numbers that are too small or an output padding
 *   that is too large, DTypeError for different dtypes
 * @example convTranspose1d(tensor([[[1, 2]]]), tensor([[[1, 1, 1]]]), null, { stride: 2 }); // tensor([[[1, 1, 3, 2, 2]]])
 */
export const convTranspose1d = convTranspose('convTranspose1d', 1);

/**
 * {@link convTranspose1d} of images: x (N, in, H, W) or (in, H, W), weight (in, out / groups, kH, kW). Follows
 * `torch.conv_transpose2d`.
 * @throws ShapeError where shapes do not fit each other, ValueError for numbers that are too small or an output padding
 *   that is too large, DTypeError for different dtypes
 */
export const convTranspose2d = convTranspose('convTranspose2d', 2);

/**
 * {@link convTranspose1d} of volumes: x (N, in, D, H, W) or (in, D, H, W), weight (in, out / groups, kD, kH, kW).
 * Follows `torch.conv_transpose3d`.
 * @throws ShapeError where shapes do not fit each other, ValueError for numbers that are too small or an output padding
 *   that is too large, DTypeError for different dtypes
 */
export const convTranspose3d = convTranspose('convTranspose3d', 3);
