/** What PyTorch's databases say is refused, of functions and of modules, is refused; see tools/oracle/errors.py. */

import * as nn from '@kindling/nn';
import { describe, expect, it } from 'vitest';
import { accepted, type RefusedSample } from '../../core/test/oracle/errors.ts';
import { type Entry, readFixture } from '../../core/test/oracle/fixture.ts';
import { caller, kindlingName } from '../../core/test/oracle/operations.ts';
import type { Arguments } from '../../core/test/oracle/run.ts';
import { functionName, functionOf, functions, moduleOf } from './oracle/modules.ts';
import { functionalOperation } from './oracle/table.ts';

const { entries, torch } = readFixture<Entry>(new URL('./fixtures/errors', import.meta.url));

/** What Kindling takes all the same, by operation: how often, and why. */
const lenient: Readonly<Record<string, readonly [number, string]>> = {};

describe(`what PyTorch ${torch} refuses`, () => {
  it.each(entries.map((entry) => [entry.op, entry] as const))('%s', (_, entry) => {
    const samples = entry.samples as readonly RefusedSample[];
    const operation = functionalOperation(entry.op, entry.variant);
    const isFunction = entry.op.startsWith('nn.functional.');
    const callOf = (sample: RefusedSample): ((given: Arguments) => unknown) => {
      if (!isFunction) return (given) => moduleOf(entry, sample).call(given);
      return operation ? caller(nn.functional, entry, operation, 'function') : functionOf(entry);
    };
    const name = isFunction && operation ? kindlingName(entry, operation) : functionName(entry);
    const faults = samples.flatMap((s) => accepted(name, s, callOf(s), functions) ?? []);
    const [allowed, why] = lenient[entry.op] ?? [0, ''];
    expect(faults.length === allowed ? '' : `${why}\n${faults.join('\n')}`).toBe('');
  });
});
