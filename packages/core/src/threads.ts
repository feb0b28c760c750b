/** How many threads kernels use. */

import { describe } from './arguments/explain.ts';
import { refuseExcess } from './arguments/index.ts';
import { ValueError } from './errors.ts';
import { threadsWanted, wantThreads } from './kernels/index.ts';

/**
 * How many threads kernels may use. Follows `torch.get_num_threads`.
 * @returns the number that {@link setNumThreads} was given last; else as many as the machine runs at a time
 * @example
 * ```ts
 * getNumThreads() >= 1; // true
 * ```
 */
export function getNumThreads(): number {
  if (arguments.length > 0) refuseExcess('getNumThreads', [], arguments);
  return threadsWanted();
}

/**
 * Sets how many threads kernels may use, this one among them. Follows `torch.set_num_threads`.
 *
 * It holds from the next call on. Large products, elementwise operations and rows are cut, some rows for each thread:
 * in the programs of `compile`, and in eager calls, whose operands are copied, where there is much to compute for each
 * element. No sum is divided, so that results have the same bits with any number of threads. Workers are started when
 * there is work that is worth it, and end with the process; with 1 they sleep. In a page threads take cross-origin
 * isolation (`crossOriginIsolated`); without it, all is done by one thread.
 * @param n an integer of at least 1; of more than 63, 63 are used
 * @throws ValueError where it is none
 * @example
 * ```ts
 * setNumThreads(2);
 * getNumThreads(); // 2
 * ```
 */
export function setNumThreads(n: number): void {
  if (arguments.length > 1) refuseExcess('setNumThreads', ['n'], arguments);
  if (typeof n !== 'number' || !Number.isInteger(n) || n < 1)
    throw new ValueError(`setNumThreads: expected a positive integer, got ${describe(n)}`);
  wantThreads(n);
}
