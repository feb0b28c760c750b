import { type DType, isFloatingPoint } from '../../dtype.ts';
import { fma64 } from '../../random/fma.ts';
import { roomFor } from './arguments.ts';

/**
 * The numbers of `linspace`: evenly spaced, counted from the nearer end, so that both ends are met exactly. As in
 * PyTorch the steps are rounded to float32 where the result is, and the ends are truncated where it holds integers; the
 * numbers between are not.
 */
export function linearSteps(
  start: number,
  end: number,
  steps: number,
  dtype: DType,
  caller: string,
): Float32Array | Float64Array {
  const lane = dtype === 'float32' ? 'float32' : 'float64';
  const numbers = roomFor([steps], lane, caller) as Float32Array | Float64Array;
  const round = dtype === 'float32' ? Math.fround : (x: number) => x;
  const [from, to] = isFloatingPoint(dtype)
    ? [round(start), round(end)]
    : [Math.trunc(start), Math.trunc(end)];
  if (steps === 1) return numbers.fill(from);
  const step = round((to - from) / (steps - 1));
  const half = Math.floor(steps / 2);
  if (isFloatingPoint(dtype)) {
    for (let i = 0; i < half; i++) numbers[i] = from + step * i;
    for (let i = half; i < steps; i++) numbers[i] = to + step * (i + 1 - steps);
  } else {
    // Integers are truncated, so that it shows that PyTorch multiplies and adds with one rounding.
    for (let i = 0; i < half; i++) numbers[i] = fma64(step, i, from);
    for (let i = half; i < steps; i++) numbers[i] = fma64(step, i + 1 - steps, to);
  }
  return numbers;
}
