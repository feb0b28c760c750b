/** What cross-entropy compares with: classes, which are checked here, and distributions over them. */

import type { TypedArray } from '../../dtype.ts';
import { IndexError } from '../../errors.ts';
import { formatShape, indexOf } from '../../shape.ts';
import type { Strided } from '../strided/index.ts';

/** The target distribution q of each row, over the classes. */
export interface CrossEntropyTarget {
  /** The class of each row, which holds `onClass` of its weight; `null` where `spread` says all. */
  readonly classes: TypedArray | null;
  readonly onClass: number;
  /** Rows of this class count for nothing. */
  readonly ignoreIndex: number;
  /** A weight for each class; `null` for 1. It is part of `spread` already. */
  readonly weight: TypedArray | null;
  /** What is added to q: one row for all (a tensor of one dimension), or a tensor of the shape of the logits. */
  readonly spread: Strided | null;
}

/**
 * Checks that each of `classes` is a class or `ignoreIndex`, and returns the sum of the weights of those that count:
 * what the mean divides by. `shape` is that of the targets: an error names the place, and `caller`.
 * @throws IndexError when one of `classes` is neither.
 */
export function crossEntropyDenominator(
  classes: TypedArray,
  count: number,
  ignoreIndex: number,
  weight: TypedArray | null,
  shape: readonly number[],
  caller: string,
): number {
  let total = 0;
  for (let i = 0; i < classes.length; i++) {
    const t = classes[i]!;
    if (t === ignoreIndex) continue;
    if (t < 0 || t >= count) throw noSuchClass(t, i, count, ignoreIndex, shape, caller);
    total += weight === null ? 1 : weight[t]!;
  }
  return total;
}

function noSuchClass(
  t: number,
  i: number,
  count: number,
  ignoreIndex: number,
  shape: readonly number[],
  caller: string,
): IndexError {
  return new IndexError(
    `${caller}: Target ${t} is out of bounds: at position ${formatShape(indexOf(i, shape))}, where the input has ${count} classes; expected ` +
      `0 to ${count - 1}, or ignoreIndex (${ignoreIndex}) to leave the element out`,
  );
}

/** What stands for the class of a row that counts for nothing, and of one for which `spread` says all. */
export const IGNORED = -1;
export const NO_CLASS = -2;

/** Whether row number `row` counts for nothing. */
export const isIgnored = (target: CrossEntropyTarget, row: number): boolean =>
  target.classes !== null && target.classes[row] === target.ignoreIndex;

/** What the target of row number `row` gives to its class; 0 where there is none. */
export function scaleOf(target: CrossEntropyTarget, row: number): number {
  const { classes, onClass, weight } = target;
  if (classes === null || isIgnored(target, row)) return 0;
  return weight === null ? onClass : onClass * weight[classes[row]!]!;
}
