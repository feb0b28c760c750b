import type { DType, TypedArray } from '../../dtype.ts';
import {
  contiguousStrides,
  isContiguousLayout,
  numelOf,
  type Shape,
  type StridedElements,
} from '../../shape.ts';

/** What kernels know of a tensor. A Tensor is one. */
export interface Strided extends StridedElements {
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

/** Dense elements of an array; kernels do not ask dense operands for strides. */
export function denseOver(
  array: TypedArray,
  dtype: DType,
  shape: Shape,
  offset: number,
  count: number,
): Strided {
  return { storage: { array }, shape, strides: [], offset, dtype, count, dense: true };
}

/** Whether two arrays have a byte in common. */
export function shareMemory(a: TypedArray, b: TypedArray): boolean {
  if (a === b) return true;
  if (a.buffer !== b.buffer) return false;
  return a.byteOffset < b.byteOffset + b.byteLength && b.byteOffset < a.byteOffset + a.byteLength;
}
