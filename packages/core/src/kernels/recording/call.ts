import type { TypedArray } from '../../dtype.ts';
import type { Call } from './kernel.ts';
import { type Effects, recorder } from './recorder.ts';

/** {@link Effects} of which what is written need not be said where it is the last array among the arguments. */
type Said = Partial<Effects>;

/**
 * Takes down a call of a function that takes nothing but integers: numbers, and for each array the address of its first element.
 * It writes to the last array, unless `said` says otherwise, and reads the others.
 */
export function recordCall(
  name: string,
  callee: Call['callee'],
  args: readonly (number | TypedArray)[],
  said: Said = {},
): void {
  if (recorder === null) return;
  const into = recorder;
  const arrays = args.filter((arg) => typeof arg === 'object');
  const writes = said.writes ?? arrays.slice(-1);
  into.call(
    name,
    callee,
    args.map(() => 'i32'),
    args.map((arg) => (typeof arg === 'object' ? into.address(arg) : arg)),
    { reads: arrays.filter((array) => !writes.includes(array)), ...said, writes },
  );
}
