/** Families of operations of which a compiled function leaves nothing to eager kernels, forward and backward: with the bits of eager. */
import * as kindling from '@kindling/core';
import { manualSeed, ones, randn, type Tensor, tensor, zeros } from '@kindling/core';
import { describe, expect, it } from 'vitest';
import { expectSameBits, type World } from '../support/compiled.ts';
import {
  type Case,
  expectLowered,
  given,
  indices,
  leftEager,
  mask,
  values,
  worldOf,
} from '../support/lowered.ts';

/** Rows whose length is no multiple of a vector, dims other than the last, and more elements than a chunk of eager kernels holds. */
const families: Readonly<Record<string, Readonly<Record<string, Case>>>> = {
  softmax: {
    'rows of 7': { of: given(values(5, 7)), run: (x) => x.softmax(1) },
    'rows over chunks': { of: given(values(40, 1001)), run: (x) => [x.softmax(-1), x.logSoftmax(-1)] },
    'another dim': { of: given(values(3, 17, 5)), run: (x) => [x.softmax(1), x.logSoftmax(0)] },
    'a transposed tensor': { of: given(values(9, 6)), run: (x) => x.t().logSoftmax(1) },
    'logsumexp over each dim': {
      of: given(values(4, 9, 3)),
      run: (x) => [x.logsumexp(0), x.logsumexp(1), x.logsumexp([0, 2], { keepdim: true })],
    },
    'logsumexp of infinities': {
      of: (dtype) => [
        tensor(
          [
            [Infinity, 1],
            [-Infinity, -Infinity],
            [NaN, Infinity],
            [2, 3],
          ],
          { dtype },
        ),
      ],
      run: (x) => [x.detach().logsumexp(1), x.detach().softmax(1)],
    },
  },
  indexing: {
    'indexSelect of wide rows': {
      of: given(values(50, 33), indices(50, 70)),
      run: (x, i) => kindling.indexSelect(x, 0, i),
    },
    'indexSelect of narrow rows': {
      of: given(values(50, 3), indices(50, 70)),
      run: (x, i) => kindling.indexSelect(x, 0, i),
    },
    'indexSelect along the last dim': {
      of: given(values(6, 5, 20), indices(20, 9)),
      run: (x, i) => kindling.indexSelect(x, -1, i),
    },
    'indexSelect along a middle dim': {
      of: given(values(6, 5, 20), indices(5, 9)),
      run: (x, i) => kindling.indexSelect(x, 1, i),
    },
    'index by tensors of two dims': {
      of: given(values(8, 30), indices(8, 4, 5)),
      run: (x, i) => kindling.index(x, i),
    },
    'index by two tensors': {
      of: given(values(8, 9, 18), indices(8, 7), indices(9, 7)),
      run: (x, i, j) => kindling.index(x, i, j),
    },
    'index by two tensors apart': {
      of: given(values(8, 5, 9, 4), indices(8, 7), indices(9, 7)),
      run: (x, i, j) => kindling.index(x, i, ':', j),
    },
    'index of a view': {
      of: given(values(9, 8, 20), indices(9, 7)),
      run: (x, i) => kindling.index(x.transpose(0, 1), ':', i),
    },
    'negative indices': {
      of: given(values(6, 20), () => tensor([-1, 0, -6, 2], { dtype: 'int32' })),
      run: (x, i) => kindling.index(x, i),
    },
    gather: { of: given(values(6, 12), indices(12, 6, 5)), run: (x, i) => x.gather(1, i) },
    'gather less than all': {
      of: given(values(6, 4, 7), indices(4, 3, 9, 5)),
      run: (x, i) => x.gather(1, i),
    },
    'gather along the first dim': {
      of: given(values(6, 12), indices(6, 9, 12)),
      run: (x, i) => x.gather(0, i),
    },
    take: { of: given(values(6, 12), indices(72, 4, 5)), run: (x, i) => kindling.take(x, i) },
    takeAlongDim: {
      of: given(values(6, 12), indices(12, 6, 3)),
      run: (x, i) => kindling.takeAlongDim(x, i, 1),
    },
    indexPut: {
      of: given(values(9, 20), values(5, 20), indices(9, 5)),
      run: (x, v, i) => kindling.indexPut(x, [i], v),
    },
    'indexPut that accumulates': {
      of: given(values(9, 20), values(40, 20), indices(9, 40)),
      run: (x, v, i) => kindling.indexPut(x, [i], v, { accumulate: true }),
    },
    'indexPut of a part': {
      of: given(values(9, 20), values(4), indices(9, 4)),
      run: (x, v, i) => kindling.indexPut(x, [i, 3], v),
    },
    'indexAdd, indexCopy and indexFill': {
      of: given(values(4, 9), values(4, 5), indices(9, 5)),
      run: (x, v, i) => [
        kindling.indexAdd(x, 1, i, v, { alpha: 0.5 }),
        kindling.indexCopy(x, 1, i, v),
        kindling.indexFill(x, 1, i, 2),
      ],
    },
    'put and index_add in place': {
      of: given(values(30), values(12), indices(30, 12)),
      run: (x, v, i) => [kindling.put(x, i, v, { accumulate: true }), kindling.indexAdd_(x.mul(2), 0, i, v)],
    },
    'index_add of integers': {
      of: () => [ones([9], { dtype: 'int32' }), indices(9, 40)(), ones([40], { dtype: 'int32' })],
      run: (x, i, v) => kindling.indexAdd(x, 0, i, v),
    },
  },
  scattering: {
    scatter: {
      of: given(values(6, 12), values(6, 5), indices(12, 6, 5)),
      run: (x, v, i) => [x.scatter(1, i, v), x.scatter(1, i, 2)],
    },
    scatterAdd: {
      of: given(values(6, 12), values(6, 50), indices(12, 6, 50)),
      run: (x, v, i) => x.scatterAdd(1, i, v),
    },
    ...Object.fromEntries(
      (['sum', 'prod', 'mean', 'amax', 'amin'] as const).flatMap((how) =>
        [true, false].map((includeSelf): [string, Case] => [
          `scatterReduce by ${how}, ${includeSelf ? 'with' : 'without'} self`,
          {
            of: given(values(6, 12), values(6, 50), indices(12, 6, 50)),
            run: (x, v, i) => x.scatterReduce(1, i, v, how, { includeSelf }),
          },
        ]),
      ),
    ),
  },
  masks: {
    maskedFill: { of: given(values(6, 9), mask(6, 9)), run: (x, m) => x.maskedFill(m, 3) },
    'maskedFill of integers': {
      of: () => [indices(9, 6, 9)(), mask(6, 9)()],
      run: (x, m) => x.maskedFill(m, -1),
    },
    maskedScatter: {
      of: given(values(6, 9), values(60), mask(6, 9)),
      run: (x, v, m) => kindling.maskedScatter(x, m, v),
    },
    where: { of: given(values(6, 9), values(9), mask(6, 1)), run: (x, y, m) => kindling.where(m, x, y) },
    'oneHot of so many classes': { of: given(indices(7, 5, 3)), run: (i) => kindling.oneHot(i, 7) },
    'tril and triu': {
      of: given(values(3, 7, 5)),
      run: (x) => [x.tril(), x.triu(1), x.tril({ diagonal: -2 }), x.triu(-9)],
    },
  },
  arranging: {
    'cat along each dim': {
      of: given(values(4, 5, 20), values(4, 5, 20)),
      run: (x, y) => [kindling.cat([x, y], 0), kindling.cat([x, y.mul(2)], 1), kindling.cat([x, y], 2)],
    },
    'cat of views and dtypes': {
      of: given(values(6, 4), values(6, 3)),
      run: (x, y) => kindling.cat([x.t(), y.t(), ones([2, 6], { dtype: 'int32' })], 0),
    },
    'stack along each dim': {
      of: given(values(4, 18), values(4, 18)),
      run: (x, y) => [kindling.stack([x, y]), kindling.stack([x, y], 1), kindling.stack([x, y], 2)],
    },
    pad: {
      of: given(values(2, 3, 6, 5)),
      run: (x) => [
        kindling.pad(x, [1, 2, -1, 0], { value: 0.5 }),
        kindling.pad(x, [2, 1, 1, 2], { mode: 'reflect' }),
        kindling.pad(x, [2, 1], { mode: 'circular' }),
      ],
    },
    'repeat, tile and repeatInterleave': {
      of: given(values(3, 4)),
      run: (x) => [x.repeat(2, 3), x.tile(2), kindling.repeatInterleave(x, 3, { dim: 1 })],
    },
    'flip and roll': {
      of: given(values(5, 7, 20)),
      run: (x) => [
        x.flip(0, 2),
        kindling.roll(x, 3, 1),
        kindling.roll(x, [2, -8], [0, 2]),
        kindling.roll(x, 11),
      ],
    },
    'slices, and windows that overlap': {
      of: given(values(12, 5)),
      run: (x) => [x.narrow(0, 2, 5), x.unfold(0, 4, 2), x.diagonal()],
    },
    'full, fill_ and zeros': {
      of: given(values(7, 5)),
      run: (x) => [x.mul(kindling.full([5], 0.25)), x.clone().detach().fill_(3), zeros([3]).add(x.sum())],
    },
  },
  'negative log-likelihood': Object.fromEntries(
    (['none', 'sum', 'mean'] as const).map((reduction) => [
      reduction,
      {
        of: given(values(6, 5, 4), indices(5, 6, 4), () => ones([5])),
        run: (x, t, w) => [
          kindling.fusedNll(x, t, null, { dim: 1, ignoreIndex: -100, reduction, caller: 'nllLoss' }),
          kindling.fusedNll(x, t, w.to(x.dtype), { dim: 1, ignoreIndex: 2, reduction, caller: 'nllLoss' }),
          kindling.fusedNll(x, t.to('uint8'), null, { dim: 1, ignoreIndex: 0, reduction, caller: 'nllLoss' }),
        ],
      } satisfies Case,
    ]),
  ),
  scans: {
    'cumsum over chunks': {
      of: given(values(3, 20_001)),
      run: (x) => [x.cumsum(1), x.cumsum(0)],
    },
    'cumsum of many columns': { of: given(values(9, 5000)), run: (x) => x.cumsum(0) },
    'cumsum of integers': {
      of: () => [indices(9, 30, 40)(), mask(30, 40)()],
      run: (x, m) => [x.cumsum(1), m.cumsum(0), x.cumprod(1).detach()].slice(0, 2),
    },
    'cumprod without gradient': { of: given(values(6, 5000)), run: (x) => x.detach().cumprod(1) },
    'cummax and cummin': {
      of: given(values(6, 50)),
      run: (x) => {
        const [most, least] = [kindling.cummax(x, 1), kindling.cummin(x, 0)];
        return [most.values, most.indices, least.values, least.indices];
      },
    },
    logcumsumexp: { of: given(values(6, 50)), run: (x) => [x.logcumsumexp(1), x.logcumsumexp(0)] },
  },
  reductions: {
    'argmax and argmin': {
      of: given(values(6, 50)),
      run: (x) => [x.argmax(1), x.argmin(0), x.argmax()],
    },
    'max and min with indices': {
      of: given(values(6, 50, 3)),
      run: (x) => [x.max(1), x.min(0)].flatMap(({ values, indices }) => [values, indices]),
    },
    'all and any': { of: given(mask(6, 50)), run: (m) => [m.all(1), m.any(0), m.all()] },
    'var, std and varMean': {
      of: given(values(6, 50, 3)),
      run: (x) => [x.var(1), x.std(), ...kindling.varMean(x, 1), ...kindling.stdMean(x, [0, 2])],
    },
    'varMean of infinities': {
      of: (dtype) => [
        tensor(
          [
            [1, Infinity],
            [Infinity, 1],
            [2, 3],
          ],
          { dtype },
        ),
      ],
      run: (x) => kindling.varMean(x.detach(), 1),
    },
    'p-norms': { of: given(values(6, 50)), run: (x) => [x.norm(3), x.norm(1.5, 1)] },
  },
};

