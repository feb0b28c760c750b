import { describe, expect, it } from 'vitest';
import { references, referencesOnUnit, sweep } from './ulp.ts';

/** `npx tsx tools/ulp-sweep.ts` does the same for all 2^32 arguments. */
const POINTS = 200_000;
const MAX_ULP = 2;

describe('float32 functions are within 2 ulp, NaN, infinities and signs of zero being right', () => {
  const names = Object.keys(references);

  it.each(names)('%s over the whole range', (name) => {
    // An odd stride, so that no low bits of the arguments are left out.
    const { worst, at, wrong } = sweep(name, 21_473);
    expect(wrong).toEqual([]);
    expect(worst, `${name}(${at})`).toBeLessThanOrEqual(MAX_ULP);
  });

  // Where the formulas change over, cancel or leave the normal range.
  const neighbourhoods: readonly [name: string, around: number][] = [
    ['exp', 88.72284],
    ['exp', -87.33655],
    ['exp', -103.97208],
    ['exp2', 128],
    ['exp2', -149],
    ['expm1', 0.34657359],
    ['expm1', -0.34657359],
    ['expm1', -17.328679],
    ['log', 1],
    ['log', 2 ** -126],
    ['log2', 1],
    ['log2', 2 ** -126],
    ['log10', 1],
    ['log1p', -0.99999994],
    ['log1p', 2 ** 24],
    ['log1p', 1.17549435e-38],
    ['sin', Math.PI],
    ['sin', 3000 * Math.PI],
    ['sin', 10000],
    ['cos', Math.PI / 2],
    ['cos', 3000.5 * Math.PI],
    ['cos', 10000],
    ['tan', Math.PI / 2],
    ['tan', 3000 * Math.PI],
    ['tan', 10000],
    ['asin', 0.5],
    ['asin', 1],
    ['acos', -0.5],
    ['acos', 0.5],
    ['acos', 1],
    ['atan', 1],
    ['atan', -1],
    ['sinh', 1],
    ['sinh', 89.41599],
    ['cosh', 0.02],
    ['cosh', 89.41599],
    ['atanh', 0.5],
    ['atanh', -0.99999994],
    ['tanh', 0.625],
    ['tanh', 9.0109],
    ['sigmoid', -88.72],
    ['sigmoid', -103.97],
    ['erf', 0.95],
    ['erf', 3.9192059],
    ['erfc', 0.6],
    ['erfc', 9.194],
    ['erfc', 10.054],
    ['erfinv', 0.5],
    ['erfinv', 0.98052],
    ['erfinv', 1],
    ['erfinv', -1],
    ...['lgamma', 'digamma'].flatMap((name) =>
      [0.5952, 0.7, 0.8315, 1, 1.4616321, 1.7, 1.7361, 2, 4, 11.3541, 2 ** -126].map(
        (around): [string, number] => [name, around],
      ),
    ),
  ];
  it.each(neighbourhoods)('%s around %d', (name, around) => {
    const middle = new Uint32Array(new Float32Array([around]).buffer)[0]!;
    const { worst, at, wrong } = sweep(name, 1, middle - 4096, middle + 4096);
    expect(wrong).toEqual([]);
    expect(worst, `${name}(${at})`).toBeLessThanOrEqual(MAX_ULP);
  });

  it.each(Object.keys(referencesOnUnit))('%s from 0 to 1', (name) => {
    const one = new Uint32Array(new Float32Array([1]).buffer)[0]!;
    const { worst, at, wrong } = sweep(name, 5003, 0, one + 1);
    expect(wrong).toEqual([]);
    expect(worst, `${name}(${at})`).toBeLessThanOrEqual(MAX_ULP);
  });

  it('covers what it says', () => {
    expect(sweep('exp', 21_473).points).toBeGreaterThanOrEqual(POINTS);
  });
});
