import { composition, K } from '../../../arguments/index.ts';
import { isFloatingPoint, scalarNameOf } from '../../../dtype.ts';
import { DTypeError, ShapeError, ValueError } from '../../../errors.ts';
import { type Along, regular, triple } from '../../../kernels/index.ts';
import { composed } from '../../../record/index.ts';
import { formatShape, type Shape } from '../../../shape.ts';
import type { Tensor } from '../../../tensor.ts';
import { to } from '../../creation/copy.ts';
import type { PerDimension } from '../convolution-checks.ts';
import { checkPlanes, type WindowSizes, windowCounts, windowSizes } from './checks.ts';
import { greatestOf, meansOf, type Windows } from './primitives.ts';

/**
 * Options of {@link maxPool1d}, {@link maxPool2d} and {@link maxPool3d}. A number stands for as many as there are
 * dimensions.
 */
export interface MaxPoolOptions {
  /** From one window to the next; `null`, the default: as much as a window is long. */
  readonly stride?: PerDimension | null;
  /** Entries of minus infinity on both sides, at most half as many as a window is long. Default: 0. */
  readonly padding?: PerDimension;
  /** From one entry of a window to the next. Default: 1. */
  readonly dilation?: PerDimension;
  /** Whether windows may reach beyond the end that begin before it. Default: false. */
  readonly ceilMode?: boolean;
  /** Whether the result is `[values, indices]`, the index of each value among its plane's entries. Default: false. */
  readonly returnIndices?: boolean;
}

/** Options of {@link avgPool1d}, {@link avgPool2d} and {@link avgPool3d}. */
export interface AvgPoolOptions {
  /** From one window to the next; `null`, the default: as much as a window is long. */
  readonly stride?: PerDimension | null;
  /** Zeros on both sides, at most half as many as a window is long. Default: 0. */
  readonly padding?: PerDimension;
  /** Whether windows may reach beyond the end that begin before it. Default: false. */
  readonly ceilMode?: boolean;
  /** Whether entries of the padding count where sums are divided. Default: true. */
  readonly countIncludePad?: boolean;
  /** What sums are divided by, whatever windows hold. Default: by how many entries there are. */
  readonly divisorOverride?: number | null;
}

/** Asks for places as well. */
export interface WithIndices {
  /** Gives `[values, indices]`. */
  readonly returnIndices: true;
}

/** Asks for none. */
export interface WithoutIndices {
  /** Gives values alone. */
  readonly returnIndices?: false;
}

/** A function of an input and what its windows are, which gives their places too where it is asked to. */
export interface Pool<W, O> {
  (x: Tensor, windows: W, options: O & WithIndices): [values: Tensor, indices: Tensor];
  (x: Tensor, windows: W, options?: O & WithoutIndices): Tensor;
  (x: Tensor, windows: W, options?: O): Tensor | [values: Tensor, indices: Tensor];
}

/** The windows over `rank` dimensions of those sizes. */
function windowsOf(
  sizes: Shape,
  given: WindowSizes,
  ceilMode: boolean,
  counts: readonly Along['counts'][],
): Windows {
  const rank = sizes.length;
  const out = windowCounts(sizes, given, ceilMode);
  const one = { kernel: 1, stride: 1, padding: 0, dilation: 1 };
  const along = out.map((n, d) => {
    const window = {
      kernel: given.kernel[d] ?? 1,
      stride: given.stride[d] ?? 1,
      padding: given.padding[d] ?? 0,
      dilation: given.dilation[d] ?? 1,
    };
    return regular(sizes[d] ?? 1, n, window, counts[d] ?? 1);
  });
  return { rank, out, along: triple(along, regular(1, 1, one, 1)) };
}