const dtypes = ['float32', 'float64'] as const;

for (const [family, cases] of Object.entries(families)) {
  describe(`${family}: no equation of a program is left to eager kernels`, () => {
    for (const [name, one] of Object.entries(cases)) {
      it.each(dtypes)(`${name}, %s`, (dtype) => expectLowered(worldOf(one, dtype)));
    }
  });
}

describe('a program that finds an index out of range', () => {
  const bad = tensor([[0, 1, 9]], { dtype: 'int32' });
  const good = tensor([[0, 1, 2]], { dtype: 'int32' });
  const x = (): Tensor => {
    manualSeed(1);
    return randn([3, 4]);
  };
  const attributes = { dim: 1, ignoreIndex: -100, reduction: 'mean', caller: 'nllLoss' } as const;
  const calls: Readonly<Record<string, (x: Tensor, i: Tensor) => Tensor>> = {
    gather: (x, i) => x.gather(1, i),
    scatterAdd: (x, i) => x.scatterAdd(1, i, ones([1, 3])),
    scatter: (x, i) => x.scatter(1, i, 2),
    index: (x, i) => kindling.index(x, i),
    indexSelect: (x, i) => kindling.indexSelect(x, 1, i.reshape([3])),
    indexAdd_: (x, i) => kindling.indexAdd_(x, 1, i.reshape([3]), ones([3, 3])),
    take: (x, i) => kindling.take(x, i.mul(2)),
    put: (x, i) => kindling.put(x, i.mul(2), ones([1, 3])),
    nllLoss: (x, i) => kindling.fusedNll(x, i.reshape([3]), null, attributes),
    maskedScatter: (x, i) => kindling.maskedScatter(x, i.lt(9).reshape([3, 1]), ones([8])),
    oneHot: (_, i) => kindling.oneHot(i, 9),
    floorDivide: (_, i) => kindling.floorDivide(i, i),
  };
  for (const [name, call] of Object.entries(calls)) {
    it(`gives the error of eager, and goes on: ${name}`, () => {
      const make = (): World => {
        const values = x();
        return {
          call: (i: Tensor) => call(values, i),
          // Two calls that were given the same tensor would have it taken for a tensor of the closure.
          argumentsOf: (n) => [(n === 3 ? bad : good).clone()],
          state: () => [values],
        };
      };
      expect(leftEager(expectSameBits(make, 6))).toEqual([]);
    });
  }
});
