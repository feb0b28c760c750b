import { compile, type Tensor, tensor } from '@kindling/core';
import { expect, test } from 'vitest';
import { Normal } from '../src/index.ts';

/** The least positive number there is rounds to 0 in float32, which is not positive. */
test('a compiled call refuses the scales that an eager one refuses', () => {
  const logProb = (scale: Tensor): Tensor => new Normal(tensor([0.5, 0]), scale).logProb(tensor([1, 2]));
  const compiled = compile(logProb);
  // The first calls are compared with eager ones.
  for (let i = 0; i < 14; i++) compiled(tensor([1.5, 2]));
  for (const bad of [0, -0, -1, Number.NaN]) {
    const scale = tensor([1.5, bad]);
    for (let i = 0; i < 3; i++)
      expect(() => compiled(scale)).toThrow('Normal: scale: expected numbers > 0, got ');
  }
  const least = tensor([1.5, 2 ** -149]);
  expect(compiled(least).tolist()).toEqual(logProb(least).tolist());
});
