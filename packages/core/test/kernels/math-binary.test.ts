import { describe, expect, it } from 'vitest';
import { ElementwiseKernel, runElementwise } from '../../src/kernels/elementwise/elementwise.ts';
import { call } from '../../src/kernels/expression/index.ts';
import { scalarFunctions } from '../../src/kernels/math/index.ts';
import { stridedOver } from '../../src/kernels/strided/strided.ts';
import { ulpError } from './ulp.ts';

const count = 1 << 17;
const { POSITIVE_INFINITY: inf, NaN: nan } = Number;
const scalar = (name: string) => scalarFunctions[name] as (a: number, b: number) => number;

/** The float64 reference of each function of two numbers, and how many ulp it may be off. */
const functions: Readonly<Record<string, readonly [(a: number, b: number) => number, number]>> = {
  // Unlike JavaScript, C has these powers as 1.
  pow: [(a, b) => (a === 1 || (a === -1 && Math.abs(b) === inf) ? 1 : a ** b), 1],
  atan2: [Math.atan2, 2],
  hypot: [scalar('hypot'), 1.5],
  fmod: [scalar('fmod'), 0],
  remainder: [scalar('remainder'), 0.5],
};

type Draw = (u: number, v: number) => readonly [number, number];

/** Operands, drawn from two numbers in [0, 1). */
const operands: Readonly<Record<string, Draw>> = {
  'of moderate size': (u, v) => [Math.exp(20 * u - 10), 16 * v - 8],
  'of a first one near 1': (u, v) => [1 + (u - 0.5) * 2 ** (-20 * v), (v - 0.5) * 2 ** (30 * u)],
  'whose power is near the end of the range': (u, v) => {
    const base = Math.fround(Math.exp(170 * u - 85));
    return [base, ((v < 0.5 ? -88 : 88) * (0.9 + 0.3 * u)) / Math.log(base)];
  },
  'that are whole': (u, v) => [Math.floor(60 * u) - 30, Math.floor(12 * v) - 6],
  'of which one is a multiple of the other': (u, v) => {
    const b = Math.fround(v - 0.5);
    return [b * Math.floor(2 ** (25 * u)), b];
  },
  'of which the first is subnormal': (u, v) => [(u - 0.5) * 2 ** -126, 4 * v - 2],
  'that are subnormal': (u, v) => [(u - 0.5) * 2 ** -126, (v - 0.5) * 2 ** -130],
  'that are large': (u, v) => [(u - 0.5) * 2 ** 128, (v - 0.5) * 2 ** (128 - 8 * u)],
};

/** 32 bits that look random, the same for a number each time. */
function mixed(i: number): number {
  let z = Math.imul(i, 0x9e3779b9);
  z = Math.imul(z ^ (z >>> 16), 0x7feb352d);
  z = Math.imul(z ^ (z >>> 15), 0x846ca68b);
  return z ^ (z >>> 16);
}

const bits = Uint32Array.from({ length: 2 * count }, (_, i) => mixed(i + 1));

function computed(name: string, a: Float32Array, b: Float32Array): Float32Array {
  const out = new Float32Array(a.length);
  const strided = (x: Float32Array) => stridedOver(x, 'float32', [x.length]);
  const kernel = new ElementwiseKernel(name, 2, (x, y) => call(name, x, y));
  runElementwise(kernel, 'f32', [strided(a), strided(b)], [], strided(out));
  return out;
}

function expectExact(name: string, a: Float32Array, b: Float32Array): void {
  const [exactly, bound] = functions[name]!;
  let worst = 0;
  let at = '';
  const wrong: string[] = [];
  computed(name, a, b).forEach((got, i) => {
    const exact = exactly(a[i]!, b[i]!);
    if (Object.is(got, exact)) return;
    const what = `${name}(${a[i]}, ${b[i]}): ${got}, not ${exact}`;
    const error = ulpError(got, exact);
    const isNegative = exact < 0 || Object.is(exact, -0);
    if (Number.isNaN(error) || (got === 0 && Object.is(got, -0) !== isNegative)) wrong.push(what);
    else if (error > worst) [worst, at] = [error, what];
  });
  expect(wrong).toEqual([]);
  expect(worst, at).toBeLessThanOrEqual(bound);
}

function pairs(list: readonly (readonly [number, number])[]): [Float32Array, Float32Array] {
  return [Float32Array.from(list, ([x]) => x), Float32Array.from(list, ([, y]) => y)];
}

describe.each(Object.keys(functions))(
  '%s of float32 numbers is right, also in NaN, infinities and signs',
  (name) => {
    it.each(Object.entries(operands))('%s', (_, make) => {
      const list = Array.from({ length: count }, (_, i) =>
        make(bits[2 * i]! / 2 ** 32, bits[2 * i + 1]! / 2 ** 32),
      );
      expectExact(name, ...pairs(list));
    });

    it('of any bits', () => {
      const [a, b] = [bits.slice(0, count), bits.slice(count)];
      expectExact(name, new Float32Array(a.buffer), new Float32Array(b.buffer));
    });

    it('of all pairs of special numbers', () => {
      const special = [0, 0.5, 1, 1.5, 2, 3, 2 ** 23 + 1, 2 ** 24, 2 ** -149, 3.4028234663852886e38, inf];
      const signed = [...special.flatMap((x) => [x, -x]), nan];
      expectExact(name, ...pairs(signed.flatMap((x) => signed.map((y) => [x, y] as const))));
    });
  },
);

it('powers of whole numbers that float32 holds are exact', () => {
  const bases = Array.from({ length: 121 }, (_, i) => i - 60);
  const exponents = Array.from({ length: 25 }, (_, i) => i);
  const list = bases.flatMap((x) => exponents.map((y) => [x, y] as const));
  const held = list.filter(([x, y]) => Math.abs(x) ** y <= 2 ** 24);
  expect([...computed('pow', ...pairs(held))]).toEqual(held.map(([x, y]) => x ** y));
});

it('quotients rounded down are whole, and exact where they are small', () => {
  const list = Array.from({ length: count }, (_, i): [number, number] => {
    const [u, v] = [bits[2 * i]! / 2 ** 32, bits[2 * i + 1]! / 2 ** 32];
    return [Math.fround((u - 0.5) * 1000), Math.fround(v + 2 ** -10)];
  });
  const got = computed('floorDivide', ...pairs(list));
  expect([...got]).toEqual(list.map(([x, y]) => scalar('floorDivide')(x, y)));
});
