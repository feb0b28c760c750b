/** Vitest suites from fixtures: one test an operation and dtype. */

import * as kindling from '@kindling/core';
import { describe, expect, it } from 'vitest';
import { type Entry, readFixture } from './fixture.ts';
import { failuresOf, kindlingName, lookUp } from './operations.ts';
import { type Operation, operationOf } from './table.ts';

export interface SuiteOptions {
  /** Where the functions are looked up. */
  readonly root: object;
  /** Functions that samples name as arguments. */
  readonly functions?: Record<string, unknown>;
  readonly find?: (name: string, variant: string) => Operation | undefined;
}

/** Tests every entry of an operation fixture. */
export function operationSuite(title: string, url: URL, options: SuiteOptions = { root: kindling }): void {
  const { entries, torch } = readFixture<Entry>(url);
  const { root, functions = {}, find = operationOf } = options;
  describe(`${title} (PyTorch ${torch})`, () => {
    for (const entry of entries) {
      const label = `${entry.op}${entry.variant && `[${entry.variant}]`} ${entry.dtype}`;
      const operation = find(entry.op, entry.variant);
      const missing = operation?.extra && typeof lookUp(root, kindlingName(entry, operation)) !== 'function';
      it.skipIf(missing)(label, () => {
        if (!operation) throw new Error(`no entry for ${entry.op} in the operation table`);
        expect(failuresOf(entry, operation, root, functions)).toBe('');
      });
    }
  });
}
