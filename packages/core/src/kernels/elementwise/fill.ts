import type { DType, TypedArray } from '../../dtype.ts';
import { recorder } from '../recording/index.ts';
import { denseOver } from '../strided/index.ts';
import { ElementwiseKernel, runElementwise } from './elementwise.ts';

const fill = new ElementwiseKernel('fill', 0, (value) => value);

/** Stores a number, which the dtype can hold, in the elements `start` to `end` of an array. */
export function fillElements(
  array: TypedArray,
  dtype: DType,
  value: number,
  start = 0,
  end = array.length,
): void {
  if (recorder === null) {
    array.fill(value, start, end);
    return;
  }
  const lane = dtype === 'float64' ? 'f64' : dtype === 'float32' ? 'f32' : 'i32';
  const count = end - start;
  runElementwise(fill, lane, [], [value], denseOver(array, dtype, [count], start, count));
}
