/** How sizes print. */

import type { OutputSize, PerDimension } from '@kindling/core';
import { pyTuple } from '../../module/print.ts';

/** A number, or Python's tuple. */
export const printed = (value: PerDimension): string =>
  typeof value === 'number' ? `${value}` : pyTuple(value);

/** The same, where sizes may be those of the input. */
export function printedOutput(value: OutputSize): string {
  if (typeof value === 'number') return `${value}`;
  const sizes = value.map((n) => (n === null ? 'None' : `${n}`));
  return sizes.length === 1 ? `(${sizes[0]},)` : `(${sizes.join(', ')})`;
}
