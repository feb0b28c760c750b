/** Updates in a row that give sums, each with numbers that follow from the last sum. */
import { describe, expect, it } from 'vitest';
import {
  AutogradError,
  DTypeError,
  E,
  type LinkOfSums,
  manualSeed,
  observe,
  ones,
  randn,
  ShapeError,
  SummedUpdate,
  type Tensor,
  ValueError,
} from '../../src/index.ts';
import { bitsOf } from '../support/compiled.ts';

/** What is added up is a product of an input with the result, another one, no product, of one input, of none. */
const product = new SummedUpdate('product', 1, 2, (x, d, y, t) => {
  const next = E.add(x, E.mul(d, t));
  return [E.mul(y, next), next];
});
const before = new SummedUpdate('before', 1, 2, (x, d, y, t) => [
  E.mul(x as E.Expr, y as E.Expr),
  E.add(x, E.mul(d, t)),
]);
const difference = new SummedUpdate('difference', 1, 2, (x, d, y) => {
  const next = E.sub(x, d);
  return [E.abs(E.sub(next, y)), next];
});
const single = new SummedUpdate('single', 1, 1, (x, d) => {
  const next = E.mul(x, d);
  return [E.mul(next, d as E.Expr), next];
});
const alone = new SummedUpdate('alone', 1, 0, (x, t) => {
  const next = E.mul(x as E.Expr, t as E.Expr);
  return [E.mul(next, x as E.Expr), next];
});

const scaled = (sum: number): readonly number[] => [1 / (1 + Math.abs(sum))];

/** Every kind of update, over start and vectors, of which some are met again. */
const linksOf = (start: Tensor, a: Tensor, b: Tensor): LinkOfSums[] => [
  { update: product, inputs: [a, b], numbers: scaled },
  { update: before, inputs: [b, start], numbers: scaled },
  { update: difference, inputs: [a, b], numbers: () => [] },
  { update: single, inputs: [b], numbers: () => [] },
  { update: product, inputs: [a, a], numbers: scaled },
  { update: alone, inputs: [], numbers: scaled },
  { update: product, inputs: [start, start], numbers: scaled },
];

/** The same by one call of `run` after another. */
function oneByOne(start: Tensor, links: readonly LinkOfSums[]): { result: Tensor; sum: number } {
  const result = start.clone();
  let sum = 0;
  for (const { update, inputs, numbers } of links) sum = update.run([result, ...inputs], numbers(sum)).item();
  return { result, sum };
}

function expectSame(start: Tensor, links: readonly LinkOfSums[], options?: { owner: object }): void {
  const kept = bitsOf(start);
  const [found, expected] = [SummedUpdate.chain(start, links, options), oneByOne(start, links)];
  expect(found.sum).toBe(expected.sum);
  expect(bitsOf(found.result)).toEqual(bitsOf(expected.result));
  expect(bitsOf(start)).toEqual(kept);
}

const vectors = (n: number, dtype: 'float32' | 'float64'): [Tensor, Tensor, Tensor] => [
  randn([n], { dtype }),
  randn([n], { dtype }),
  randn([n], { dtype }),
];

