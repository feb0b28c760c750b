import {
  checkArguments,
  K,
  type MaxUnpoolOptions as MaxUnpoolFunctionOptions,
  maxUnpool1d,
  maxUnpool2d,
  maxUnpool3d,
  type PerDimension,
  type Shape,
  type Tensor,
} from '@kindling/core';
import { Module } from '../../module/module.ts';
import { pyTuple } from '../../module/print.ts';
import { forEach } from '../convolution/conv-base.ts';
import type { OutputSizeOptions } from '../convolution/conv-transpose.ts';
import { by, layerOf, rank } from '../layer-of.ts';

export type { MaxUnpoolFunctionOptions };
export { maxUnpool1d, maxUnpool2d, maxUnpool3d };

/** Options of {@link MaxUnpool1d} and its kin, as they were given to the pooling. */
export type MaxUnpoolOptions = Omit<MaxUnpoolFunctionOptions, 'outputSize'>;

/** Max pooling undone, as far as it may be. */
abstract class MaxUnpoolNd extends Module<[x: Tensor, indices: Tensor, options?: OutputSizeOptions], Tensor> {
  declare readonly [rank]: number;
  declare readonly [by]: typeof maxUnpool1d;
  /** Sizes of a window, one for each dimension, as are the following. */
  readonly kernelSize: Shape;
  /** From one window to the next. */
  readonly stride: Shape;
  /** Entries of minus infinity on both sides. */
  readonly padding: Shape;

  constructor(kernelSize: PerDimension, options: MaxUnpoolOptions = {}) {
    const kinds = K.options<MaxUnpoolOptions>({
      stride: K.nullable(K.sizeOrSizes),
      padding: K.sizeOrSizes,
    });
    checkArguments(new.target.name, { kernelSize: K.sizeOrSizes, options: kinds }, arguments);
    super();
    const caller = new.target.name;
    const { padding = 0 } = options;
    const each = (what: string, value: PerDimension): Shape => forEach(caller, what, value, this[rank]);
    this.kernelSize = each('kernelSize', kernelSize);
    this.stride = each('stride', options.stride ?? kernelSize);
    this.padding = each('padding', padding);
  }

  override forward(x: Tensor, indices: Tensor, options: OutputSizeOptions = {}): Tensor {
    const kinds = {
      x: K.tensor,
      indices: K.tensor,
      options: K.options<OutputSizeOptions>({ outputSize: K.sizes }),
    };
    checkArguments('forward', kinds, arguments);
    const { kernelSize, stride, padding } = this;
    return this[by](x, indices, kernelSize, { stride, padding, ...options });
  }

  override extraRepr(): string {
    const { kernelSize, stride, padding } = this;
    return `kernel_size=${pyTuple(kernelSize)}, stride=${pyTuple(stride)}, padding=${pyTuple(padding)}`;
  }
}

/**
 * Puts what {@link MaxPool1d} found back to where it was, among zeros: {@link maxUnpool1d} of x (N, C, L) or (C, L) and
 * its indices; a call may say which `outputSize` the result has. Follows `torch.nn.MaxUnpool1d`.
 * @throws ShapeError when x or the indices do not fit, ValueError for an index or size that is too far off.
 * @example
 * ```ts
 * const [values, indices] = new nn.MaxPool1d(2, { returnIndices: true })(tensor([[[1, 5, 2, 4]]], { dtype: 'float32' }));
 * new nn.MaxUnpool1d(2)(values, indices); // tensor([[[0., 5., 0., 4.]]])
 * ```
 */
export class MaxUnpool1d extends /* @__PURE__ */ layerOf(MaxUnpoolNd, maxUnpool1d, 1) {}

/**
 * {@link MaxUnpool1d} of images, after {@link MaxPool2d}: {@link maxUnpool2d} of x (N, C, H, W) or (C, H, W). Follows
 * `torch.nn.MaxUnpool2d`.
 * @throws ShapeError when x or the indices do not fit, ValueError for an index or size that is too far off.
 */
export class MaxUnpool2d extends /* @__PURE__ */ layerOf(MaxUnpoolNd, maxUnpool2d, 2) {}

/**
 * {@link MaxUnpool1d} of volumes, after {@link MaxPool3d}: {@link maxUnpool3d} of x (N, C, D, H, W) or (C, D, H, W).
 * Follows `torch.nn.MaxUnpool3d`.
 * @throws ShapeError when x or the indices do not fit, ValueError for an index or size that is too far off.
 */
export class MaxUnpool3d extends /* @__PURE__ */ layerOf(MaxUnpoolNd, maxUnpool3d, 3) {}
