import { type DType, isFloatingPoint } from '../../dtype.ts';
import { fma64 } from '../../random/fma.ts';

/**
 * The numbers of `linspace` by position: evenly spaced, counted from the nearer end, so that both ends are met exactly.
 * As in PyTorch the steps are rounded to float32 where the result is, and the ends are truncated where it holds integers.
 */
export function linearSteps(start: number, end: number, steps: number, dtype: DType): (i: number) => number {
  const round = dtype === 'float32' ? Math.fround : (x: number) => x;
  const [from, to] = isFloatingPoint(dtype)
    ? [round(start), round(end)]
    : [Math.trunc(start), Math.trunc(end)];
  if (steps === 1) return () => from;
  const step = round((to - from) / (steps - 1));
  const half = Math.floor(steps / 2);
  // Integers are truncated, so that it shows that PyTorch multiplies and adds with one rounding.
  const at = isFloatingPoint(dtype)
    ? (origin: number, i: number) => origin + step * i
    : (origin: number, i: number) => fma64(step, i, origin);
  return (i) => round(i < half ? at(from, i) : at(to, i + 1 - steps));
}
