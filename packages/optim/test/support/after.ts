/** Where the parameters of a run are after each step, held against what PyTorch recorded. */
import type { Tensor } from '@kindling/core';
import { expect } from 'vitest';
import { mismatch } from '../../../core/test/oracle/compare.ts';
import { Recorded } from '../../../core/test/oracle/fixture.ts';
import { plain } from '../../../core/test/oracle/tensors.ts';
import { sideBySide } from './runs.ts';

/** The row of a step, counted from 1. */
export function rowOf({ dtype, shape, array }: Recorded, step: number): Recorded {
  const [rows = 0, width = 0] = shape;
  expect(step).toBeLessThanOrEqual(rows);
  return new Recorded(dtype, [width], array.subarray((step - 1) * width, step * width), false);
}

/** Parameters are where they were recorded after a step; `far` says how far PyTorch's own may come to lie from there. */
export function expectAfter(
  { after, far }: { readonly after: Recorded; readonly far?: Recorded | undefined },
  step: number,
  params: readonly Tensor[],
): void {
  const noise = far && Array.from(rowOf(far, step).array).flatMap((distance, i) => [i, distance]);
  const found = mismatch(`parameters after step ${step}`, plain(sideBySide(params)), rowOf(after, step), {
    noise,
  });
  expect(found).toBeNull();
}
