import { valuesOf } from '../record/values.ts';
import { sameShape } from '../shape.ts';
import { Tensor } from '../tensor.ts';

/**
 * Whether two tensors have the same dtype, shape and elements (NaN is NaN, 0 is not -0), as `toEqual` of vitest and
 * Jest asks, which knows nothing of tensors by itself; `undefined` where neither is a tensor, for others to decide.
 * Kindling's own.
 * @example
 * ```ts
 * import { tensorEquality } from '@kindling/core/testing';
 *
 * tensorEquality(tensor([1, 2]), tensor([1, 2])); // true
 * tensorEquality(tensor([1, 2]), tensor([1, 3])); // false
 * tensorEquality(1, 2); // undefined
 * ```
 * Once, in a setup file of the tests: `expect.addEqualityTesters([tensorEquality])`.
 */
export function tensorEquality(a: unknown, b: unknown): boolean | undefined {
  if (!Tensor.is(a) || !Tensor.is(b)) return Tensor.is(a) || Tensor.is(b) ? false : undefined;
  if (a.dtype !== b.dtype || !sameShape(a.shape, b.shape)) return false;
  const [x, y] = [valuesOf(a, 'tensorEquality'), valuesOf(b, 'tensorEquality')];
  return x.every((value, i) => Object.is(value, y[i]));
}
