import { checkArguments, K, type PadOptions, pad, type Shape, ShapeError, type Tensor } from '@kindling/core';
import { checkInput } from '../../module/arguments.ts';
import { Module } from '../../module/module.ts';
import { pyNumber, pyTuple } from '../../module/print.ts';

/** A module that pads the last dimensions of its input. */
interface PaddingModule extends Module<[Tensor], Tensor> {
  /** Entries added before and after the last dimension, then the one before, and so on. */
  readonly padding: Shape;
}

type Mode = NonNullable<PadOptions['mode']>;

/** What is added to each side; one number stands for all sides. */
function sidesOf(caller: string, padding: number | Shape, dims: number): Shape {
  if (typeof padding === 'number') return new Array<number>(2 * dims).fill(padding);
  if (padding.length % 2 === 0 && padding.length <= 2 * dims) return [...padding];
  throw new ShapeError(
    `${caller}: expected a number or ${2 * dims} of them, two of each padded dimension, got [${padding.join(', ')}]`,
  );
}

const paddingKind = K.sizeOrSizes;

/** The class of modules that pad `dims` dimensions by what the input holds. */
function paddingClass(dims: number, mode: Mode): new (padding: number | Shape) => PaddingModule {
  return class extends Module<[Tensor], Tensor> {
    readonly padding: Shape;

    constructor(padding: number | Shape) {
      checkArguments(new.target.name, { padding: paddingKind }, arguments);
      super();
      this.padding = sidesOf(new.target.name, padding, dims);
    }

    override forward(x: Tensor): Tensor {
      checkInput(this, x);
      return pad(x, this.padding, { mode });
    }

    override extraRepr(): string {
      return pyTuple(this.padding);
    }
  };
}

/** A module that pads the last dimensions of its input with a number. */
interface ConstantPaddingModule extends PaddingModule {
  /** What stands in the padding. */
  readonly value: number;
}

/** The class of modules that pad `dims` dimensions with a number. */
function constantPaddingClass(
  dims: number,
): new (
  padding: number | Shape,
  value: number,
) => ConstantPaddingModule {
  return class extends Module<[Tensor], Tensor> {
    readonly padding: Shape;
    readonly value: number;

    constructor(padding: number | Shape, value: number) {
      checkArguments(new.target.name, { padding: paddingKind, value: K.number }, arguments);
      super();
      this.padding = sidesOf(new.target.name, padding, dims);
      this.value = value;
    }

    override forward(x: Tensor): Tensor {
      checkInput(this, x);
      return pad(x, this.padding, { value: this.value });
    }

    override extraRepr(): string {
      return `padding=${pyTuple(this.padding)}, value=${pyNumber(this.value)}`;
    }
  };
}

/**
 * Pads the last dimension with a number: by `padding` on both sides, or by `[left, right]`. Negative numbers cut off.
 * Follows `torch.nn.ConstantPad1d`.
 * @throws ShapeError when `padding` has another number of entries, or the input too few dimensions
 * @example
 * ```ts
 * const padded = new nn.ConstantPad1d([1, 2], 3.5);
 * padded(ones([1, 2])); // tensor([[3.5000, 1.0000, 1.0000, 3.5000, 3.5000]])
 * ```
 */
export class ConstantPad1d extends /* @__PURE__ */ constantPaddingClass(1) {}

/** {@link ConstantPad1d} of the last two dimensions: `[left, right, top, bottom]`. Follows `torch.nn.ConstantPad2d`. */
export class ConstantPad2d extends /* @__PURE__ */ constantPaddingClass(2) {}

/**
 * {@link ConstantPad1d} of the last three: `[left, right, top, bottom, front, back]`. Follows `torch.nn.ConstantPad3d`.
 */
export class ConstantPad3d extends /* @__PURE__ */ constantPaddingClass(3) {}

/** Pads the last dimension with zeros, by `padding` or `[left, right]`. Follows `torch.nn.ZeroPad1d`. */
export class ZeroPad1d extends /* @__PURE__ */ paddingClass(1, 'constant') {}

/**
 * Pads the last two dimensions with zeros, by `padding` or `[left, right, top, bottom]`. Follows `torch.nn.ZeroPad2d`.
 */
export class ZeroPad2d extends /* @__PURE__ */ paddingClass(2, 'constant') {}

/** Pads the last three dimensions with zeros. Follows `torch.nn.ZeroPad3d`. */
export class ZeroPad3d extends /* @__PURE__ */ paddingClass(3, 'constant') {}

/**
 * Pads the last dimension of (N, C, L) or (C, L) by mirroring at its first and last entries. Follows
 * `torch.nn.ReflectionPad1d`.
 * @throws ShapeError when `padding` is not less than the size, or the input has another number of dimensions
 * @example
 * ```ts
 * const padded = new nn.ReflectionPad1d(2);
 * padded(arange(4).reshape([1, 4])); // tensor([[2, 1, 0, 1, 2, 3, 2, 1]])
 * ```
 */
export class ReflectionPad1d extends /* @__PURE__ */ paddingClass(1, 'reflect') {}

/**
 * {@link ReflectionPad1d} of the last two dimensions of (N, C, H, W) or (C, H, W). Follows `torch.nn.ReflectionPad2d`.
 */
export class ReflectionPad2d extends /* @__PURE__ */ paddingClass(2, 'reflect') {}

/** {@link ReflectionPad1d} of the last three of (N, C, D, H, W) or (C, D, H, W). Follows `torch.nn.ReflectionPad3d`. */
export class ReflectionPad3d extends /* @__PURE__ */ paddingClass(3, 'reflect') {}

/**
 * Pads the last dimension of (N, C, L) or (C, L) by repeating its first and last entries. Follows
 * `torch.nn.ReplicationPad1d`.
 * @throws ShapeError when the input has another number of dimensions
 */
export class ReplicationPad1d extends /* @__PURE__ */ paddingClass(1, 'replicate') {}

/**
 * {@link ReplicationPad1d} of the last two dimensions of (N, C, H, W) or (C, H, W). Follows
 * `torch.nn.ReplicationPad2d`.
 */
export class ReplicationPad2d extends /* @__PURE__ */ paddingClass(2, 'replicate') {}

/**
 * {@link ReplicationPad1d} of the last three of (N, C, D, H, W) or (C, D, H, W). Follows `torch.nn.ReplicationPad3d`.
 */
export class ReplicationPad3d extends /* @__PURE__ */ paddingClass(3, 'replicate') {}

/**
 * Pads the last dimension of (N, C, L) or (C, L) with what stands at its other end. Follows `torch.nn.CircularPad1d`.
 * @throws ShapeError when `padding` exceeds the size, or the input has another number of dimensions
 */
export class CircularPad1d extends /* @__PURE__ */ paddingClass(1, 'circular') {}

/** {@link CircularPad1d} of the last two dimensions of (N, C, H, W) or (C, H, W). Follows `torch.nn.CircularPad2d`. */
export class CircularPad2d extends /* @__PURE__ */ paddingClass(2, 'circular') {}

/** {@link CircularPad1d} of the last three of (N, C, D, H, W) or (C, D, H, W). Follows `torch.nn.CircularPad3d`. */
export class CircularPad3d extends /* @__PURE__ */ paddingClass(3, 'circular') {}
