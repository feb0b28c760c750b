import { checkArguments, K, type Shape, type Tensor } from '@kindling/core';
import { checkInput } from '../module/arguments.ts';
import { Module } from '../module/module.ts';
import { pyTuple } from '../module/print.ts';

/**
 * Joins the dimensions from `startDim` to `endDim` into one; by default all but the first. Follows `torch.nn.Flatten`.
 * @throws IndexError when there is no such dimension.
 * @example new nn.Flatten()(zeros([32, 1, 28, 28])).shape; // [ 32, 784 ]
 */
export class Flatten extends Module<[Tensor], Tensor> {
  /** The first dimension to be joined. */
  readonly startDim: number;
  /** The last dimension to be joined. */
  readonly endDim: number;

  constructor(startDim = 1, endDim = -1) {
    checkArguments(
      new.target.name,
      { startDim: K.optional(K.integer), endDim: K.optional(K.integer) },
      arguments,
    );
    super();
    this.startDim = startDim;
    this.endDim = endDim;
  }

  override forward(x: Tensor): Tensor {
    checkInput(this, x);
    return x.flatten(this.startDim, this.endDim);
  }

  override extraRepr(): string {
    return `start_dim=${this.startDim}, end_dim=${this.endDim}`;
  }
}

/**
 * Splits dimension `dim` into dimensions of the given sizes, of which one may be -1. Follows `torch.nn.Unflatten`.
 * @throws ShapeError when they do not make up the size of that dimension.
 * @throws IndexError when there is no such dimension.
 * @example new nn.Unflatten(1, [2, 5])(zeros([32, 10])).shape; // [ 32, 2, 5 ]
 */
export class Unflatten extends Module<[Tensor], Tensor> {
  /** The dimension to be split. */
  readonly dim: number;
  /** Into which sizes. */
  readonly unflattenedSize: Shape;

  constructor(dim: number, unflattenedSize: Shape) {
    checkArguments(new.target.name, { dim: K.integer, unflattenedSize: K.sizes }, arguments);
    super();
    this.dim = dim;
    this.unflattenedSize = unflattenedSize;
  }

  override forward(x: Tensor): Tensor {
    checkInput(this, x);
    return x.unflatten(this.dim, this.unflattenedSize);
  }

  override extraRepr(): string {
    return `dim=${this.dim}, unflattened_size=${pyTuple(this.unflattenedSize)}`;
  }
}
