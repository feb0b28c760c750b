/** Every operation against PyTorch's own operator database; see tools/oracle. */

import { expect, it } from 'vitest';
import { sharedDraws } from './oracle/draws.ts';
import { type Entry, readFixture } from './oracle/fixture.ts';
import { operationSuite } from './oracle/suite.ts';
import { families } from './support/each-operation.ts';

const fixture = (family: string): URL => new URL(`./fixtures/ops/${family}`, import.meta.url);

for (const family of families) operationSuite(family, fixture(family));

it('draws the samples of each operation from a seed of its own', () => {
  const entries = families.flatMap((family) => readFixture<Entry>(fixture(family)).entries);
  expect(sharedDraws(entries)).toEqual([]);
});