/** Calls a function of floats, whose first result has x's dtype; whole numbers are exact in float64. */
function asFloats<R extends readonly [Tensor, ...Tensor[]]>(x: Tensor, call: (x: Tensor) => R): R {
  if (x.dtype === 'bool') throw new DTypeError(`not implemented for '${scalarNameOf('bool')}'`);
  if (isFloatingPoint(x.dtype)) return call(x);
  const [y, ...others] = call(to(x, 'float64'));
  return [to(y, x.dtype), ...others] as readonly Tensor[] as R;
}

/** The node of an operation of `rank` dimensions: of one PyTorch has that of two, whose result it squeezes. */
export const nodeOf = (name: string, rank: number, ending = ''): string =>
  rank === 1 ? 'SqueezeBackward1' : `${name}${rank}d${ending}`;

/** What was asked for of values and indices, under PyTorch's name. */
export function asked(
  name: string,
  x: Tensor,
  [values, indices]: readonly [Tensor, Tensor],
  returnIndices: boolean | undefined,
): Tensor | [Tensor, Tensor] {
  composed(name, values, x);
  return returnIndices ? [values, indices] : values;
}

const maxKinds: K.Kinds<MaxPoolOptions> = {
  stride: /* @__PURE__ */ K.nullable(K.sizeOrSizes),
  padding: K.sizeOrSizes,
  dilation: K.sizeOrSizes,
  ceilMode: K.flag,
  returnIndices: K.flag,
};

const maxPool = (caller: string, rank: number): Pool<PerDimension, MaxPoolOptions> =>
  composition(
    caller,
    { x: K.tensor, kernelSize: K.sizeOrSizes, options: K.options(maxKinds) },
    (x: Tensor, kernelSize: PerDimension, options: MaxPoolOptions = {}) => {
      const given = windowSizes(rank, kernelSize, options);
      checkPlanes(x, rank);
      const windows = windowsOf(x.shape.slice(-rank), given, options.ceilMode ?? false, []);
      const found = asFloats(x, (x) => greatestOf(x, null, windows));
      return asked(nodeOf('max_pool', rank, '_with_indices'), x, found, options.returnIndices);
    },
  ) as Pool<PerDimension, MaxPoolOptions>;

/** Options of {@link avgPool1d}. */
export type AvgPool1dOptions = Omit<AvgPoolOptions, 'divisorOverride'>;

const avg1dKinds: K.Kinds<AvgPool1dOptions> = {
  stride: /* @__PURE__ */ K.nullable(K.sizeOrSizes),
  padding: K.sizeOrSizes,
  ceilMode: K.flag,
  countIncludePad: K.flag,
};
const avgKinds: K.Kinds<AvgPoolOptions> = { ...avg1dKinds, divisorOverride: K.nullable(K.integer) };

const avgPool = <O extends AvgPoolOptions>(caller: string, rank: number, kinds: K.Kinds<O>) =>
  composition(
    caller,
    { x: K.tensor, kernelSize: K.sizeOrSizes, options: K.options(kinds) },
    (x: Tensor, kernelSize: PerDimension, options?: O): Tensor => {
      const {
        ceilMode = false,
        countIncludePad = true,
        divisorOverride,
        ...how
      }: AvgPoolOptions = options ?? {};
      const given = windowSizes(rank, kernelSize, how);
      if (divisorOverride === 0) throw new ValueError('divisor must be not zero');
      checkPlanes(x, rank);
      const sizes = x.shape.slice(-rank);
      if (rank === 3 && sizes.some((size, d) => size < (given.kernel[d] ?? 1))) {
        throw new ShapeError(
          `input image ${formatShape(sizes)} smaller than kernel size ${formatShape(given.kernel)}, whatever the padding`,
        );
      }
      const counts = Array<Along['counts']>(rank).fill(countIncludePad ? 'padded' : 'inside');
      if (divisorOverride != null) counts.fill(1).fill(divisorOverride, 0, 1);
      const windows = windowsOf(sizes, given, ceilMode, counts);
      const [y] = asFloats(x, (x) => [meansOf(x, windows)] as const);
      return composed(nodeOf('avg_pool', rank), y, x);
    },
  );

