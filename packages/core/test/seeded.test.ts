import { rand } from '@kindling/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

/** Draws as a test does that forgot to seed. */
const draws = (): readonly unknown[] => [
  ...(rand([4]).toArray() as number[]),
  ...fc.sample(fc.double(), { numRuns: 4 }),
];

const whileCollecting = draws();

describe('tests that seed nothing', () => {
  it.each([1, 2])('draw the same numbers, whatever ran before (%i)', () => {
    expect(draws()).toEqual(whileCollecting);
  });
});
