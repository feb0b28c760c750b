import {
  alias,
  checkArguments,
  col2im,
  type FoldOptions,
  im2col,
  K,
  type PerDimension,
  type Tensor,
} from '@kindling/core';
import { checkInput } from '../../module/arguments.ts';
import { Module } from '../../module/module.ts';
import { pyTuple } from '../../module/print.ts';

export type { FoldOptions };

/**
 * Sliding windows of images as columns: x (N, C, H, W) or (C, H, W) gives (N, C * kH * kW, L) or (C * kH * kW, L), with
 * L the number of windows, by rows. Follows `torch.nn.functional.unfold`; the method `x.unfold` is another function, as
 * in PyTorch.
 * @throws ShapeError when x has no such shape, or no window fits; ValueError for numbers that are too small.
 * @example F.unfold(ones([2, 5, 3, 4]), [2, 3]).shape; // [ 2, 30, 4 ]
 */
export const unfold: typeof im2col = /* @__PURE__ */ alias('unfold', im2col);

/**
 * The sum of columns where their windows lie in an image of `outputSize`: x (N, C * kH * kW, L) or (C * kH * kW, L)
 * gives (N, C, H, W) or (C, H, W). Follows `torch.nn.functional.fold`.
 * @throws ShapeError when x has no such shape, or other than the image has windows; ValueError for numbers that are too
 *   small.
 * @example F.fold(ones([4, 4]), 3, 2).tolist(); // [ [ [ 1, 2, 1 ], [ 2, 4, 2 ], [ 1, 2, 1 ] ] ]
 */
export const fold: typeof col2im = /* @__PURE__ */ alias('fold', col2im);

const printed = (value: PerDimension): string => (typeof value === 'number' ? `${value}` : pyTuple(value));

const optionKinds = (): K.Kinds<FoldOptions> => ({
  dilation: K.sizeOrSizes,
  padding: K.sizeOrSizes,
  stride: K.sizeOrSizes,
});

/** What windows of images are given by. */
abstract class Windows extends Module<[Tensor], Tensor> {
  /** Height and width of a window, or one number for both, as are the following. */
  readonly kernelSize: PerDimension;
  /** From one entry of a window to the next. */
  readonly dilation: PerDimension;
  /** Zeros on both sides. */
  readonly padding: PerDimension;
  /** From one window to the next. */
  readonly stride: PerDimension;

  constructor(kernelSize: PerDimension, { dilation = 1, padding = 0, stride = 1 }: FoldOptions) {
    super();
    this.kernelSize = kernelSize;
    this.dilation = dilation;
    this.padding = padding;
    this.stride = stride;
  }

  override extraRepr(): string {
    const { kernelSize, dilation, padding, stride } = this;
    return (
      `kernel_size=${printed(kernelSize)}, dilation=${printed(dilation)}, padding=${printed(padding)}, ` +
      `stride=${printed(stride)}`
    );
  }
}

/**
 * Sliding windows of images as columns: (N, C, H, W) or (C, H, W) gives (N, C * kH * kW, L) or (C * kH * kW, L), with L
 * the number of windows. Follows `torch.nn.Unfold`.
 * @throws ShapeError when x has no such shape, or no window fits; ValueError for numbers that are too small.
 * @example new nn.Unfold([2, 3])(randn([2, 5, 3, 4])).shape; // [ 2, 30, 4 ]
 */
export class Unfold extends Windows {
  constructor(kernelSize: PerDimension, options: FoldOptions = {}) {
    checkArguments(
      new.target.name,
      { kernelSize: K.sizeOrSizes, options: K.options(optionKinds()) },
      arguments,
    );
    super(kernelSize, options);
  }

  override forward(x: Tensor): Tensor {
    checkInput(this, x);
    const { kernelSize, dilation, padding, stride } = this;
    return unfold(x, kernelSize, { dilation, padding, stride });
  }
}

/**
 * Columns added up where their windows lie in an image: (N, C * kH * kW, L) or (C * kH * kW, L) gives (N, C, H, W) or
 * (C, H, W) with H and W as `outputSize` says. Follows `torch.nn.Fold`.
 * @throws ShapeError when x has no such shape, or other than the image has windows; ValueError for numbers that are too
 *   small.
 * @example new nn.Fold([4, 5], 2)(randn([1, 12, 12])).shape; // [ 1, 3, 4, 5 ]
 */
export class Fold extends Windows {
  /** Height and width of an image, or one number for both. */
  readonly outputSize: PerDimension;

  constructor(outputSize: PerDimension, kernelSize: PerDimension, options: FoldOptions = {}) {
    checkArguments(
      new.target.name,
      { outputSize: K.sizeOrSizes, kernelSize: K.sizeOrSizes, options: K.options(optionKinds()) },
      arguments,
    );
    super(kernelSize, options);
    this.outputSize = outputSize;
  }

  override forward(x: Tensor): Tensor {
    checkInput(this, x);
    const { outputSize, kernelSize, dilation, padding, stride } = this;
    return fold(x, outputSize, kernelSize, { dilation, padding, stride });
  }

  override extraRepr(): string {
    return `output_size=${printed(this.outputSize)}, ${super.extraRepr()}`;
  }
}