/**
 * The greatest entry of each window of x's last dimension: y[n, c, i] = max over k of x[n, c, i * stride + k * dilation
 * - padding], NaN where a window has one. Shapes: x (N, C, L) or (C, L); the result (N, C, (L + 2 * padding - dilation
 * * (kernel - 1) - 1) / stride + 1, rounded down, up in ceil mode). Any dtype but bool. Follows
 * `torch.nn.functional.max_pool1d`.
 * @throws ShapeError where x has other dimensions or no window fits, ValueError for numbers that are too small or a
 *   padding that is too large, DTypeError for bool
 * @example
 * ```ts
 * const x = tensor([[[1, 5, 2, 4, 3]]]);
 * maxPool1d(x, 2); // tensor([[[5, 4]]])
 * const [values, indices] = maxPool1d(x, 3, { stride: 1, returnIndices: true });
 * indices; // tensor([[[1, 1, 3]]])
 * ```
 */
export const maxPool1d = /* @__PURE__ */ maxPool('maxPool1d', 1);

/**
 * {@link maxPool1d} of images: x (N, C, H, W) or (C, H, W), windows of `kernelSize` or (kH, kW). Follows
 * `torch.nn.functional.max_pool2d`.
 * @throws ShapeError where x has other dimensions or no window fits, ValueError for numbers that are too small or a
 *   padding that is too large, DTypeError for bool
 * @example maxPool2d(arange(16).reshape([1, 4, 4]), 2).tolist(); // [ [ [ 5, 7 ], [ 13, 15 ] ] ]
 */
export const maxPool2d = /* @__PURE__ */ maxPool('maxPool2d', 2);

/**
 * {@link maxPool1d} of volumes: x (N, C, D, H, W) or (C, D, H, W). Follows `torch.nn.functional.max_pool3d`.
 * @throws ShapeError where x has other dimensions or no window fits, ValueError for numbers that are too small or a
 *   padding that is too large, DTypeError for bool
 */
export const maxPool3d = /* @__PURE__ */ maxPool('maxPool3d', 3);

/**
 * The mean of each window of x's last dimension, with zeros in its padding: the sum of its entries, divided by how many
 * there are, those of the padding too unless `countIncludePad` is false. Shapes as those of {@link maxPool1d}. Any
 * dtype but bool; of whole numbers it is rounded towards 0. Follows `torch.nn.functional.avg_pool1d`.
 * @throws ShapeError where x has other dimensions or no window fits, ValueError for numbers that are too small or a
 *   padding that is too large, DTypeError for bool
 * @example avgPool1d(tensor([[[1, 2, 3, 6]]], { dtype: 'float32' }), 2); // tensor([[[1.5000, 4.5000]]])
 */
export const avgPool1d = /* @__PURE__ */ avgPool('avgPool1d', 1, avg1dKinds);

/**
 * {@link avgPool1d} of images: x (N, C, H, W) or (C, H, W); `divisorOverride` is what sums are divided by instead.
 * Follows `torch.nn.functional.avg_pool2d`.
 * @throws ShapeError where x has other dimensions or no window fits, ValueError for numbers that are too small, a
 *   padding that is too large, or a divisor of 0, DTypeError for bool
 * @example avgPool2d(ones([1, 4, 4]), 2, { divisorOverride: 1 }).tolist(); // [ [ [ 4, 4 ], [ 4, 4 ] ] ]
 */
export const avgPool2d = /* @__PURE__ */ avgPool('avgPool2d', 2, avgKinds);

/**
 * {@link avgPool2d} of volumes: x (N, C, D, H, W) or (C, D, H, W). Follows `torch.nn.functional.avg_pool3d`.
 * @throws ShapeError where x has other dimensions or no window fits, ValueError for numbers that are too small, a
 *   padding that is too large, or a divisor of 0, DTypeError for bool
 */
export const avgPool3d = /* @__PURE__ */ avgPool('avgPool3d', 3, avgKinds);
