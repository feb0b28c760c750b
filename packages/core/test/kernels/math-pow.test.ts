import { describe, expect, it } from 'vitest';
import { ElementwiseKernel, runElementwise } from '../../src/kernels/elementwise/elementwise.ts';
import { call } from '../../src/kernels/expression/index.ts';
import { stridedOver } from '../../src/kernels/strided/strided.ts';
import { ulpError } from './ulp.ts';

const count = 1 << 17;
const kernel = new ElementwiseKernel('pow', 2, (x, y) => call('pow', x, y));

function power(a: Float32Array, b: Float32Array): Float32Array {
  const out = new Float32Array(count);
  const strided = (x: Float32Array) => stridedOver(x, 'float32', [count]);
  runElementwise(kernel, 'f32', [strided(a), strided(b)], [], strided(out));
  return out;
}

/** Math.pow, but for the powers that C has as 1. */
const exactly = (a: number, b: number): number =>
  a === 1 || (a === -1 && Math.abs(b) === Number.POSITIVE_INFINITY) ? 1 : a ** b;

/** 32 bits that look random, the same for a number each time. */
function mixed(i: number): number {
  let z = Math.imul(i, 0x9e3779b9);
  z = Math.imul(z ^ (z >>> 16), 0x7feb352d);
  z = Math.imul(z ^ (z >>> 15), 0x846ca68b);
  return z ^ (z >>> 16);
}

/** Operands, drawn from two numbers in [0, 1). */
const operands: Readonly<Record<string, (u: number, v: number) => readonly [number, number]>> = {
  'of moderate size': (u, v) => [Math.exp(20 * u - 10), 16 * v - 8],
  'of bases near 1': (u, v) => [1 + (u - 0.5) * 2 ** (-20 * v), (v - 0.5) * 2 ** (30 * u)],
  'of results near the end of the range': (u, v) => {
    const base = Math.fround(Math.exp(170 * u - 85));
    return [base, ((v < 0.5 ? -88 : 88) * (0.9 + 0.3 * u)) / Math.log(base)];
  },
  'of whole numbers': (u, v) => [Math.floor(60 * u) - 30, Math.floor(12 * v) - 6],
  'of subnormal numbers': (u, v) => [(u - 0.5) * 2 ** -126, 4 * v - 2],
};

describe('float32 powers are within 1 ulp, NaN, infinities and signs being right', () => {
  const bits = Uint32Array.from({ length: 2 * count }, (_, i) => mixed(i + 1));
  const drawn = Array.from(bits, (x) => x / 2 ** 32);
  const a = new Float32Array(count);
  const b = new Float32Array(count);

  function expectPowers(): void {
    let worst = 0;
    let at = '';
    const wrong: string[] = [];
    power(a, b).forEach((got, i) => {
      const exact = exactly(a[i]!, b[i]!);
      if (Object.is(got, exact)) return;
      const what = `${a[i]} ^ ${b[i]}: ${got}, not ${exact}`;
      const error = ulpError(got, exact);
      if (Number.isNaN(error) || (got === 0 && Object.is(got, -0) !== exact < 0)) wrong.push(what);
      else if (error > worst) [worst, at] = [error, what];
    });
    expect(wrong).toEqual([]);
    expect(worst, at).toBeLessThanOrEqual(1);
  }

  it.each(Object.entries(operands))('%s', (_, make) => {
    for (let i = 0; i < count; i++) [a[i], b[i]] = make(drawn[2 * i]!, drawn[2 * i + 1]!) as [number, number];
    expectPowers();
  });

  it('of any bits', () => {
    new Uint32Array(a.buffer).set(bits.subarray(0, count));
    new Uint32Array(b.buffer).set(bits.subarray(count));
    expectPowers();
  });

  it('of all pairs of special numbers', () => {
    const { POSITIVE_INFINITY: inf, NaN: nan } = Number;
    const special = [0, 0.5, 1, 1.5, 2, 3, 2 ** 23 + 1, 2 ** 24, 2 ** -149, 3.4028234663852886e38, inf];
    const signed = [...special.flatMap((x) => [x, -x]), nan];
    const pairs = signed.flatMap((x) => signed.map((y) => [x, y] as const));
    a.fill(1).set(pairs.map(([x]) => x));
    b.fill(1).set(pairs.map(([, y]) => y));
    expectPowers();
  });

  it('of whole numbers that float32 holds are exact', () => {
    let i = 0;
    for (let base = -60; base <= 60; base++)
      for (let exponent = 0; Math.abs(base) ** exponent <= 2 ** 24 && exponent <= 24; exponent++) {
        a[i] = base;
        b[i++] = exponent;
      }
    const got = power(a, b).subarray(0, i);
    expect(Array.from(got)).toEqual(Array.from(got, (_, k) => a[k]! ** b[k]!));
  });
});
