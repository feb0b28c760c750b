import { arrayConstructor, type DType, type TypedArray } from '../dtype.ts';
import type { Parameter } from '../kernels/index.ts';
import { sameShape } from '../shape.ts';
import type { Storage } from '../storage.ts';
import { Tensor } from '../tensor.ts';
import type { Argument, Memory, Value } from './program.ts';

/** The tensor that a value is in other memory, `shift` elements further on. */
export const moved = ({ shape, dtype, offset, strides }: Value, storage: Storage, shift: number): Tensor =>
  new Tensor(storage, shape, dtype, offset + shift, strides);

/** How many elements of memory a tensor spans. */
export const extentOf = ({ shape, strides }: Pick<Tensor, 'shape' | 'strides'>): number =>
  shape.includes(0) ? 0 : 1 + shape.reduce((last, size, d) => last + (size - 1) * strides[d]!, 0);

/** The arguments that lie in a memory. */
export const argumentsIn = ({ origin }: Memory): readonly Argument[] =>
  origin.kind === 'argument' ? origin.members : origin.kind === 'state' ? (origin.given ?? []) : [];

/** The argument that a result is; `null` where it is another view of that memory. */
export function argumentAs(
  { memory, offset, shape, strides }: Value,
  given: readonly Tensor[],
): Tensor | null {
  for (const { index, at } of argumentsIn(memory)) {
    const x = given[index];
    if (x === undefined) continue;
    if (offset === memory.base + at && sameShape(x.shape, shape) && sameShape(x.strides, strides)) return x;
  }
  return null;
}

/** A number in words, which tell 0 from -0. */
export const numberInWords = (x: number): string => (Object.is(x, -0) ? '-0' : String(x));

/** A parameter of a kernel in words that tell it from others. */
export const parameterInWords = (p: Parameter): string =>
  typeof p === 'number' ? numberInWords(p) : `${p.equation}:${p.index}`;

/** The type of an array's elements: that of the tensor, unless it is a look at memory of another type. */
export const elementType = (array: TypedArray, dtype: DType): DType =>
  array instanceof arrayConstructor(dtype)
    ? dtype
    : array instanceof Float32Array
      ? 'float32'
      : array instanceof Float64Array
        ? 'float64'
        : array instanceof Int32Array
          ? 'int32'
          : 'uint8';
