/** What PyTorch's databases say is refused, of functions and of modules, is refused; see tools/oracle/errors.py. */

import * as nn from '@kindling/nn';
import { describe, expect, it } from 'vitest';
import { accepted, type RefusedSample } from '../../core/test/oracle/errors.ts';
import { type Entry, readFixture } from '../../core/test/oracle/fixture.ts';
import { caller } from '../../core/test/oracle/operations.ts';
import { functions, moduleOf } from './oracle/modules.ts';
import { functionalOperation } from './oracle/table.ts';

const { entries, torch } = readFixture<Entry>(new URL('./fixtures/errors', import.meta.url));

/** What Kindling takes all the same, by operation: how often, and why. */
const lenient: Readonly<Record<string, readonly [number, string]>> = {};

describe(`what PyTorch ${torch} refuses`, () => {
  it.each(entries.map((entry) => [entry.op, entry] as const))('%s', (_, entry) => {
    const samples = entry.samples as readonly RefusedSample[];
    const operation = entry.op.startsWith('nn.functional.')
      ? functionalOperation(entry.op, entry.variant)
      : null;
    if (operation === undefined) throw new Error(`no entry for ${entry.op} in the operation table`);
    const faults = samples.flatMap((sample) => {
      const call =
        operation === null
          ? (given: Parameters<ReturnType<typeof moduleOf>['call']>[0]) => moduleOf(entry, sample).call(given)
          : caller(nn.functional, entry, operation, 'function');
      return accepted(sample, call, functions) ?? [];
    });
    const [allowed, why] = lenient[entry.op] ?? [0, ''];
    expect(faults.length === allowed ? '' : `${why}\n${faults.join('\n')}`).toBe('');
  });
});
