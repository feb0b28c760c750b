/** The losses beyond PyTorch against plain formulas in float64; see tools/oracle/beyond_losses.py. */

import { describe, expect, it } from 'vitest';
import { type Entry, readFixture } from '../../../core/test/oracle/fixture.ts';
import { describeSample, report } from '../../../core/test/oracle/run.ts';
import { layouts } from '../../../core/test/oracle/tensors.ts';
import { checkFunction } from '../oracle/modules.ts';

describe('losses beyond PyTorch', () => {
  const { entries } = readFixture<Entry>(new URL('../fixtures/beyond-losses', import.meta.url));
  for (const entry of entries) {
    it(`${entry.op} ${entry.dtype}`, () => {
      const failures = entry.samples.flatMap((sample, number) =>
        layouts.flatMap((layout) => {
          const lines = checkFunction(entry, sample, layout);
          return lines.length > 0
            ? [{ sample: number, how: layout, what: describeSample(sample), lines }]
            : [];
        }),
      );
      expect(failures.length === 0 ? '' : report(entry.op, failures)).toBe('');
    });
  }
});
