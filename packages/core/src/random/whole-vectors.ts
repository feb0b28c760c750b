/** What becomes of draws, on whole vectors: numbers that are compared and counted, as elements of any dtype. */

import type { TypedArray } from '../dtype.ts';
import { dtypeOf, E, ElementwiseKernel, runElementwise, stridedOver } from '../kernels/index.ts';
import { unitOf } from './float-kernels.ts';

/** Exact, as the quotient of integers of 32 and 28 bits is never rounded up to the next integer. */
const remainder = new ElementwiseKernel('random', 1, (word, range, low) => {
  const bits = E.select(E.lt(word, 0), E.add(word, 2 ** 32), word);
  return E.add(E.sub(bits, E.mul(E.floor(E.div(bits, range)), range)), low);
});
const chosen = new ElementwiseKernel('bernoulli', 1, (u, p, value) => E.select(E.lt(u, p), value, 0));
const chosenEach = new ElementwiseKernel('bernoulli', 2, (u, p) => E.lt(u, p));
const chosenEachByWord = new ElementwiseKernel('bernoulli', 2, (word, p) => E.lt(unitOf(word), p));

/** Runs a kernel on the first `count` of what was drawn, and on others beside it, into `out` from `at` on. */
function run(
  kernel: ElementwiseKernel,
  inputs: readonly TypedArray[],
  params: readonly number[],
  out: TypedArray,
  at: number,
  count: number,
): void {
  const [drawn, ...others] = inputs.map((array, i) =>
    stridedOver(array, dtypeOf(array), [count], i === 0 ? 0 : at),
  );
  if (drawn === undefined) return;
  runElementwise(kernel, 'f64', [drawn, ...others], params, stridedOver(out, dtypeOf(out), [count], at));
}

/** The remainders of 32 random bits each by a range below 2^28, plus `low`. */
export function remainders(
  words: Int32Array,
  count: number,
  range: number,
  low: number,
  out: TypedArray,
  at: number,
): void {
  run(remainder, [words], [range, low], out, at, count);
}

/** `value` with probability `p`, else 0: where a number of [0, 1) is less. */
export function chooseBelow(
  numbers: Float64Array,
  count: number,
  p: number,
  value: number,
  out: TypedArray,
  at: number,
): void {
  run(chosen, [numbers], [p, value], out, at, count);
}

/**
 * 1 where a number of [0, 1), which may be 32 random bits, is less than the probability at the same place of `p`, else
 * 0.
 */
export function chooseEach(
  drawn: Int32Array | Float64Array,
  count: number,
  p: TypedArray,
  out: TypedArray,
  at: number,
): void {
  run(drawn instanceof Int32Array ? chosenEachByWord : chosenEach, [drawn, p], [], out, at, count);
}
