import { describe, expect, it } from 'vitest';
import { sigmoidOfGate, tanhOfGate } from '../../src/kernels/math/index.ts';
import { sweepOf } from './ulp.ts';

/** An odd stride, so that no low bits of the arguments are left out. */
const STRIDE = 21_473;
/** Where the bit patterns of numbers below zero begin, and that of -87. */
const NEGATIVE = 0x8000_0000;
const LEAST = 0xc2ae_0000;

describe('functions of gates are within what they say of the exact ones, NaN included', () => {
  const functions = [
    ['the logistic function', sigmoidOfGate, (x: number) => 1 / (1 + Math.exp(-x)), 4, LEAST],
    ['the hyperbolic tangent', tanhOfGate, Math.tanh, 3, 2 ** 32],
  ] as const;

  it.each(functions)('%s', (_, expression, reference, ulp, end) => {
    for (const [first, last] of [
      [0, NEGATIVE],
      [NEGATIVE, end],
    ] as const) {
      const { worst, at, wrong, points } = sweepOf(expression, reference, STRIDE, first, last);
      expect(points).toBeGreaterThan(50_000);
      expect(wrong).toEqual([]);
      expect(worst, `at ${at}`).toBeLessThanOrEqual(ulp);
    }
  });

  // The slope there, 1 - y^2, has the whole error of y.
  it.each(['1', '-1'])('the hyperbolic tangent is within 1.6 ulp where it nears %s', (side) => {
    const bits = (x: number): number => new Uint32Array(Float32Array.of(x * Number(side)).buffer)[0] ?? 0;
    const { worst, at, points } = sweepOf(tanhOfGate, Math.tanh, 473, bits(1), bits(10));
    expect(points).toBeGreaterThan(50_000);
    expect(worst, `at ${at}`).toBeLessThanOrEqual(1.6);
  });

  it('a gate that is shut passes no more than e^-87', () => {
    const nothing = (): number => 0;
    const { worst } = sweepOf(sigmoidOfGate, nothing, STRIDE, LEAST, 0xff80_0001);
    // In units of the least positive number.
    expect(worst * 2 ** -149).toBeLessThan(2e-38);
  });
});
