/** NaN, infinities, signed zeros, ties and extremes: values, gradients and second gradients as PyTorch's; see tools/oracle. */

import * as kindling from '@kindling/core';
import { describe, expect, it } from 'vitest';
import { readFixture } from './oracle/fixture.ts';
import { type SpecialEntry, specialFailures } from './oracle/special.ts';

const { entries, torch } = readFixture<SpecialEntry>(new URL('./fixtures/special', import.meta.url));

describe(`special values (PyTorch ${torch})`, () => {
  for (const entry of entries) {
    it(`${entry.op} ${entry.dtype}`, () => {
      expect(specialFailures(entry, kindling)).toBe('');
    });
  }
});
