import type { TypedArray } from '../dtype.ts';
import { elementsOf } from '../kernels/index.ts';
import type { Tensor } from '../tensor.ts';
import { notifyRead, observed } from './observe.ts';

/**
 * The elements of x in row-major order: the one door to data outside the kernels of operations. `reason` says by what they
 * are read and for what (`'item'`, `'print'`, `'one_hot: number of classes'`): observers see it, and a tracer refuses it.
 *
 * Of a dense tensor this is its memory itself, of any other a copy.
 */
export function valuesOf(x: Tensor, reason: string): TypedArray {
  if (observed) notifyRead(x, reason);
  return elementsOf(x);
}

/** {@link valuesOf} for who wants few of many elements, or changes some for a moment: x's memory, which its strides lead through. */
export function memoryOf(x: Tensor, reason: string): TypedArray {
  if (observed) notifyRead(x, reason);
  return x.storage.array;
}
