import { type DType, type Lane, laneOf, type TypedArray } from '../../dtype.ts';
import type { Shape } from '../../shape.ts';
import { allocateArray } from '../../storage.ts';
import { param } from '../expression/index.ts';
import { recorder } from '../recording/index.ts';
import {
  copyBetween,
  copyRun,
  denseOver,
  gather,
  type Strided,
  shareMemory,
  stridedOver,
} from '../strided/index.ts';
import { ElementwiseKernel, recordNarrowing, runElementwise } from './elementwise.ts';

const convert = new ElementwiseKernel('convert', 1, (x) => x);

/**
 * The lane that holds both dtypes without loss; floats become int32 from float64, where it is checked that they fit.
 */
function conversionLane(from: DType, to: DType): Lane {
  if (to === 'int32' && from === 'float32') return 'f64';
  if (from === 'float64' || to === 'float64') return 'f64';
  return from === 'float32' || to === 'float32' ? 'f32' : 'i32';
}

/** Whether elements of one dtype are bit for bit elements of the other. */
function isRaw(from: DType, to: DType): boolean {
  return from === to || (from === 'bool' && to === 'uint8');
}

/**
 * Copies the elements of `x`, whatever its layout, in row-major order to `target` from index `at` on.
 *
 * Where `dtype` differs from that of `x` the elements are converted as PyTorch does: floats lose their fraction on the
 * way to integers, uint8 keeps the low byte of the integer (0 of NaN and infinity), and bool is `!= 0`, so that NaN is
 * true.
 * @throws BeyondInt32 when a float does not fit int32, as NaN does not; `target` is then as it was
 */
export function copyStrided(x: Strided, target: TypedArray, at = 0, dtype: DType = x.dtype): void {
  copyTo(x, x.shape, x.count, target, at, dtype);
}

/** {@link copyStrided} of `x` broadcast to `shape`. */
function copyTo(x: Strided, shape: Shape, count: number, target: TypedArray, at: number, dtype: DType): void {
  if (count === 0) return;
  if (!isRaw(x.dtype, dtype)) {
    const out = denseOver(target, dtype, shape, at, count);
    if (recorder !== null && x.dtype === 'float64' && dtype === 'int32')
      recordNarrowing(recorder.elements(x, shape), out);
    else runElementwise(convert, conversionLane(x.dtype, dtype), [x], [], out);
  } else if (recorder !== null) {
    recorder.copy(x, stridedOver(target, x.dtype, shape, at));
  } else if (x.dense && x.count === count) {
    copyRun(x.storage.array, x.offset, count, target, at);
  } else {
    gather(x, shape, 0, count, target, at);
  }
}

const constant = new ElementwiseKernel('fill', 0, () => param(0));

/** Sets each element of `out`, of any layout, to a number that its dtype can hold. */
export function fillStrided(out: Strided, value: number): void {
  if (out.count === 0) return;
  if (recorder !== null) runElementwise(constant, laneOf(out.dtype), [], [value], out);
  else if (out.dense) out.storage.array.fill(value, out.offset, out.offset + out.count);
  else {
    const one = allocateArray(out.dtype, 1);
    one[0] = value;
    copyBetween(stridedOver(one, out.dtype, []), out);
  }
}

/** The elements of `x` in row-major order: of a dense one its memory itself, of any other a copy. Kindling's own. */
export function elementsOf(x: Strided): TypedArray {
  const { storage, offset, count } = x;
  if (recorder !== null) return recorder.elements(x);
  if (x.dense) {
    const { array } = storage;
    return offset === 0 && array.length === count ? array : array.subarray(offset, offset + count);
  }
  const copy = allocateArray(x.dtype, count);
  copyStrided(x, copy);
  return copy;
}

/**
 * Copies `x`, broadcast to the shape of `out`, to the elements of `out`, both of any layout, converting as
 * {@link copyStrided} does. The two may share memory: the elements stored are those that `x` had before.
 */
export function scatterStrided(x: Strided, out: Strided): void {
  if (out.count === 0) return;
  const shared = shareMemory(x.storage.array, out.storage.array);
  if (out.dense && (!shared || (x.dense && x.count === out.count))) {
    copyTo(x, out.shape, out.count, out.storage.array, out.offset, out.dtype);
    return;
  }
  if (isRaw(x.dtype, out.dtype) && recorder !== null) {
    recorder.copy(x, out);
    return;
  }
  if (isRaw(x.dtype, out.dtype) && !shared) {
    copyBetween(x, out);
    return;
  }
  const array = allocateArray(out.dtype, x.count);
  copyStrided(x, array, 0, out.dtype);
  const converted = stridedOver(array, out.dtype, x.shape);
  if (recorder === null) copyBetween(converted, out);
  else recorder.copy(converted, out);
}
