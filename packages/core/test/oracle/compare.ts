/** Compares Kindling's numbers with PyTorch's, and says where they part. */

import type { DType } from '@kindling/core';
import type { Noise, Recorded } from './fixture.ts';

/** |actual - expected| <= absolute + relative * |expected|: the one place that says how close is close. */
export const tolerances: Readonly<Record<DType, { relative: number; absolute: number }>> = {
  float64: { relative: 1e-10, absolute: 1e-12 },
  float32: { relative: 1e-5, absolute: 1e-6 },
  int32: { relative: 0, absolute: 0 },
  uint8: { relative: 0, absolute: 0 },
  bool: { relative: 0, absolute: 0 },
};

/** What a tensor is compared by. */
export interface Plain {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly array: ArrayLike<number>;
}

export interface Strictness {
  /** How far PyTorch itself is from the exact value. */
  readonly noise?: Noise | undefined;
  /** Whether -0 differs from 0. */
  readonly signedZeros?: boolean | undefined;
  /** Multiplies both tolerances; the operation's table entry says why. */
  readonly factor?: number | undefined;
  /** Where PyTorch overflows to infinity or NaN, a finite number is as well. */
  readonly mayBeFinite?: boolean | undefined;
  /** The result sums products that may cancel: an error counts against the largest result too. */
  readonly contraction?: boolean | undefined;
}

const position = (index: number, shape: readonly number[]): string => {
  const at: number[] = [];
  for (let d = shape.length - 1, rest = index; d >= 0; d--) {
    at.unshift(rest % shape[d]!);
    rest = Math.floor(rest / shape[d]!);
  }
  return `[${at.join(', ')}]`;
};

function largest(array: ArrayLike<number>): number {
  let found = 0;
  for (let i = 0; i < array.length; i++)
    if (Number.isFinite(array[i]!)) found = Math.max(found, Math.abs(array[i]!));
  return found;
}

function noiseByPosition(list: readonly number[]): Map<number, number> {
  const found = new Map<number, number>();
  for (let i = 0; i < list.length; i += 2) found.set(list[i]!, list[i + 1]!);
  return found;
}

/** An explanation of the worst mismatch, or null where all is well. */
export function mismatch(
  what: string,
  actual: Plain,
  expected: Recorded,
  strictness: Strictness = {},
): string | null {
  if (actual.dtype !== expected.dtype) return `${what}: dtype ${actual.dtype}, PyTorch ${expected.dtype}`;
  if (actual.shape.join() !== expected.shape.join()) {
    return `${what}: shape [${actual.shape.join(', ')}], PyTorch [${expected.shape.join(', ')}]`;
  }
  const { relative, absolute: least } = tolerances[expected.dtype];
  const absolute = strictness.contraction
    ? Math.max(least, (relative / 10) * largest(expected.array))
    : least;
  const noise = noiseByPosition(strictness.noise || []);
  const factor = strictness.factor ?? 1;
  let worst = -1;
  let worstExcess = 0;
  let count = 0;
  for (let i = 0; i < expected.array.length; i++) {
    const a = actual.array[i]!;
    const e = expected.array[i]!;
    if (Object.is(a, e) || (a === e && !strictness.signedZeros) || (Number.isNaN(a) && Number.isNaN(e)))
      continue;
    if (strictness.mayBeFinite && !Number.isFinite(e) && Number.isFinite(a)) continue;
    // Another order of the same operations may be some times as far off as PyTorch's.
    const allowed = factor * (absolute + relative * Math.abs(e)) + 4 * (noise.get(i) ?? 0);
    const difference = a === e ? Infinity : Math.abs(a - e);
    if (difference <= allowed && Number.isFinite(a) && Number.isFinite(e)) continue;
    count++;
    const excess = Number.isFinite(difference) ? difference / Math.max(allowed, 1e-300) : Infinity;
    if (worst < 0 || excess > worstExcess) {
      worst = i;
      worstExcess = excess;
    }
  }
  if (worst < 0) return null;
  const show = (x: number): string => (Object.is(x, -0) ? '-0' : String(x));
  const where = position(worst, expected.shape);
  const a = actual.array[worst]!;
  const e = expected.array[worst]!;
  return (
    `${what}: ${count} of ${expected.array.length} elements differ (${expected.dtype} [${expected.shape.join(', ')}]); ` +
    `worst at ${where}: ${show(a)}, PyTorch ${show(e)}, difference ${Math.abs(a - e).toExponential(2)}`
  );
}
