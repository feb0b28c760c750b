/** Numbers that ask for more than there can be: an answer or an error at once, never a loop, a crash or an error of JavaScript. */
import { describe, expect, it } from 'vitest';
import * as K from '../../src/index.ts';
import { KindlingError, tensor } from '../../src/index.ts';

const x = tensor([1.5, 2.5, 3.5]);
const large = [2 ** 31, 2 ** 40, Number.MAX_SAFE_INTEGER - 1];

describe.each(large)('%d', (n) => {
  const whole = n === large.at(-1) ? 2 ** 45 : n;

  it.each<[string, () => unknown]>([
    ['chunk', () => K.chunk(K.zeros([0]), whole)],
    ['tensorSplit', () => K.tensorSplit(x, whole)],
    ['repeatInterleave', () => K.repeatInterleave(tensor([2 ** 31 - 1, 2 ** 31 - 1]))],
    ['combinations', () => K.combinations(x, { r: whole, withReplacement: true })],
    ['combinations', () => K.combinations(K.arange(200), { r: 100 })],
    ['pad', () => K.pad(K.ones([1, 1, 3]), [whole, whole], { mode: 'replicate' })],
    ['pad', () => K.pad(K.ones([1, 1, 3]), [0, whole], { mode: 'replicate' })],
    ['mvlgamma', () => K.mvlgamma(x, whole)],
  ])('%s refuses', (name, run) => {
    expect(run).toThrow(KindlingError);
    expect(run).toThrow(new RegExp(`^${name}: `));
  });

  it('of what is used up nothing more is taken', () => {
    expect(K.diff(x, { n: whole }).shape).toEqual([0]);
    expect(K.combinations(x, { r: whole }).shape).toEqual([0, whole]);
    expect(K.polygamma(whole, x).shape).toEqual([3]);
  });
});

it('choices, differences, repeats and orders of moderate number are what they were', () => {
  expect(K.combinations(tensor([1, 2, 3]), { withReplacement: true }).tolist()).toEqual([
    [1, 1],
    [1, 2],
    [1, 3],
    [2, 2],
    [2, 3],
    [3, 3],
  ]);
  expect(K.combinations(tensor([7, 8, 9, 10]), { r: 3 }).tolist()).toEqual([
    [7, 8, 9],
    [7, 8, 10],
    [7, 9, 10],
    [8, 9, 10],
  ]);
  expect(K.combinations(tensor([4]), { r: 20_000, withReplacement: true }).shape).toEqual([1, 20_000]);
  expect(K.combinations(tensor([1, 2]), { r: 2 }).tolist()).toEqual([[1, 2]]);
  expect(K.combinations(K.zeros([0]), { withReplacement: true }).shape).toEqual([0, 2]);
  expect(K.diff(x, { n: 2 }).tolist()).toEqual([0]);
  expect(K.repeatInterleave(tensor([2, 0, 3])).tolist()).toEqual([0, 0, 2, 2, 2]);
  expect(K.polygamma(170, tensor([1.5], { dtype: 'float64' })).item()).toBeCloseTo(
    -5.612762894906341e276,
    -264,
  );
});

it('mvlgamma of many terms is the sum that PyTorch makes', () => {
  const y = tensor([50, 100], { dtype: 'float64', requiresGrad: true });
  // log Γ₆₅ follows from log Γ₆₄ by one more term.
  const last = K.lgamma(y.sub(32)).add(32 * Math.log(Math.PI));
  const wanted = K.mvlgamma(y, 64).add(last);
  const got = K.mvlgamma(y, 65);
  expect(K.allclose(got, wanted, { rtol: 1e-13 })).toBe(true);
  const [ofGot, ofWanted] = [got, wanted].map((z) => K.autograd.grad(z.sum(), [y])[0]) as [
    K.Tensor,
    K.Tensor,
  ];
  expect(K.allclose(ofGot, ofWanted, { rtol: 1e-12 })).toBe(true);
  const z = y.detach().clone();
  expect(K.equal(z.mvlgamma_(65), got.detach())).toBe(true);
  expect(() => tensor([3]).mvlgamma_(65)).toThrow(/^mvlgamma_: result type Float can't be cast/);
});
