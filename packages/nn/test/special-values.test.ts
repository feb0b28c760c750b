/** NaN, infinities, signed zeros, ties and extremes in activations and losses, as PyTorch has them; see tools/oracle. */

import * as nn from '@kindling/nn';
import { describe, expect, it, vi } from 'vitest';
import { readFixture } from '../../core/test/oracle/fixture.ts';
import { type SpecialEntry, specialFailures } from '../../core/test/oracle/special.ts';

const { entries, torch } = readFixture<SpecialEntry>(new URL('./fixtures/special', import.meta.url));

describe(`special values (PyTorch ${torch})`, () => {
  for (const entry of entries) {
    it(`${entry.op} ${entry.dtype}`, () => {
      const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
      expect(specialFailures(entry, nn.functional)).toBe('');
      warn.mockRestore();
    });
  }
});
