/**
 * Elements counted by the interval in which they lie. Where these functions give `false`, loops in JavaScript do it:
 * the two of one range whenever kernels run.
 */
import type { TypedArray } from '../../../dtype.ts';
import { dtypeOf, Room, recorder, runCall } from '../../recording/index.ts';
import { histogramKernels, pointKernel } from './histogram-kernels.ts';

/** Where a range begins and ends; else from the least to the greatest element. */
type Range = readonly [from: number, to: number] | null;

const callOf = (
  name: string,
  callee: (...args: number[]) => number,
  counts: readonly number[],
  range: Range,
  [x, out]: readonly [TypedArray, TypedArray],
): void => {
  const [from, to] = range ?? [0, 0];
  const types = [...counts.map(() => 'i32' as const), 'i32', 'f64', 'f64', 'i32', 'i32'] as const;
  if (recorder === null) return;
  const args = [...counts, Number(range === null), from, to, recorder.address(x), recorder.address(out)];
  recorder.call(name, callee, types, args, { reads: [x], writes: [out], checks: true });
};

/**
 * How many elements lie in each of equal intervals of a range, which is none of one number, the last one with its end.
 */
export function recordHistogram(x: TypedArray, range: Range, out: TypedArray): boolean {
  if (recorder === null) return false;
  callOf('histc', histogramKernels(dtypeOf(x)).count, [x.length, out.length], range, [x, out]);
  return true;
}

/** The bounds of equal intervals of a range, which may be one number; of every `step`-th element from `first` on. */
export function recordEdges(
  x: TypedArray,
  first: number,
  step: number,
  range: Range,
  out: TypedArray,
): boolean {
  if (recorder === null) return false;
  const { edges } = histogramKernels(dtypeOf(x));
  callOf('histogram_edges', edges, [x.length, first, step, out.length - 1], range, [x, out]);
  return true;
}

/**
 * How many points, or what weight of them, lie in each cell between the bounds of each dimension; `false` where there
 * are too many for scratch.
 */
export function countCells(
  x: TypedArray,
  bounds: readonly TypedArray[],
  weights: TypedArray | null,
  out: TypedArray,
): boolean {
  const kernel = pointKernel(`${dtypeOf(x)} ${bounds.length} ${weights === null ? 0 : 1}`);
  const points = bounds.length === 0 ? 0 : x.length / bounds.length;
  const along = bounds.flatMap((edges) => [edges.length - 1, edges]);
  const sums = new Room('float64', out.length);
  const args = [points, out.length, x, weights ?? 0, sums, out, ...along];
  return runCall('histogramdd', kernel, args, { writes: [out] });
}
