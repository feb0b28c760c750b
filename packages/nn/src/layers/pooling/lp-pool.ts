import {
  avgPool1d,
  avgPool2d,
  avgPool3d,
  checkArguments,
  composition,
  K,
  type MaxPoolOptions,
  maxPool1d,
  maxPool2d,
  maxPool3d,
  type PerDimension,
  type Tensor,
  ValueError,
} from '@kindling/core';
import { relu } from '../../activations/index.ts';
import { checkInput } from '../../module/arguments.ts';
import { Module } from '../../module/module.ts';
import { pyBool, pyNumber } from '../../module/print.ts';
import { by, layerOf } from '../layer-of.ts';
import { printed } from './printed.ts';

/** Options of {@link lpPool1d}, {@link lpPool2d} and {@link lpPool3d}. */
export type LPPoolOptions = Pick<MaxPoolOptions, 'stride' | 'ceilMode'>;

const lpKinds = (): K.Kinds<LPPoolOptions> => ({
  stride: K.nullable(K.sizeOrSizes),
  ceilMode: K.flag,
});

/** The means and maxima of windows of so many dimensions. */
const poolings = [
  [avgPool1d, maxPool1d],
  [avgPool2d, maxPool2d],
  [avgPool3d, maxPool3d],
] as const;

const lpPool = (caller: string, rank: 1 | 2 | 3) =>
  composition(
    caller,
    () => ({ x: K.tensor, normType: K.number, kernelSize: K.sizeOrSizes, options: K.options(lpKinds()) }),
    (x: Tensor, normType: number, kernelSize: PerDimension, options: LPPoolOptions = {}): Tensor => {
      if (normType === 0) throw new ValueError(`norm_type must be a non-zero value, but got ${normType}`);
      const [avgPool, maxPool] = poolings[rank - 1] ?? poolings[0];
      const { stride = null, ceilMode = false } = options;
      const windows = { stride, ceilMode };
      if (normType === Number.POSITIVE_INFINITY) return maxPool(x.abs(), kernelSize, windows);
      if (normType === Number.NEGATIVE_INFINITY) return maxPool(x.abs().neg(), kernelSize, windows).neg();
      const sizes = typeof kernelSize === 'number' ? Array<number>(rank).fill(kernelSize) : kernelSize;
      const entries = sizes.reduce((product, n) => product * n, 1);
      const means = avgPool(x.pow(normType), kernelSize, windows);
      return relu(means.abs())
        .mul(means.sign())
        .mul(entries)
        .pow(1 / normType);
    },
  );

/**
 * The p-norm of each window of x's last dimension, without absolute values: (sum of x^p)^(1/p), with p = `normType`,
 * from the mean of each window times the windows' size; of infinity the greatest absolute value. Shapes: x (N, C, L) or
 * (C, L); the result (N, C, (L - kernelSize) / stride + 1, rounded down, up in ceil mode). Follows
 * `torch.nn.functional.lp_pool1d`.
 * @throws ShapeError where x has other dimensions or no window fits, ValueError for a norm of 0 or numbers that are too
 *   small
 * @example F.lpPool1d(tensor([[[3, 4, 6, 8]]], { dtype: 'float32' }), 2, 2); // tensor([[[ 5., 10.]]])
 */
export const lpPool1d = /* @__PURE__ */ lpPool('lpPool1d', 1);

/**
 * {@link lpPool1d} of images: x (N, C, H, W) or (C, H, W). Follows `torch.nn.functional.lp_pool2d`.
 * @throws ShapeError where x has other dimensions or no window fits, ValueError for a norm of 0 or numbers that are too
 *   small
 */
export const lpPool2d = /* @__PURE__ */ lpPool('lpPool2d', 2);

/**
 * {@link lpPool1d} of volumes: x (N, C, D, H, W) or (C, D, H, W). Follows `torch.nn.functional.lp_pool3d`.
 * @throws ShapeError where x has other dimensions or no window fits, ValueError for a norm of 0 or numbers that are too
 *   small
 */
export const lpPool3d = /* @__PURE__ */ lpPool('lpPool3d', 3);

/** Norms of windows over some dimensions. */
abstract class LPPoolNd extends Module<[Tensor], Tensor> {
  declare readonly [by]: typeof lpPool1d;
  /** The p of the norm. */
  readonly normType: number;
  /** Sizes of a window, or one for all, as is the following. */
  readonly kernelSize: PerDimension;
  /** From one window to the next; `null`: as much as a window is long. */
  readonly stride: PerDimension | null;
  /** Whether windows may reach beyond the end that begin before it. */
  readonly ceilMode: boolean;

  constructor(normType: number, kernelSize: PerDimension, options: LPPoolOptions = {}) {
    checkArguments(
      new.target.name,
      { normType: K.number, kernelSize: K.sizeOrSizes, options: K.options(lpKinds()) },
      arguments,
    );
    super();
    if (normType === 0)
      throw new ValueError(`${new.target.name}: norm_type must be a non-zero value, but got ${normType}`);
    this.normType = normType;
    this.kernelSize = kernelSize;
    this.stride = options.stride ?? null;
    this.ceilMode = options.ceilMode ?? false;
  }

  override forward(x: Tensor): Tensor {
    checkInput(this, x);
    const { normType, kernelSize, stride, ceilMode } = this;
    return this[by](x, normType, kernelSize, { stride, ceilMode });
  }

  override extraRepr(): string {
    const { normType, kernelSize, stride, ceilMode } = this;
    return (
      `norm_type=${pyNumber(normType)}, kernel_size=${printed(kernelSize)}, ` +
      `stride=${stride === null ? 'None' : printed(stride)}, ceil_mode=${pyBool(ceilMode)}`
    );
  }
}

/**
 * The p-norm of each window of rows: {@link lpPool1d} of x (N, C, L) or (C, L). Follows `torch.nn.LPPool1d`.
 * @throws ValueError for a norm of 0 or numbers that are too small, ShapeError when x does not fit.
 * @example new nn.LPPool1d(2, 3, { stride: 2 })(randn([4, 16, 50])).shape; // [ 4, 16, 24 ]
 */
export class LPPool1d extends /* @__PURE__ */ layerOf(LPPoolNd, lpPool1d) {}

/**
 * {@link LPPool1d} of images: {@link lpPool2d} of x (N, C, H, W) or (C, H, W). Follows `torch.nn.LPPool2d`.
 * @throws ValueError for a norm of 0 or numbers that are too small, ShapeError when x does not fit.
 */
export class LPPool2d extends /* @__PURE__ */ layerOf(LPPoolNd, lpPool2d) {}

/**
 * {@link LPPool1d} of volumes: {@link lpPool3d} of x (N, C, D, H, W) or (C, D, H, W). Follows `torch.nn.LPPool3d`.
 * @throws ValueError for a norm of 0 or numbers that are too small, ShapeError when x does not fit.
 */
export class LPPool3d extends /* @__PURE__ */ layerOf(LPPoolNd, lpPool3d) {}