describe('SummedUpdate.chain', () => {
  it.each([0, 1, 5, 16, 31, 33, 1000, 4096, 4100, 4130, 9000, 700_000])(
    'has the bits of one after another, of %i elements',
    (n) => {
      manualSeed(n);
      for (const dtype of ['float32', 'float64'] as const) {
        const [start, a, b] = vectors(n, dtype);
        expectSame(start, linksOf(start, a, b));
      }
    },
  );

  it('has them where float32 overflows, and where there is NaN', () => {
    manualSeed(1);
    for (const factor of [1e20, Number.POSITIVE_INFINITY]) {
      const [start, a, b] = vectors(5000, 'float32');
      a.narrow(0, 70, 9).mul_(factor);
      b.narrow(0, 60, 30).mul_(factor);
      const links = linksOf(start, a, b);
      for (let i = 1; i <= links.length; i++) expectSame(start, links.slice(0, i));
    }
  });

  it('has them of each number of links', () => {
    manualSeed(2);
    const [start, a, b] = vectors(100, 'float32');
    const links = linksOf(start, a, b);
    for (let i = 0; i <= links.length; i++) expectSame(start, links.slice(0, i));
    expect(SummedUpdate.chain(start, []).sum).toBe(0);
  });

  it('takes views, columns, and parts of one memory', () => {
    manualSeed(3);
    const whole = randn([3, 40]);
    const rows = [0, 1, 2].map((i) => whole.select(0, i)) as [Tensor, Tensor, Tensor];
    expectSame(rows[0], linksOf(...rows));
    const [start, a, b] = [0, 1, 2].map(() => randn([8, 5]).t()) as [Tensor, Tensor, Tensor];
    expectSame(start, linksOf(start, a, b));
    const c = randn([50]).narrow(0, 3, 40);
    expectSame(c, linksOf(c, whole.select(0, 1), c));
  });

  it('finds what an owner brought before, unless it has changed', () => {
    manualSeed(4);
    const owner = {};
    const [start, a, b] = vectors(300, 'float32');
    const links = linksOf(start, a, b);
    expectSame(start, links, { owner });
    expectSame(start, links, { owner });
    a.add_(1);
    expectSame(start, links, { owner });
    // Others change what they have got hold of without a word.
    const { data } = b;
    for (let i = 0; i < 3; i++) {
      data[i] = 7 + i;
      expectSame(start, links, { owner });
    }
    for (const n of [299, 301, 300]) {
      const [other, c, d] = vectors(n, 'float32');
      expectSame(other, linksOf(other, c, d), { owner });
      expectSame(start, links, { owner });
      expectSame(start, links, { owner: {} });
      expectSame(start, links);
    }
    // More vectors than there are places at first, and the same memory under another view.
    const many = Array.from({ length: 40 }, () => randn([300]));
    for (let round = 0; round < 3; round++)
      for (let i = 2; i < many.length; i += 1 + round)
        expectSame(
          start,
          many.slice(0, i).map((x) => ({ update: product, inputs: [x, b], numbers: scaled })),
          { owner },
        );
    const long = randn([600]);
    for (const at of [0, 300, 7]) expectSame(start, linksOf(start, long.narrow(0, at, 300), b), { owner });
  });

  it('may have anything done for its numbers', () => {
    manualSeed(5);
    const [start, a, b] = vectors(5000, 'float32');
    const links = linksOf(start, a, b);
    const busy = links.map(({ numbers, ...link }) => ({
      ...link,
      numbers: (sum: number): readonly number[] => {
        expectSame(a, linksOf(a, b, start));
        randn([9000]).mul(3).sum().item();
        return numbers(sum);
      },
    }));
    expect(SummedUpdate.chain(start, busy).sum).toBe(oneByOne(start, links).sum);
  });

  it('tells observers of each update', () => {
    const [start, a, b] = vectors(30, 'float32');
    const names: string[] = [];
    const stop = observe({ after: (name) => void names.push(name) });
    const links = linksOf(start, a, b);
    const { sum } = SummedUpdate.chain(start, links);
    stop();
    for (const { update } of links) expect(names).toContain(update.name);
    expect(sum).toBe(SummedUpdate.chain(start, links).sum);
  });

  it('refuses what does not fit', () => {
    const x = ones([3]);
    const two = new SummedUpdate('two', 2, 0, (a, b) => [a as E.Expr, b as E.Expr, a as E.Expr]);
    const link = (inputs: readonly unknown[], update = product, numbers: unknown = () => [1]): LinkOfSums =>
      ({ update, inputs, numbers }) as LinkOfSums;
    const refused: [call: () => unknown, error: new (...x: never[]) => Error, message: RegExp][] = [
      [() => SummedUpdate.chain(x, [link([x])]), ValueError, /^product: expected 3 tensors/],
      [() => SummedUpdate.chain(x, [link([x, x], product, () => [])]), ValueError, /^product: .* 1 numbers/],
      [() => SummedUpdate.chain(x, [link([x, ones([4])])]), ShapeError, /^product: .*\[3\], got \[4\]/],
      [
        () => SummedUpdate.chain(x, [link([x, x.to('float64')])]),
        DTypeError,
        /^product: .*float32, got float64/,
      ],
      [() => SummedUpdate.chain(x.to('int32'), [link([x, x])]), DTypeError, /^product: .*int32/],
      [() => SummedUpdate.chain(x, [link([x], two)]), ValueError, /^two: expected an update of one target/],
      [() => SummedUpdate.chain(x, [link([x, 3])]), ValueError, /^SummedUpdate.chain: links: /],
      [() => SummedUpdate.chain(x, [link([x, x], product, 3)]), ValueError, /^SummedUpdate.chain: links: /],
      [() => SummedUpdate.chain(x, 3 as never), ValueError, /^SummedUpdate.chain: links: /],
      [() => SummedUpdate.chain(3 as never, []), DTypeError, /^SummedUpdate.chain: start: /],
      [() => SummedUpdate.chain(x, [], { owner: 3 as never }), ValueError, /^SummedUpdate.chain: owner: /],
      [
        () => SummedUpdate.chain(x, [link([x, ones([3], { requiresGrad: true })])]),
        AutogradError,
        /^product/,
      ],
    ];
    for (const [call, error, message] of refused) {
      expect(call).toThrow(error);
      expect(call).toThrow(message);
    }
    expect(x.tolist()).toEqual([1, 1, 1]);
  });
});
