/** A test for each operation of the fixtures that Kindling has. */
import * as kindling from '@kindling/core';
import { describe, it } from 'vitest';
import { type Entry, fixturesIn, readFixture, type Sample } from '../oracle/fixture.ts';
import { isOutside, kindlingName, lookUp } from '../oracle/operations.ts';
import { operationOf } from '../oracle/table.ts';

/** What tools/oracle/ops_list.py names, a file each. */
export const families = fixturesIn(new URL('../fixtures/ops/', import.meta.url), '');

/** An operation of the fixtures in one dtype, with the samples that Kindling takes. */
export interface OperationCase {
  readonly entry: Entry;
  readonly operation: NonNullable<ReturnType<typeof operationOf>>;
  /** Kindling's name. */
  readonly name: string;
  readonly samples: readonly Sample[];
}

/** Declares tests under `family: claim`, one for each operation and dtype, unless `isMeant` says that it is none. */
export function eachOperation(
  claim: string,
  test: (of: OperationCase) => void,
  isMeant: (entry: Entry) => boolean = () => true,
): void {
  for (const family of families) {
    const { entries } = readFixture<Entry>(new URL(`../fixtures/ops/${family}`, import.meta.url));
    const cases = entries.filter(isMeant).flatMap((entry) => {
      const operation = operationOf(entry.op, entry.variant);
      if (operation === undefined) return [];
      const name = kindlingName(entry, operation);
      if (operation.extra && typeof lookUp(kindling, name) !== 'function') return [];
      return [{ entry, operation, name }];
    });
    if (cases.length === 0) continue;
    describe(`${family}: ${claim}`, () => {
      for (const { entry, operation, name } of cases) {
        it(`${entry.op}${entry.variant && `[${entry.variant}]`} ${entry.dtype}`, () => {
          test({
            entry,
            operation,
            name,
            samples: entry.samples.filter((s) => !isOutside(entry, operation, s)),
          });
        });
      }
    });
  }
}
