import {
  checkArguments,
  K,
  type MaxPoolOptions,
  maxPool1d,
  maxPool2d,
  maxPool3d,
  type PerDimension,
  type Tensor,
} from '@kindling/core';
import { checkInput } from '../../module/arguments.ts';
import { Module } from '../../module/module.ts';
import { pyBool } from '../../module/print.ts';
import { by, layerOf } from '../layer-of.ts';
import { printed } from './printed.ts';

export type { MaxPoolOptions };
export { maxPool1d, maxPool2d, maxPool3d };

/** What pooling gives: values, and with indices (`R`) both. */
export type Pooled<R extends boolean> = R extends true ? [values: Tensor, indices: Tensor] : Tensor;

/** Options of {@link MaxPool1d} and its kin, which give indices too where `R` is true. */
export interface MaxPoolModuleOptions<R extends boolean> extends Omit<MaxPoolOptions, 'returnIndices'> {
  /** Whether the result is `[values, indices]`, the index of each value among its plane's entries. Default: false. */
  readonly returnIndices?: R;
}

const kinds = (): K.Kinds<MaxPoolOptions> => ({
  stride: K.nullable(K.sizeOrSizes),
  padding: K.sizeOrSizes,
  dilation: K.sizeOrSizes,
  ceilMode: K.flag,
  returnIndices: K.flag,
});

/** Max pooling over some dimensions. */
abstract class MaxPoolNd<R extends boolean> extends Module<[Tensor], Pooled<R>> {
  declare readonly [by]: typeof maxPool1d;
  /** Sizes of a window, or one for all, as are the following. */
  readonly kernelSize: PerDimension;
  /** From one window to the next. */
  readonly stride: PerDimension;
  /** Entries of minus infinity on both sides. */
  readonly padding: PerDimension;
  /** From one entry of a window to the next. */
  readonly dilation: PerDimension;
  /** Whether windows may reach beyond the end that begin before it. */
  readonly ceilMode: boolean;
  /** Whether indices are given too. */
  readonly returnIndices: boolean;

  constructor(kernelSize: PerDimension, options: MaxPoolModuleOptions<R> = {}) {
    checkArguments(new.target.name, { kernelSize: K.sizeOrSizes, options: K.options(kinds()) }, arguments);
    super();
    this.kernelSize = kernelSize;
    this.stride = options.stride ?? kernelSize;
    this.padding = options.padding ?? 0;
    this.dilation = options.dilation ?? 1;
    this.ceilMode = options.ceilMode ?? false;
    this.returnIndices = options.returnIndices ?? false;
  }

  override forward(x: Tensor): Pooled<R> {
    checkInput(this, x);
    const { kernelSize, stride, padding, dilation, ceilMode, returnIndices } = this;
    return this[by](x, kernelSize, { stride, padding, dilation, ceilMode, returnIndices }) as Pooled<R>;
  }

  override extraRepr(): string {
    const { kernelSize, stride, padding, dilation, ceilMode } = this;
    return (
      `kernel_size=${printed(kernelSize)}, stride=${printed(stride)}, padding=${printed(padding)}, ` +
      `dilation=${printed(dilation)}, ceil_mode=${pyBool(ceilMode)}`
    );
  }
}

/**
 * Max pooling of rows: {@link maxPool1d} of x (N, C, L) or (C, L). Follows `torch.nn.MaxPool1d`.
 * @throws ShapeError when x does not fit, ValueError for numbers that are too small or a padding that is too large.
 * @example
 * ```ts
 * const pool = new nn.MaxPool1d(3, { stride: 2, returnIndices: true });
 * const [values, indices] = pool(randn([4, 16, 50]));
 * values.shape; // [ 4, 16, 24 ]
 * ```
 */
export class MaxPool1d<R extends boolean = false> extends /* @__PURE__ */ layerOf(MaxPoolNd, maxPool1d)<R> {}

/**
 * Max pooling of images: {@link maxPool2d} of x (N, C, H, W) or (C, H, W). Follows `torch.nn.MaxPool2d`.
 * @throws ShapeError when x does not fit, ValueError for numbers that are too small or a padding that is too large.
 * @example
 * ```ts
 * new nn.MaxPool2d(2)(randn([4, 8, 28, 28])).shape; // [ 4, 8, 14, 14 ]
 * new nn.MaxPool2d([3, 2], { stride: 2 }).toString(); // 'MaxPool2d(kernel_size=(3, 2), stride=2, padding=0, dilation=1, ceil_mode=False)'
 * ```
 */
export class MaxPool2d<R extends boolean = false> extends /* @__PURE__ */ layerOf(MaxPoolNd, maxPool2d)<R> {}

/**
 * Max pooling of volumes: {@link maxPool3d} of x (N, C, D, H, W) or (C, D, H, W). Follows `torch.nn.MaxPool3d`.
 * @throws ShapeError when x does not fit, ValueError for numbers that are too small or a padding that is too large.
 */
export class MaxPool3d<R extends boolean = false> extends /* @__PURE__ */ layerOf(MaxPoolNd, maxPool3d)<R> {}
