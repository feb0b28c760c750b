import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TypedArray } from '../src/dtype.ts';
import { ValueError } from '../src/errors.ts';
import { firstInOrder } from '../src/ops/order/partial-sort.ts';
import * as distributions from '../src/random/distributions.ts';
import { fma64 } from '../src/random/fma.ts';
import { defaultGenerator, Generator, initialSeed, manualSeed } from '../src/random/generator.ts';
import { fillRandomInt, fillRandperm, multinomial } from '../src/random/integers.ts';
import { memoryOrder } from '../src/random/memory-order.ts';
import { contiguousStrides } from '../src/shape.ts';
import { fma32 } from './support/fused-float32.ts';

const inDescendingOrder = (keys: TypedArray, count: number): Int32Array =>
  firstInOrder(keys, count, true, true);

describe('Generator', () => {
  test('the reference outputs of mt19937', () => {
    const generator = new Generator().manualSeed(5489);
    expect(generator.random()).toBe(3499211612);
    for (let i = 2; i < 10000; i++) generator.random();
    expect(generator.random()).toBe(4123659995);
  });

  test('64 bits are two draws, the first one high', () => {
    const a = new Generator().manualSeed(1);
    const b = new Generator().manualSeed(1);
    const high = BigInt(a.random());
    expect(b.random64()).toBe((high << 32n) | BigInt(a.random()));
  });

  test('seeds: bigint, negative, repeated', () => {
    expect(new Generator().initialSeed()).toBe(67280421310721);
    expect(new Generator().manualSeed(-1).initialSeed()).toBe(2n ** 64n - 1n);
    expect(manualSeed(7)).toBe(defaultGenerator);
    expect(initialSeed()).toBe(7);
    const seed = defaultGenerator.seed();
    expect(seed).toBe(initialSeed());
    expect(Number.isSafeInteger(seed)).toBe(true);
    expect(() => manualSeed(1.5)).toThrow(ValueError);
    expect(() => manualSeed(2n ** 64n)).toThrow(/must lie in/);
  });

  test('a stream from entropy is begun by whichever asks first, for a number, the seed or the state', () => {
    const asked = (ask: (generator: Generator) => void): Generator => {
      const generator = Generator.ofEntropy();
      ask(generator);
      return generator;
    };
    for (const ask of [() => {}, (g: Generator) => g.initialSeed(), (g: Generator) => g.getState()]) {
      const generator = asked(ask);
      const first = [generator.random(), generator.random()];
      const again = new Generator().manualSeed(generator.initialSeed());
      expect([again.random(), again.random()]).toEqual(first);
      expect(again.getState()).toEqual(generator.getState());
    }
    const drawn = asked((g) => g.random());
    expect(drawn.initialSeed()).not.toBe(Generator.ofEntropy().initialSeed());
    expect(Generator.ofEntropy().manualSeed(3).getState()).toEqual(new Generator().manualSeed(3).getState());
  });

  test('a state restores the stream, the waiting normal number included', () => {
    fc.assert(
      fc.property(fc.integer(), fc.nat(1500), (seed, draws) => {
        const a = new Generator().manualSeed(seed);
        for (let i = 0; i < draws; i++) a.random();
        distributions.fillNormal(new Float32Array(1), 0, 1, a);
        const b = new Generator().setState(a.getState());
        const c = a.clone();
        const [x, y, z] = [a, b, c].map((g) => {
          const out = new Float64Array(3);
          distributions.fillNormal(out, 0, 1, g);
          return [...out, g.random()];
        });
        expect(y).toEqual(x);
        expect(z).toEqual(x);
      }),
      { numRuns: 20 },
    );
  });

  test('bytes that are no state are refused and change nothing', () => {
    const generator = new Generator().manualSeed(3);
    const before = generator.getState();
    expect(() => generator.setState(new Uint8Array(10))).toThrow(/5056 bytes, got 10 bytes/);
    expect(() => generator.setState(new Uint8Array(5056))).toThrow(/invalid mt19937 state/);
    expect(generator.getState()).toEqual(before);
  });
});

describe('arguments out of range', () => {
  const g = new Generator();
  const out = new Float32Array(4);
  const cases: [string, () => void, RegExp][] = [
    ['uniform', () => distributions.fillUniform(out, 2, 1, g), /from=2 > to=1/],
    ['uniform', () => distributions.fillUniform(out, 0, 1e39, g), /to=1e\+39 is out of bounds for float32/],
    ['uniform', () => distributions.fillUniform(out, -3e38, 3e38, g), /exceeds the largest/],
    ['uniform', () => distributions.fillUniform(out, Number.NaN, 1, g), /out of bounds/],
    ['normal', () => distributions.fillNormal(out, 0, -1, g), /std >= 0\.0, but found std -1/],
    [
      'normal',
      () => distributions.fillNormalFrom(out, 0, Float32Array.of(1, 1, -1, 1), g),
      /all elements of std/,
    ],
    ['logNormal', () => distributions.fillLogNormal(out, 0, 0, g), /std > 0/],
    ['exponential', () => distributions.fillExponential(out, 0, g), /lambda > 0/],
    ['cauchy', () => distributions.fillCauchy(out, 0, 0, g), /sigma > 0/],
    ['geometric', () => distributions.fillGeometric(out, 1, g), /p to be in \(0, 1\)/],
    ['bernoulli', () => distributions.fillBernoulli(out, 1.1, g), /in \[0, 1\], but got p=1\.1/],
    [
      'bernoulli',
      () => distributions.fillBernoulliFrom(out, Float32Array.of(0, 1, 2, 0), g),
      /got 2 at element 2/,
    ],
    ['dropout', () => distributions.fillDropoutMask(out, -0.5, g), /between 0 and 1, but got -0\.5/],
    ['randint', () => fillRandomInt(out, 'float32', 3, 3, g), /from=3 >= to=3/],
    [
      'randint',
      () => fillRandomInt(new Uint8Array(1), 'uint8', 0, 257, g),
      /to - 1=256 is out of bounds for uint8/,
    ],
    ['randint', () => fillRandomInt(out, 'float32', 0.5, 3, g), /expects integers/],
    ['multinomial', () => multinomial(Float32Array.of(1, -1), 1, 2, 1, null, g), /element < 0/],
    ['multinomial', () => multinomial(Float32Array.of(0, 0), 1, 2, 1, null, g), /sum of probabilities/],
    [
      'multinomial',
      () => multinomial(Float32Array.of(1, 1), 1, 2, 3, inDescendingOrder, g),
      /without replacement/,
    ],
    ['multinomial', () => multinomial(Float32Array.of(1, 1), 1, 2, 0, null, g), /cannot sample/],
  ];
  for (const [name, call, message] of cases) {
    test(`${name}: ${message.source}`, () => {
      expect(call).toThrow(ValueError);
      expect(call).toThrow(message);
    });
  }
});

