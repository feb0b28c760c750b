/** Compiled functions that nobody has any more, in a loop that never lets the event loop turn. */
import { compile, noGrad, randn, type Tensor, zeros } from '@kindling/core';
import { expect, it } from 'vitest';
import { residentBytes } from '../../src/kernels/index.ts';
import { bitsOf } from '../support/compiled.ts';

const elements = 2 ** 20;

/** A step whose state takes 4 MiB, and what it works on twice as many. */
function made() {
  const state = zeros(elements);
  const step = compile((x: Tensor) => noGrad(() => state.add_(x.mul(2)).sum()));
  return { state, step };
}

it('hold a bounded amount of memory, and what is kept goes on with its numbers', () => {
  const x = randn(elements);
  const kept = made();
  for (let i = 0; i < 4; i++) kept.step(x);
  let most = 0;
  for (let k = 0; k < 60; k++) {
    const { step } = made();
    for (let i = 0; i < 3; i++) step(x);
    most = Math.max(most, residentBytes().taken);
  }
  expect(kept.step.programs).toHaveLength(0);
  expect(most).toBeLessThan(2 ** 28 + 2 ** 25);
  expect(kept.state.storage.lodging).toBe(null);
  const expected = zeros(elements);
  for (let i = 0; i < 7; i++) expected.add_(x.mul(2));
  for (let i = 0; i < 3; i++) kept.step(x);
  expect(kept.step.programs).toHaveLength(1);
  expect(bitsOf(kept.state.narrow(0, 0, 1000))).toEqual(bitsOf(expected.narrow(0, 0, 1000)));
});
