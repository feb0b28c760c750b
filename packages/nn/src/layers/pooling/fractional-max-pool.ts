import {
  checkArguments,
  type FractionalMaxPoolOptions,
  fractionalMaxPool2d,
  fractionalMaxPool3d,
  K,
  type PerDimension,
  type Tensor,
  ValueError,
} from '@kindling/core';
import { checkInput } from '../../module/arguments.ts';
import { Module } from '../../module/module.ts';
import { by, layerOf } from '../layer-of.ts';
import type { Pooled } from './max-pool.ts';

export type { FractionalMaxPoolOptions };
export { fractionalMaxPool2d, fractionalMaxPool3d };

/**
 * Options of {@link FractionalMaxPool2d} and {@link FractionalMaxPool3d}, of which one of sizes and ratios is needed.
 */
export interface FractionalMaxPoolModuleOptions<R extends boolean>
  extends Omit<FractionalMaxPoolOptions, 'returnIndices'> {
  /** Whether the result is `[values, indices]`, the index of each value among its plane's entries. Default: false. */
  readonly returnIndices?: R;
}

const kinds = (): K.Kinds<FractionalMaxPoolOptions> => ({
  outputSize: K.sizeOrSizes,
  outputRatio: K.either(K.number, K.listOf(K.number)),
  returnIndices: K.flag,
  _randomSamples: K.tensor,
});

/** Max pooling over windows at random places. */
abstract class FractionalMaxPoolNd<R extends boolean> extends Module<[Tensor], Pooled<R>> {
  static override readonly stateNames = { _randomSamples: '_random_samples' };

  declare readonly [by]: typeof fractionalMaxPool2d;
  /** Sizes of a window, or one for all, as are the following. */
  readonly kernelSize: PerDimension;
  /** The sizes of the result, if they are given. */
  readonly outputSize: PerDimension | null;
  /** The sizes of the result in parts of the input's, if those are given. */
  readonly outputRatio: PerDimension | null;
  /** Whether indices are given too. */
  readonly returnIndices: boolean;
  /** The numbers that decide where windows lie; `null`: drawn anew in each call. */
  _randomSamples: Tensor | null;

  constructor(kernelSize: PerDimension, options: FractionalMaxPoolModuleOptions<R> = {}) {
    checkArguments(new.target.name, { kernelSize: K.sizeOrSizes, options: K.options(kinds()) }, arguments);
    super();
    const { outputSize = null, outputRatio = null } = options;
    const caller = new.target.name;
    if (outputSize !== null && outputRatio !== null)
      throw new ValueError(`${caller}: only one of output_size and output_ratio may be specified`);
    if (outputSize === null && outputRatio === null)
      throw new ValueError(`${caller} requires specifying either an output size, or a pooling ratio`);
    const ratios = typeof outputRatio === 'number' ? [outputRatio] : (outputRatio ?? []);
    if (ratios.some((ratio) => !(ratio > 0 && ratio < 1)))
      throw new ValueError(`${caller}: output_ratio must be between 0 and 1 (got ${ratios.join(', ')})`);
    const sizes = typeof kernelSize === 'number' ? [kernelSize] : kernelSize;
    if (sizes.some((size) => size < 1))
      throw new ValueError(`${caller}: kernel_size must be greater than 0, but got ${sizes.join(', ')}`);
    this.kernelSize = kernelSize;
    this.outputSize = outputSize;
    this.outputRatio = outputRatio;
    this.returnIndices = options.returnIndices ?? false;
    this._randomSamples = this.registerBuffer('_randomSamples', options._randomSamples ?? null);
  }

  override forward(x: Tensor): Pooled<R> {
    checkInput(this, x);
    const { kernelSize, outputSize, outputRatio, returnIndices, _randomSamples } = this;
    const options: FractionalMaxPoolOptions = {
      returnIndices,
      ...(outputSize !== null && { outputSize }),
      ...(outputRatio !== null && { outputRatio }),
      ...(_randomSamples !== null && { _randomSamples }),
    };
    return this[by](x, kernelSize, options) as Pooled<R>;
  }
}

/**
 * Max pooling of images over windows at random places: {@link fractionalMaxPool2d} of x (N, C, H, W) or (C, H, W).
 * Follows `torch.nn.FractionalMaxPool2d`.
 * @throws ValueError for none or both of sizes and ratios, or such that are too small; ShapeError when x does not fit.
 * @example new nn.FractionalMaxPool2d(3, { outputRatio: 0.5 })(randn([2, 3, 50, 32])).shape; // [ 2, 3, 25, 16 ]
 */
export class FractionalMaxPool2d<R extends boolean = false> extends /* @__PURE__ */ layerOf(
  FractionalMaxPoolNd,
  fractionalMaxPool2d,
)<R> {}

/**
 * Max pooling of volumes over windows at random places: {@link fractionalMaxPool3d} of x (N, C, D, H, W) or (C, D, H,
 * W). Follows `torch.nn.FractionalMaxPool3d`.
 * @throws ValueError for none or both of sizes and ratios, or such that are too small; ShapeError when x does not fit.
 */
export class FractionalMaxPool3d<R extends boolean = false> extends /* @__PURE__ */ layerOf(
  FractionalMaxPoolNd,
  fractionalMaxPool3d,
)<R> {}
