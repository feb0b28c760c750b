import type { DType, TypedArray } from '../../dtype.ts';
import { contiguousStrides, isContiguousLayout, numelOf, type Shape } from '../../shape.ts';

/** What kernels know of a tensor: how its elements lie in an array. A Tensor is one. */
export interface Strided {
  readonly storage: { readonly array: TypedArray };
  readonly shape: Shape;
  /** Distance, in elements, between neighbours along each dimension; 0 where one element stands for many. */
  readonly strides: readonly number[];
  /** Index of the first element. */
  readonly offset: number;
  readonly dtype: DType;
  /** Number of elements. */
  readonly count: number;
  /** Whether the elements lie in row-major order without gaps. */
  readonly dense: boolean;
}

/** A {@link Strided} over an array; contiguous unless strides are given. */
export function stridedOver(
  array: TypedArray,
  dtype: DType,
  shape: Shape,
  offset = 0,
  strides: readonly number[] = contiguousStrides(shape),
): Strided {
  const dense = isContiguousLayout(shape, strides);
  return { storage: { array }, shape, strides, offset, dtype, count: numelOf(shape), dense };
}

/** Whether two arrays have a byte in common. */
export function shareMemory(a: TypedArray, b: TypedArray): boolean {
  if (a === b) return true;
  if (a.buffer !== b.buffer) return false;
  return a.byteOffset < b.byteOffset + b.byteLength && b.byteOffset < a.byteOffset + a.byteLength;
}

/**
 * The dimensions of one or two operands walked together, after {@link coalesce}: sizes, and each operand's strides.
 * One object, used again by each call.
 */
export const walk = {
  rank: 0,
  sizes: new Int32Array(64),
  strides: new Float64Array(64),
  others: new Float64Array(64),
};

/**
 * Writes to {@link walk} the dimensions of `shape` with the strides of `x` broadcast to it, and, where given, those of a second
 * operand that has this very shape. Sizes of 1 are dropped, and dimensions that one stride can step through are merged.
 */
export function coalesce(x: Strided, shape: Shape, other?: readonly number[]): void {
  const { sizes, strides, others } = walk;
  const xShape = x.shape;
  const xStrides = x.strides;
  const lead = shape.length - xShape.length;
  let rank = 0;
  for (let d = 0; d < shape.length; d++) {
    const size = shape[d]!;
    if (size === 1) continue;
    const stride = d < lead || xShape[d - lead] === 1 ? 0 : xStrides[d - lead]!;
    const otherStride = other === undefined ? stride : other[d]!;
    if (rank > 0 && strides[rank - 1] === stride * size && others[rank - 1] === otherStride * size) rank--;
    else sizes[rank] = 1;
    sizes[rank]! *= size;
    strides[rank] = stride;
    others[rank] = otherStride;
    rank++;
  }
  if (rank === 0) {
    sizes[0] = 1;
    strides[0] = others[0] = 1;
    rank = 1;
  }
  walk.rank = rank;
}
