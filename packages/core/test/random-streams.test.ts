import { readFileSync } from 'node:fs';
import { inflateSync, crc32 as nodeCrc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { arrayConstructor, type DType, type TypedArray } from '../src/dtype.ts';
import { firstInOrder } from '../src/ops/order/partial-sort.ts';
import * as distributions from '../src/random/distributions.ts';
import { Generator } from '../src/random/generator.ts';
import { fillRandom, fillRandomInt, fillRandperm, multinomial } from '../src/random/integers.ts';
import { crc32 } from './support/crc32.ts';

const inDescendingOrder = (keys: TypedArray, count: number): Int32Array =>
  firstInOrder(keys, count, true, true);

interface Step {
  op: string;
  dtype: DType;
  n: number;
  args: Record<string, number | boolean | string | null>;
  bytes?: string;
  crc?: number;
  state: number;
}

interface Stream {
  seed: number;
  steps: Step[];
}

const fixture = <T>(name: string): T =>
  JSON.parse(readFileSync(new URL(`./fixtures/random/${name}.json`, import.meta.url), 'utf8')) as T;

const bytesOf = (array: TypedArray): Uint8Array =>
  new Uint8Array(array.buffer as ArrayBuffer, array.byteOffset, array.byteLength);

/** The weights of the fixture script: (7 i mod 11) / 11, computed in the dtype. */
function probabilities(n: number, dtype: DType): distributions.FloatArray {
  const eleventh = (i: number): number => ((i * 7) % 11) / 11;
  return dtype === 'float32'
    ? Float32Array.from({ length: n }, (_, i) => eleventh(i))
    : Float64Array.from({ length: n }, (_, i) => eleventh(i));
}

type Fill = (out: distributions.FloatArray, step: Step, generator: Generator) => void;
const number = (step: Step, name: string): number => step.args[name] as number;

const fills: Record<string, Fill> = {
  uniform: (out, s, g) => distributions.fillUniform(out, number(s, 'from'), number(s, 'to'), g),
  normal: (out, s, g) => distributions.fillNormal(out, number(s, 'mean'), number(s, 'std'), g),
  normalStrided: (out, s, g) =>
    distributions.fillNormal(out, number(s, 'mean'), number(s, 'std'), g, { contiguous: false }),
  normalFrom: (out, s, g) => {
    const operand = (value: unknown): distributions.FloatArray | number =>
      value === null ? probabilities(s.n, s.dtype) : (value as number);
    distributions.fillNormalFrom(out, operand(s.args.mean), operand(s.args.std), g);
  },
  logNormal: (out, s, g) => distributions.fillLogNormal(out, number(s, 'mean'), number(s, 'std'), g),
  exponential: (out, s, g) => distributions.fillExponential(out, number(s, 'lambda'), g),
  cauchy: (out, s, g) => distributions.fillCauchy(out, number(s, 'median'), number(s, 'sigma'), g),
  geometric: (out, s, g) => distributions.fillGeometric(out, number(s, 'p'), g),
  bernoulli: (out, s, g) => distributions.fillBernoulli(out, number(s, 'p'), g),
  bernoulliFrom: (out, s, g) =>
    distributions.fillBernoulliFrom(out, probabilities(s.n, s.args.pDtype as DType), g),
  dropout: (out, s, g) => distributions.fillDropoutMask(out, number(s, 'p'), g),
  randint: (out, s, g) => fillRandomInt(out, s.dtype, number(s, 'low'), number(s, 'high'), g),
  random: (out, s, g) => fillRandom(out, s.dtype, g),
  randperm: (out, s, g) => fillRandperm(out, s.dtype, g),
};

function draw(step: Step, generator: Generator): TypedArray {
  if (step.op === 'multinomial') {
    const rows = number(step, 'rows');
    const categories = number(step, 'categories');
    const weights = probabilities(rows * categories, step.dtype).map((p) => p + number(step, 'floor'));
    if (step.dtype === 'float32') {
      const floor = Math.fround(number(step, 'floor'));
      for (let i = 0; i < weights.length; i++) weights[i] = probabilities(i + 1, 'float32')[i]! + floor;
    }
    const greatest = step.args.replacement === true ? null : inDescendingOrder;
    return multinomial(weights, rows, categories, step.n, greatest, generator);
  }
  const out = new (arrayConstructor(step.dtype))(step.n);
  fills[step.op]!(out as distributions.FloatArray, step, generator);
  return out;
}

/** In float64 the C library's log, sin, cos and exp round one result in a hundred otherwise than ours. */
function expectUlps(actual: Float64Array, expected: Float64Array, label: string): number {
  let unequal = 0;
  for (let i = 0; i < expected.length; i++) {
    if (actual[i] === expected[i]) continue;
    unequal++;
    const error = Math.abs(actual[i]! - expected[i]!) / Math.abs(expected[i]!);
    expect(error, `${label}, element ${i}: ${actual[i]} for ${expected[i]}`).toBeLessThan(2 ** -51);
  }
  return unequal;
}

describe('random streams equal PyTorch', () => {
  for (const name of ['uniform', 'normal', 'distributions', 'integers', 'mixed']) {
    test(name, () => {
      let doubles = 0;
      let unequal = 0;
      for (const { seed, steps } of fixture<Stream[]>(name)) {
        const generator = new Generator().manualSeed(seed);
        for (const step of steps) {
          const label = `seed ${seed}: ${step.op} ${step.dtype} n=${step.n} ${JSON.stringify(step.args)}`;
          const actual = draw(step, generator);
          const transcendental = step.dtype === 'float64' && actual instanceof Float64Array;
          if (step.bytes !== undefined && transcendental && step.op !== 'uniform') {
            const expected = new Float64Array(Uint8Array.from(Buffer.from(step.bytes, 'base64')).buffer);
            expect(actual.length).toBe(expected.length);
            unequal += expectUlps(actual, expected, label);
            doubles += expected.length;
          } else if (step.bytes !== undefined) {
            expect(Buffer.from(bytesOf(actual)).toString('base64'), label).toBe(step.bytes);
          } else {
            expect(crc32(bytesOf(actual)), label).toBe(step.crc);
          }
          const expectedState = generator.getState();
          if (generator.waiting.double === null)
            expect(crc32(expectedState), `${label}: state`).toBe(step.state);
        }
      }
      expect(unequal).toBeLessThanOrEqual(doubles / 50);
    });
  }

  test('states go from either side to the other', () => {
    interface State {
      seed: string;
      initialSeed: string;
      draws: number;
      state: string;
      normals: number[];
    }
    for (const { seed, initialSeed, draws, state, normals } of fixture<State[]>('states')) {
      const theirs = new Uint8Array(inflateSync(Buffer.from(state, 'base64')));
      const generator = new Generator().manualSeed(BigInt(seed));
      expect(String(generator.initialSeed())).toBe(initialSeed);
      distributions.fillUniform(new Float64Array(draws), 0, 1, generator);
      distributions.fillNormal(new Float32Array(1), 0, 1, generator);
      expect(Buffer.from(generator.getState()).equals(theirs), `seed ${seed}`).toBe(true);

      const follower = new Generator().setState(theirs);
      expect(follower.getState()).toEqual(theirs);
      const out = new Float64Array(normals.length);
      distributions.fillNormal(out, 0, 1, follower);
      expectUlps(out, Float64Array.from(normals), `after state of seed ${seed}`);
    }
  });

  test('the checksum of this test is the usual one', () => {
    const bytes = Uint8Array.from({ length: 300 }, (_, i) => (i * i) & 255);
    expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
    if (typeof nodeCrc32 === 'function') expect(crc32(bytes)).toBe(nodeCrc32(bytes));
  });
});
