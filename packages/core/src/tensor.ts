import { arrayConstructor, type DType, type TypedArray } from './dtype.ts';
import { DTypeError } from './errors.ts';
import { copyStrided } from './kernels/elementwise/copy.ts';
import type { TensorMethods } from './methods.ts';
import type { AccumulateGrad, GradNode } from './record/node.ts';
import { contiguousStrides, isContiguousLayout, numelOf, type Shape } from './shape.ts';
import { allocateArray, Storage } from './storage.ts';

/** A function called with a gradient as it arrives; a tensor it returns takes the gradient's place. */
export type GradHook = (grad: Tensor) => Tensor | undefined | void;

/**
 * An n-dimensional array: metadata (shape, strides, offset, dtype) over a {@link Storage} that views share.
 *
 * Tensors are made by the creation functions (`tensor`, `zeros`, `rand`, ...) and by operations; the constructor is
 * for those. Operations are installed as methods by `methods.ts`.
 */
export class Tensor {
  readonly storage: Storage;
  readonly shape: Shape;
  /** Index of the first element within the storage. */
  readonly offset: number;
  readonly dtype: DType;
  /** Number of elements. */
  readonly count: number;
  /** Whether the elements lie in row-major order without gaps. */
  readonly dense: boolean;
  #strides: readonly number[] | null;

  /** The gradient that backward accumulated here: of leaves, and of tensors that called `retainGrad`. */
  grad: Tensor | null = null;
  /** The operation that made this tensor, where gradients are recorded. */
  gradFn: GradNode | null = null;
  /** Which output of `gradFn` this is. */
  outputNumber = 0;

  /** @internal Set by `requiresGrad_` on leaves. */
  leafRequiresGrad = false;
  /** @internal The graph node that stores gradients into a leaf, made when first needed. */
  accumulator: AccumulateGrad | null = null;
  /** @internal Hooks of a leaf; those of other tensors live on their node. */
  hooks: GradHook[] | null = null;
  /** @internal Called after a gradient was added to `grad`. */
  accumulateHooks: ((x: Tensor) => void)[] | null = null;
  /** @internal For a view made with gradients recorded: the tensor it is a view of, and how often that was rebound. */
  base: Tensor | null = null;
  baseRebinds = 0;
  /** @internal How often an in-place operation gave this tensor a new `gradFn`. */
  rebinds = 0;
  /** @internal Whether it was made in inference mode. */
  inference = false;

  constructor(
    storage: Storage,
    shape: Shape,
    dtype: DType,
    offset = 0,
    strides: readonly number[] | null = null,
  ) {
    this.storage = storage;
    this.shape = shape;
    this.dtype = dtype;
    this.offset = offset;
    this.count = numelOf(shape);
    this.dense = strides === null || isContiguousLayout(shape, strides);
    this.#strides = strides;
  }

  /** A 0-dimensional tensor. */
  static scalar(value: number, dtype: DType): Tensor {
    const out = emptyTensor([], dtype);
    out.storage.array[0] = dtype === 'bool' ? Number(value !== 0) : value;
    return out;
  }

  /** Distance, in elements, between neighbours along each dimension. */
  get strides(): readonly number[] {
    return (this.#strides ??= contiguousStrides(this.shape));
  }

  /** Number of dimensions. */
  get ndim(): number {
    return this.shape.length;
  }

  /** Whether operations on this tensor are recorded for backward. */
  get requiresGrad(): boolean {
    return this.leafRequiresGrad || this.gradFn !== null;
  }

  set requiresGrad(value: boolean) {
    this.requiresGrad_(value);
  }

  /** Whether no recorded operation made this tensor. */
  get isLeaf(): boolean {
    return this.gradFn === null;
  }

  /**
   * The elements in row-major order as a typed array (`bool` and `uint8`: a Uint8Array).
   *
   * Of a contiguous tensor this is its memory itself: writing to it changes the tensor behind autograd's back.
   * Of any other view it is a copy.
   */
  get data(): TypedArray {
    const { storage, offset, count } = this;
    if (this.dense) {
      const { array } = storage;
      return offset === 0 && array.length === count ? array : array.subarray(offset, offset + count);
    }
    const copy = new (arrayConstructor(this.dtype))(count);
    copyStrided(this, copy);
    return copy;
  }
}

/** What methods.ts installs on the prototype. */
export interface Tensor extends TensorMethods {}

/** @internal Throws a DTypeError that says what came where tensors were expected. */
export function requireTensors(caller: string, ...values: readonly unknown[]): void {
  for (const x of values) {
    if (x instanceof Tensor) continue;
    const kind =
      x === null ? 'null' : Array.isArray(x) ? 'an array: make a tensor of it with tensor()' : typeof x;
    throw new DTypeError(`${caller}: expected a Tensor, got ${kind}`);
  }
}

/** A fresh contiguous tensor whose elements are undefined: the caller writes each of them. */
export function emptyTensor(shape: Shape, dtype: DType): Tensor {
  return new Tensor(new Storage(allocateArray(dtype, numelOf(shape))), shape, dtype);
}

/** A contiguous tensor over an array that it takes as its own. */
export function wrapArray(array: TypedArray, shape: Shape, dtype: DType): Tensor {
  return new Tensor(new Storage(array), shape, dtype);
}
