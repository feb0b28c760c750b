import {
  type AvgPool1dOptions,
  type AvgPoolOptions,
  avgPool1d,
  avgPool2d,
  avgPool3d,
  checkArguments,
  K,
  type PerDimension,
  type Tensor,
} from '@kindling/core';
import { checkInput } from '../../module/arguments.ts';
import { Module } from '../../module/module.ts';
import { by, layerOf } from '../layer-of.ts';
import { printed } from './printed.ts';

export type { AvgPool1dOptions, AvgPoolOptions };
export { avgPool1d, avgPool2d, avgPool3d };

const kinds = (): K.Kinds<AvgPool1dOptions> => ({
  stride: K.nullable(K.sizeOrSizes),
  padding: K.sizeOrSizes,
  ceilMode: K.flag,
  countIncludePad: K.flag,
});

/** Average pooling over some dimensions. */
abstract class AvgPoolNd extends Module<[Tensor], Tensor> {
  /** Sizes of a window, or one for all, as are the following. */
  readonly kernelSize: PerDimension;
  /** From one window to the next. */
  readonly stride: PerDimension;
  /** Zeros on both sides. */
  readonly padding: PerDimension;
  /** Whether windows may reach beyond the end that begin before it. */
  readonly ceilMode: boolean;
  /** Whether entries of the padding count where sums are divided. */
  readonly countIncludePad: boolean;

  constructor(kernelSize: PerDimension, options: AvgPool1dOptions) {
    super();
    this.kernelSize = kernelSize;
    this.stride = options.stride ?? kernelSize;
    this.padding = options.padding ?? 0;
    this.ceilMode = options.ceilMode ?? false;
    this.countIncludePad = options.countIncludePad ?? true;
  }

  override extraRepr(): string {
    const { kernelSize, stride, padding } = this;
    return `kernel_size=${printed(kernelSize)}, stride=${printed(stride)}, padding=${printed(padding)}`;
  }
}

/** A number as Python's tuple of one. */
const single = (value: PerDimension): PerDimension => (typeof value === 'number' ? [value] : value);

/**
 * Average pooling of rows: {@link avgPool1d} of x (N, C, L) or (C, L). Follows `torch.nn.AvgPool1d`.
 * @throws ShapeError when x does not fit, ValueError for numbers that are too small or a padding that is too large.
 * @example new nn.AvgPool1d(3, { stride: 2 })(randn([4, 16, 50])).shape; // [ 4, 16, 24 ]
 */
export class AvgPool1d extends AvgPoolNd {
  constructor(kernelSize: PerDimension, options: AvgPool1dOptions = {}) {
    checkArguments(new.target.name, { kernelSize: K.sizeOrSizes, options: K.options(kinds()) }, arguments);
    const { stride, padding = 0, ...others } = options;
    super(single(kernelSize), { stride: single(stride ?? kernelSize), padding: single(padding), ...others });
  }

  override forward(x: Tensor): Tensor {
    checkInput(this, x);
    const { kernelSize, stride, padding, ceilMode, countIncludePad } = this;
    return avgPool1d(x, kernelSize, { stride, padding, ceilMode, countIncludePad });
  }
}

/** Average pooling over two or three dimensions. */
abstract class AvgPoolOver extends AvgPoolNd {
  declare readonly [by]: typeof avgPool2d;
  /** What sums are divided by, whatever windows hold; `null`: by how many entries there are. */
  readonly divisorOverride: number | null;

  constructor(kernelSize: PerDimension, options: AvgPoolOptions = {}) {
    const optionKinds = K.options<AvgPoolOptions>({ ...kinds(), divisorOverride: K.nullable(K.integer) });
    checkArguments(new.target.name, { kernelSize: K.sizeOrSizes, options: optionKinds }, arguments);
    super(kernelSize, options);
    this.divisorOverride = options.divisorOverride ?? null;
  }

  override forward(x: Tensor): Tensor {
    checkInput(this, x);
    const { kernelSize, stride, padding, ceilMode, countIncludePad, divisorOverride } = this;
    return this[by](x, kernelSize, { stride, padding, ceilMode, countIncludePad, divisorOverride });
  }
}

/**
 * Average pooling of images: {@link avgPool2d} of x (N, C, H, W) or (C, H, W). Follows `torch.nn.AvgPool2d`.
 * @throws ShapeError when x does not fit, ValueError for numbers that are too small, a padding that is too large, or a
 *   divisor of 0.
 * @example new nn.AvgPool2d(2)(randn([4, 8, 28, 28])).shape; // [ 4, 8, 14, 14 ]
 */
export class AvgPool2d extends /* @__PURE__ */ layerOf(AvgPoolOver, avgPool2d) {}

/**
 * Average pooling of volumes: {@link avgPool3d} of x (N, C, D, H, W) or (C, D, H, W). Follows `torch.nn.AvgPool3d`.
 * @throws ShapeError when x does not fit, ValueError for numbers that are too small, a padding that is too large, or a
 *   divisor of 0.
 */
export class AvgPool3d extends /* @__PURE__ */ layerOf(AvgPoolOver, avgPool3d) {}
