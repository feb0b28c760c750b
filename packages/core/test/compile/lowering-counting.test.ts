/** Elements counted and looked up, of which a compiled function leaves nothing to eager kernels, with the bits and errors of eager. */
import * as kindling from '@kindling/core';
import { type DType, randint, randn, type Tensor, tensor, zeros } from '@kindling/core';
import { describe, it } from 'vitest';
import { expectSameBits } from '../support/compiled.ts';
import { type Case, expectLowered, values, worldOf } from '../support/lowered.ts';

const { Infinity: inf, NaN: nan } = globalThis;

const special = (dtype: DType): Tensor => tensor([1, -1, 0, -0, nan, inf, -inf, 1, 1e-30, 2.5], { dtype });

/** Whether elements are among others, of this dtype and of another, of none and of itself. */
const lookups = (x: Tensor, y: Tensor): Tensor[] => [
  kindling.isin(x, y),
  kindling.isin(x, y, { invert: true }),
  kindling.isin(x, y.to('int32')),
  kindling.isin(x, zeros([0], { dtype: x.dtype })),
  kindling.isin(zeros([0, 2], { dtype: x.dtype }), y),
  kindling.isin(x, x),
  kindling.isin(x, 1),
  kindling.isin(2.5, x),
];

const cases: Readonly<Record<string, Case>> = {
  'looking up numbers of every kind': {
    of: (dtype) => [special(dtype), tensor([nan, 1, -0, inf, 3], { dtype })],
    run: (x, y) => lookups(x, y.where(y.isfinite(), 0)),
  },
  'looking up every kind among every kind': {
    of: (dtype) => [special(dtype), special(dtype)],
    run: (x, y) => [kindling.isin(x, y), kindling.isin(y, x, { invert: true })],
  },
  'looking up many': {
    of: (dtype) => [randn([40, 50], { dtype }), randn([700], { dtype })],
    run: (x, y) => lookups(kindling.cat([x.detach(), y.detach().unsqueeze(0).narrow(1, 0, 50)]), y),
  },
  'counts in intervals': {
    of: (dtype) => [values(6, 50)(dtype)],
    run: (x) => [
      kindling.histc(x, { bins: 7, min: -1, max: 1.1 }),
      kindling.histc(x, { bins: 4 }),
      kindling.histc(x, { bins: 3, min: 2, max: 2 }),
      kindling.histc(x.mul(0).add(3).detach(), { bins: 5 }),
      kindling.histc(x.narrow(0, 0, 0), { bins: 5 }),
      kindling.histc(x.t(), { bins: 1000, min: -3, max: 3 }),
    ],
  },
  'counts of numbers of every kind': {
    of: (dtype) => [special(dtype)],
    run: (x) => [
      kindling.histc(x, { bins: 7, min: -1, max: 2.5 }),
      kindling.histc(x, { bins: 3, min: -1e300, max: 1e300 }),
    ],
  },
  histograms: {
    of: (dtype) => [
      randn([3, 40], { dtype }),
      randn([3, 40], { dtype }).abs(),
      tensor([-2, -0.5, 0, 0, 1], { dtype }),
    ],
    run: (x, w, edges) => [
      ...Object.values(kindling.histogram(x, 5)),
      ...Object.values(kindling.histogram(x, 6, { range: [-1, 1], weight: w })),
      ...Object.values(kindling.histogram(x.sub(1), edges.detach(), { density: true })),
      ...Object.values(kindling.histogram(x.mul(0).detach(), 3)),
      ...Object.values(kindling.histogram(x.narrow(0, 0, 0), 3)),
    ],
  },
  'histograms of points': {
    of: (dtype) => [randn([5, 8, 3], { dtype }), randn([5, 8], { dtype }), special(dtype)],
    run: (x, w, odd) =>
      [
        kindling.histogramdd(x, [2, 3, 4]),
        kindling.histogramdd(x, 3, { range: [-1, 1, -2, 2, 0, 0], weight: w }),
        kindling.histogramdd(odd.reshape(5, 2), 2, { range: [-1, 1, -2, 2] }),
      ].flatMap(({ hist, binEdges }) => [hist, ...binEdges]),
  },
  'covariances with weights': {
    of: (dtype) => [
      randn([3, 6], { dtype }),
      randn([6], { dtype }).abs(),
      randint(0, 4, [6], { dtype: 'int32' }),
    ],
    run: (x, a, f) => [
      kindling.cov(x, { aweights: a }),
      kindling.cov(x, { fweights: f, aweights: a, correction: 0 }),
    ],
  },
  'where elements are not 0': {
    of: (dtype) => [randn([3, 4, 5], { dtype }).relu(), special(dtype)],
    run: (x, y) => [
      ...[0, 4, 70].map((size) => kindling.nonzeroStatic(x, { size })),
      kindling.nonzeroStatic(y, { size: 12, fillValue: 7 }),
      kindling.nonzeroStatic(x.gt(1), { size: 5 }),
      kindling.nonzeroStatic(x.select(0, 0).t(), { size: 20 }),
      kindling.nonzeroStatic(x.sum(), { size: 2 }),
    ],
  },
};

describe('counts: no equation of a program is left to eager kernels', () => {
  for (const [name, one] of Object.entries(cases))
    it.each(['float32', 'float64'] as const)(`${name}, %s`, (dtype) => expectLowered(worldOf(one, dtype)));
  it.each(['int32', 'uint8'] as const)('integers, %s', (dtype) => {
    const of = (): Tensor[] => [
      randint(0, 9, [30], { dtype: 'int32' }).to(dtype),
      tensor([3, 8, 8, 0], { dtype }),
    ];
    expectLowered(
      worldOf({ of, run: (x, y) => [...lookups(x, y), kindling.nonzeroStatic(x, { size: 9 })] }, dtype),
    );
  });
});

describe('what a program refuses is what eager refuses', () => {
  const refusing = (made: (i: number) => Tensor, call: (x: Tensor) => unknown): void => {
    expectSameBits(() => ({ call, argumentsOf: (i) => [made(i)] }), 6);
  };
  const sometimes =
    (x: number) =>
    (i: number): Tensor =>
      tensor([0.5, i === 3 ? x : 1, 2], { dtype: 'float32' });
  it('a range that is not finite', () => {
    refusing(sometimes(inf), (x) => kindling.histc(x, { bins: 3 }));
    refusing(sometimes(nan), (x) => kindling.histc(x, { bins: 3 }));
    refusing(sometimes(-inf), (x) => kindling.histogram(x, 3));
  });
  it('a negative weight', () => {
    refusing(sometimes(-1), (x) => kindling.cov(kindling.ones([2, 3]), { aweights: x }));
  });
  it('weights that are all 0', () => {
    const weights = (i: number): Tensor => tensor([0, i === 3 ? 0 : 1e-38, 0], { dtype: 'float32' });
    refusing(weights, (x) => kindling.cov(kindling.ones([2, 3]), { aweights: x }));
    refusing(weights, (x) => kindling.cov(kindling.ones([2, 3]), { fweights: x.sign().to('int32') }));
  });
});
