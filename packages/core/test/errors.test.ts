/** What PyTorch's database says is refused is refused; see tools/oracle/errors.py. */

import * as kindling from '@kindling/core';
import { describe, expect, it } from 'vitest';
import { accepted, type RefusedSample } from './oracle/errors.ts';
import { type Entry, readFixture } from './oracle/fixture.ts';
import { caller, kindlingName } from './oracle/operations.ts';
import { operationOf } from './oracle/table.ts';

const { entries, torch } = readFixture<Entry>(new URL('./fixtures/errors', import.meta.url));

/** What Kindling takes all the same, by operation: how often, and why. */
const lenient: Readonly<Record<string, readonly [number, string]>> = {};

describe(`what PyTorch ${torch} refuses`, () => {
  it.each(entries.map((entry) => [entry.op, entry] as const))('%s', (_, entry) => {
    const operation = operationOf(entry.op, entry.variant);
    if (operation === undefined) throw new Error(`no entry for ${entry.op} in the operation table`);
    const name = kindlingName(entry, operation);
    const call = caller(kindling, entry, operation, operation.methodOnly ? 'method' : 'function');
    const faults = (entry.samples as readonly RefusedSample[]).flatMap((s) => accepted(name, s, call) ?? []);
    const [allowed, why] = lenient[entry.op] ?? [0, ''];
    expect(faults.length === allowed ? '' : `${why}\n${faults.join('\n')}`).toBe('');
  });
});
