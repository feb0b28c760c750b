import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as K from '../../src/index.ts';
import { type DType, noGrad, type Tensor } from '../../src/index.ts';
import { assertClose, expandedViews, nonContiguous, tensors, views } from '../../src/testing/index.ts';
import { operations, type Sample } from './operations/index.ts';

const parameters = { numRuns: 8, seed: 1 };
const list = (y: Tensor | readonly Tensor[]): readonly Tensor[] => (Array.isArray(y) ? y : [y as Tensor]);

function expectSame(actual: Tensor | readonly Tensor[], expected: Tensor | readonly Tensor[]): void {
  const wanted = list(expected);
  expect(list(actual)).toHaveLength(wanted.length);
  list(actual).forEach((y, i) => {
    assertClose(y, wanted[i]!, { rtol: 1e-6, atol: 1e-6, equalNan: true, message: `output ${i}` });
  });
}

describe('every operation on expanded views', () => {
  const expanded = (samples: fc.Arbitrary<Sample>) =>
    samples.chain((sample) => fc.tuple(fc.constant(sample), fc.tuple(...sample.inputs.map(expandedViews))));

  it.each(Object.entries(operations))('%s', (_, samples) => {
    fc.assert(
      fc.property(expanded(samples), ([{ run }, inputs]) => {
        noGrad(() => expectSame(run(...inputs), run(...inputs.map((x) => x.clone()))));
      }),
      parameters,
    );
  });
});

/** Operations on every dtype, most of them without a gradient. */
const onAnyDType: Record<string, (x: Tensor) => Tensor | readonly Tensor[]> = {
  add: (x) => x.add(x),
  all: (x) => K.all(x),
  'all, dim': (x) => K.all(x, 0),
  any: (x) => K.any(x, -1),
  argmax: (x) => (x.dtype === 'bool' ? [] : [K.argmax(x), K.argmax(x, 0)]),
  argmin: (x) => (x.dtype === 'bool' ? [] : K.argmin(x, -1)),
  argsort: (x) => K.argsort(x, 0, { stable: true }),
  cat: (x) => K.cat([x, x], 0),
  clone: (x) => x.clone(),
  countNonzero: (x) => K.countNonzero(x, 0),
  cumsum: (x) => K.cumsum(x, 0),
  eq: (x) => K.eq(x, 1),
  flip: (x) => K.flip(x, [0]),
  gt: (x) => K.gt(x, x.flip([0])),
  index: (x) => [K.index(x, -1), K.index(x, K.slice(null, null, 2)), K.index(x, x.bool())],
  isfinite: (x) => K.isfinite(x),
  isnan: (x) => K.isnan(x),
  logicalAnd: (x) => K.logicalAnd(x, x.flip([0])),
  logicalNot: (x) => K.logicalNot(x),
  maskedFill: (x) => K.maskedFill(x, x.bool(), 1),
  max: (x) => K.max(x),
  mul: (x) => x.mul(x),
  nonzero: (x) => K.nonzero(x),
  pad: (x) => K.pad(x, [1, 1]),
  prod: (x) => K.prod(x),
  repeat: (x) => K.tile(x, [2]),
  reshape: (x) => x.reshape(-1),
  sort: (x) => K.sort(x, 0, { stable: true }).values,
  sum: (x) => [K.sum(x), K.sum(x, 0)],
  to: (x) => K.dtypes.map((dtype) => x.to(dtype)),
  unique: (x) => K.unique(x),
  where: (x) => K.where(x.bool(), x, x.add(x)),
};

describe.each<DType>(['float32', 'float64', 'int32', 'uint8', 'bool'])(
  '%s: a view gives what a copy gives',
  (dtype) => {
    const options = { dtype, min: dtype === 'uint8' ? 0 : -5, max: 5, shape: { minRank: 1, maxRank: 3 } };
    it.each(Object.entries(onAnyDType))('%s', (_, run) => {
      fc.assert(
        fc.property(views({ ...options, expanded: true }), (x) => {
          expectSame(run(x), run(x.clone()));
        }),
        parameters,
      );
    });

    it('printing and conversion to arrays', () => {
      fc.assert(
        fc.property(views({ ...options, expanded: true }), (x) => {
          const copy = x.clone();
          expect(x.toArray()).toEqual(copy.toArray());
          expect(String(x)).toBe(String(copy));
          expect([...x.data]).toEqual([...copy.data]);
          expect(x.contiguous().isContiguous()).toBe(true);
        }),
        parameters,
      );
    });
  },
);

/** In-place operations, each with the value it leaves. */
const inPlace: Record<
  string,
  [change: (x: Tensor, y: Tensor) => unknown, value: (x: Tensor, y: Tensor) => Tensor]
> = {
  add_: [(x, y) => x.add_(y), (x, y) => x.add(y)],
  'add_, itself': [(x) => x.add_(x), (x) => x.add(x)],
  addcmul_: [(x, y) => x.addcmul_(y, y), (x, y) => x.addcmul(y, y)],
  clamp_: [(x) => x.clamp_({ min: 0 }), (x) => x.clamp({ min: 0 })],
  copy_: [(x, y) => x.copy_(y), (_, y) => y],
  exp_: [(x) => x.exp_(), (x) => x.exp()],
  fill_: [(x) => x.fill_(7), (x) => K.fullLike(x, 7)],
  lerp_: [(x, y) => x.lerp_(y, 0.25), (x, y) => x.lerp(y, 0.25)],
  mul_: [(x) => x.mul_(3), (x) => x.mul(3)],
  'select, add_': [(x) => x.select(0, 0).add_(1), (x) => K.selectScatter(x, x.select(0, 0).add(1), 0, 0)],
  sub_: [(x, y) => x.sub_(y, { alpha: 2 }), (x, y) => x.sub(y, { alpha: 2 })],
  zero_: [(x) => x.zero_(), (x) => K.zerosLike(x)],
};

describe('in-place operations on views write the view and nothing else', () => {
  const pairs = tensors({ dtype: 'float64', shape: { minRank: 1, maxRank: 3 } }).chain((x) =>
    fc.tuple(fc.constant(x), nonContiguous(x), nonContiguous(x.flip([0]))),
  );
  it.each(Object.entries(inPlace))('%s', (_, [change, value]) => {
    fc.assert(
      fc.property(pairs, ([x, view, other]) => {
        const expected = value(x.clone(), other.clone());
        const elsewhere = view.storage.array.filter(Number.isNaN).length;
        change(view, other);
        assertClose(view, expected, { rtol: 1e-12, atol: 1e-12 });
        expect(view.storage.array.filter(Number.isNaN)).toHaveLength(elsewhere);
      }),
      parameters,
    );
  });
});
