import { expect, it } from 'vitest';
import { differences, greatest, lossIn } from '../../src/same-seed/losses.ts';

it.each([
  ['3 0.25', 0.25],
  ['3 1e-7', 1e-7],
  ['3 NaN', Number.NaN],
  ['4 0.25', undefined],
  ['3', undefined],
  ['step 3 0.25', undefined],
  ['3 tensor(0.25)', undefined],
])('the line %j tells the loss %j of step 3', (line, loss) => {
  expect(lossIn(line, 3)).toEqual(loss);
});

it('losses are compared as far as there are some of both, relative to the recorded ones', () => {
  expect(differences([2, 4, 8], [1, 4])).toEqual([0.5, 0]);
});

it('the greatest difference has its step; where a loss is no number, that is it', () => {
  expect(greatest([0.1, 0.3, 0.2])).toEqual({ difference: 0.3, step: 1 });
  expect(greatest([0.1, Number.NaN, 0.2])).toEqual({ difference: Number.NaN, step: 1 });
  expect(greatest([])).toEqual({ difference: 0, step: 0 });
});
