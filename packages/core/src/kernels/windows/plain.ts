/** Convolutions element by element: of integers, and of what is too large for the kernels. */

import type { TypedArray } from '../../dtype.ts';
import { storeInt32 } from '../strided/index.ts';
import { type Geometry, type Triple, volume } from './geometry.ts';

/** Which of the three a convolution makes of the other two. */
export type Wanted = 'x' | 'weight' | 'y';

/** The elements of x, weights and y, each contiguous. */
interface Convolved {
  readonly x: TypedArray;
  readonly weight: TypedArray;
  readonly y: TypedArray;
}

/** From here on float64 numbers do not hold every sum of whole numbers. */
const EXACT = 2 ** 53;

/** Visits the indices of each three elements that belong together: y += weight * x. */
function eachTerm(g: Geometry, visit: (x: number, weight: number, y: number) => void): void {
  const { batch, groups, channels, filters, out, kernel, size } = g;
  const [xPlane, wPlane, yPlane] = [volume(size), volume(kernel), volume(out)];
  const [d, h, w] = ([0, 1, 2] as const).map((axis) => meetings(g, axis)) as [Triple[], Triple[], Triple[]];
  const index = (first: number, [, b, c]: Triple, i: number, j: number, k: number): number =>
    first + (i * b + j) * c + k;
  for (let n = 0; n < batch; n++)
    for (let f = 0; f < groups * filters; f++)
      for (let c = 0; c < channels; c++) {
        const x = ((n * groups + Math.floor(f / filters)) * channels + c) * xPlane;
        const weight = (f * channels + c) * wPlane;
        const y = (n * groups * filters + f) * yPlane;
        for (const [xd, kd, yd] of d)
          for (const [xh, kh, yh] of h)
            for (const [xw, kw, yw] of w)
              visit(index(x, size, xd, xh, xw), index(weight, kernel, kd, kh, kw), index(y, out, yd, yh, yw));
      }
}

/** Places in x, in the kernel, and in y, along one dimension, that meet. */
function meetings(g: Geometry, axis: 0 | 1 | 2): Triple[] {
  const met: Triple[] = [];
  for (let y = 0; y < g.out[axis]; y++)
    for (let k = 0; k < g.kernel[axis]; k++) {
      const x = y * g.stride[axis] - g.padding[axis] + k * g.dilation[axis];
      if (x >= 0 && x < g.size[axis]) met.push([x, k, y]);
    }
  return met;
}

function largest(array: TypedArray): number {
  let most = 0;
  for (const value of array) most = Math.max(most, Math.abs(value));
  return most;
}

/** How many terms a sum has at most. */
const termsOf = (g: Geometry, wanted: Wanted): number =>
  wanted === 'weight'
    ? g.batch * volume(g.out)
    : volume(g.kernel) * (wanted === 'y' ? g.channels : g.filters);

/**
 * Sets the wanted one to what the two others make it, plus the elements of `bias`, one for each of its channels. Sums
 * are carried in float64, or, of integers for which that is too narrow, exactly.
 * @throws BeyondInt32 where the wanted one is an Int32Array, which is then as it was, and a result does not fit
 */
export function convolvePlain(g: Geometry, wanted: Wanted, arrays: Convolved, bias: TypedArray | null): void {
  const { x, weight, y } = arrays;
  const result = arrays[wanted];
  const sums = startingFrom(bias, result.length, g.batch);
  const [a, b] = [wanted === 'x' ? y : x, wanted === 'weight' ? y : weight];
  const whole = result instanceof Int32Array;
  if (whole && largest(a) * largest(b) * termsOf(g, wanted) + largest(sums) >= EXACT) {
    const exact = Array.from(sums, BigInt);
    const add = (i: number, p = 0, q = 0): void => {
      exact[i] = (exact[i] ?? 0n) + BigInt(p) * BigInt(q);
    };
    eachTerm(g, addTo(wanted, arrays, add));
    storeInt32(Float64Array.from(exact, Number), 0, result.length, result, 0);
    return;
  }
  const add = (i: number, p = 0, q = 0): void => {
    sums[i] = (sums[i] ?? 0) + p * q;
  };
  eachTerm(g, addTo(wanted, arrays, add));
  if (whole) storeInt32(sums, 0, sums.length, result, 0);
  else result.set(sums);
}

function startingFrom(bias: TypedArray | null, length: number, batch: number): Float64Array {
  const sums = new Float64Array(length);
  if (bias === null || bias.length === 0) return sums;
  const plane = length / batch / bias.length;
  for (let i = 0; i < length; i++) sums[i] = bias[Math.floor(i / plane) % bias.length] ?? 0;
  return sums;
}

function addTo(
  wanted: Wanted,
  { x, weight, y }: Convolved,
  add: (i: number, p?: number, q?: number) => void,
): (i: number, j: number, k: number) => void {
  if (wanted === 'y') return (i, j, k) => add(k, x[i], weight[j]);
  return wanted === 'x' ? (i, j, k) => add(i, weight[j], y[k]) : (i, j, k) => add(j, x[i], y[k]);
}
