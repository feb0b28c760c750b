import { K, ValueError } from '@kindling/core';
import type { Optimizer } from '../base/optimizer.ts';

/** A value of all groups, or a list with one for each. */
export const orEach = (of: K.Kind): K.Kind =>
  K.either(of, K.listOf(of, `an array with ${of.expected} for each group`));

/**
 * Takes one value for all groups, or a list with one for each: gives the value of group i. `hint` says what to do where
 * there is none for a group that was added later.
 * @throws ValueError for a list with another number of values than there are groups
 */
export function forGroups(
  name: string,
  { paramGroups }: Optimizer,
  option: string,
  value: number | readonly number[],
  hint: string,
): (i: number) => number {
  if (typeof value === 'number') return () => value;
  if (value.length !== paramGroups.length)
    throw new ValueError(`${name}: expected ${paramGroups.length} values for ${option}, got ${value.length}`);
  const values = [...value];
  return (i) => {
    const own = values[i];
    if (own !== undefined) return own;
    throw new ValueError(
      `${name}: the optimizer has a parameter group ${i} now, and ${option} was given for ${values.length}; ${hint}`,
    );
  };
}