describe('laws', () => {
  test('uniform numbers stay in [from, to)', () => {
    const bound = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(bound, bound, fc.boolean(), (a, b, single) => {
        const out = new (single ? Float32Array : Float64Array)(50);
        const round = (x: number): number => (single ? Math.fround(x) : x);
        const [from, to] = [Math.min(a, b), Math.max(a, b)];
        distributions.fillUniform(out, from, to, new Generator().manualSeed(1));
        for (const x of out)
          expect(x >= round(from) && (x < round(to) || round(from) === round(to))).toBe(true);
      }),
    );
  });

  test('a permutation holds every index once', () => {
    fc.assert(
      fc.property(fc.nat(200), fc.integer(), (n, seed) => {
        const out = new Int32Array(n);
        fillRandperm(out, 'int32', new Generator().manualSeed(seed));
        expect([...out].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
      }),
    );
  });

  test('a draw without replacement repeats no category', () => {
    const out = multinomial(
      new Float32Array(30).fill(1),
      1,
      30,
      30,
      inDescendingOrder,
      new Generator().manualSeed(2),
    );
    expect(new Set(out).size).toBe(30);
  });

  test('normal numbers have their mean and standard deviation', () => {
    for (const out of [new Float32Array(200_000), new Float64Array(200_000)]) {
      distributions.fillNormal(out, 3, 2, new Generator().manualSeed(4));
      const values: number[] = [...out];
      const mean = values.reduce((sum, x) => sum + x, 0) / out.length;
      const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / out.length;
      expect(mean).toBeCloseTo(3, 1);
      expect(Math.sqrt(variance)).toBeCloseTo(2, 1);
    }
  });

  test('dropout of everything draws nothing', () => {
    const generator = new Generator().manualSeed(5);
    const before = generator.getState();
    const mask = Float32Array.of(7, 7);
    distributions.fillDropoutMask(mask, 1, generator);
    expect([...mask]).toEqual([0, 0]);
    expect(generator.getState()).toEqual(before);
  });
});

describe('memoryOrder', () => {
  interface Order {
    shape: number[];
    strides: number[];
    places: number[];
  }
  const orders = JSON.parse(
    readFileSync(new URL('./fixtures/random/orders.json', import.meta.url), 'utf8'),
  ) as Order[];

  test('views are filled in the order PyTorch fills them', () => {
    for (const { shape, strides, places } of orders) {
      const dims = memoryOrder(shape, strides) ?? shape.map((_, d) => d);
      const visited = dims.reduce(
        (starts, d) =>
          starts.flatMap((at) => Array.from({ length: shape[d]! }, (_, i) => at + i * strides[d]!)),
        [0],
      );
      const logical = contiguousStrides(shape);
      const actual = places.map((_, i) => {
        const at = shape.reduce(
          (sum, size, d) => sum + (Math.floor(i / logical[d]!) % size) * strides[d]!,
          0,
        );
        return visited.indexOf(at);
      });
      expect(actual, JSON.stringify({ shape, strides })).toEqual(places);
    }
  });
});

describe('fused multiply-add', () => {
  const exact = (x: number): bigint => {
    // Any double is an integer multiple of 2^-1074.
    const [mantissa, shift] = Number.isInteger(x) ? [BigInt(x), 0] : [BigInt(x * 2 ** 60), 60];
    return mantissa << BigInt(200 - shift);
  };
  const double = fc.integer({ min: -(2 ** 40), max: 2 ** 40 }).map((n) => n * 2 ** -44);

  test('in float64 it rounds once', () => {
    fc.assert(
      fc.property(double, double, double, (a, b, c) => {
        const scaled = (exact(a) * exact(b)) / (1n << 200n) + exact(c);
        expect(fma64(a, b, c)).toBe(Number(scaled) * 2 ** -200 + 0);
      }),
    );
  });

  test('in float32 it rounds once, where rounding twice would differ', () => {
    const a = 1 + 2 ** -12;
    const halfway = 1 + 2 ** -11 + 2 ** -24;
    expect(Math.fround(a * a)).toBe(1 + 2 ** -11);
    // a * a + c lies 2^-70 beside the middle of two floats, which a double cannot tell.
    for (const side of [1, -1]) {
      const c = side * 2 ** -70;
      expect(Math.fround(a * a + c)).toBe(Math.fround(halfway));
      expect(fma32(a, a, c)).toBe(side > 0 ? 1 + 2 ** -11 + 2 ** -23 : 1 + 2 ** -11);
    }
  });
});
