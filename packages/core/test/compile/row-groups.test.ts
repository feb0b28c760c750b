/** Rows by groups: their values and derivatives, and programs in which other rows are of other groups in each call. */
import {
  autograd,
  compile,
  groupRows,
  manualSeed,
  randint,
  randn,
  setNumThreads,
  type Tensor,
  tensor,
  zeros,
} from '@kindling/core';
import { describe, expect, it } from 'vitest';
import { bitsOf, expectSameBits } from '../support/compiled.ts';
import { onJunk } from '../support/junk.ts';
import { leftEager } from '../support/lowered.ts';
import { untilShared } from '../support/threads.ts';

/** An expert for each group, two layers deep, and where its rows were; the gate's groups may be empty. */
function experts(x: Tensor, keys: Tensor, weights: readonly (readonly [Tensor, Tensor])[]): Tensor {
  const bounds = [0, ...weights.map((_, i) => i + 1)];
  let y = x.mul(0.5);
  for (const [i, group] of groupRows(keys, bounds).entries()) {
    if (group.isEmpty) continue;
    const [first, second] = weights[i]!;
    y = y.add(group.put(group.linear(group.linear(group.take(x), first).tanh(), second)));
  }
  return y;
}

const weightsOf = (
  groups: number,
  wide: number,
  hidden: number,
  dtype: 'float32' | 'float64' = 'float32',
): (readonly [Tensor, Tensor])[] =>
  Array.from({ length: groups }, () => [
    randn([hidden, wide], { dtype, requiresGrad: true }),
    randn([wide, hidden], { dtype, requiresGrad: true }),
  ]);

describe('groupRows', () => {
  it('takes rows and puts them back', () => {
    const x = randn([5, 2]);
    const groups = groupRows(tensor([7, 3, 7, 0, 4]), [0, 3, 5, 6, 8]);
    expect(groups.map((group) => group.index().toArray())).toEqual([[3], [1, 4], [], [0, 2]]);
    expect(groups.map(({ isEmpty }) => isEmpty)).toEqual([false, false, true, false]);
    const sum = groups.map((group) => group.put(group.take(x))).reduce((a, b) => a.add(b));
    expect(sum.equal(x)).toBe(true);
    const w = randn([3, 2]);
    expect(
      groups[3]!.linear(groups[3]!.take(x), w).allclose(x.indexSelect(0, tensor([0, 2])).matmul(w.t())),
    ).toBe(true);
  });

  it('puts no row where a group is empty, whatever the memory held', () => {
    const x = randn([5, 2]);
    const [empty] = groupRows(tensor([1, 1, 1, 1, 1]), [0, 1, 2]);
    const rows = empty!.take(x);
    expect(onJunk(() => empty!.put(rows)).toArray()).toEqual(zeros([5, 2]).toArray());
  });

  it('has derivatives, and these have', () => {
    const keys = tensor([1, 0, 1, 1, 3]);
    const weights = weightsOf(4, 3, 2, 'float64');
    const f = (x: Tensor, ...flat: Tensor[]): Tensor =>
      experts(
        x,
        keys,
        weights.map((_, i) => [flat[2 * i]!, flat[2 * i + 1]!]),
      );
    const x = randn([5, 3], { dtype: 'float64', requiresGrad: true });
    expect(autograd.gradcheck(f, [x, ...weights.flat()])).toBe(true);
    expect(autograd.gradgradcheck(f, [x, ...weights.flat()])).toBe(true);
  });

  it('refuses what names no group', () => {
    expect(() => groupRows(tensor([0, 5, -1]), [0, 5])).toThrow(
      'groupRows: expected keys in [0, 4], but values in range [-1, 5] were found',
    );
    expect(() => groupRows(tensor([[0]]), [0, 5])).toThrow(
      'groupRows: expected keys of one dimension, got shape [1, 1]',
    );
    expect(() => groupRows(tensor([0.5]), [0, 5])).toThrow('groupRows: expected keys of int32, got float32');
    expect(() => groupRows(tensor([0]), [5, 0])).toThrow('groupRows: expected two or more ascending bounds');
    const [group] = groupRows(tensor([0, 1]), [0, 1, 2]);
    expect(() => group!.take(randn([3]))).toThrow('RowGroup.take: expected 2 rows, got shape [3]');
    expect(() => group!.put(tensor([true]))).toThrow('RowGroup.put: not implemented for bool');
    expect(() => group!.linear(randn([1, 2]), randn([2, 3]))).toThrow(
      'RowGroup.linear: input of shape [1, 2] does not fit weight of shape [2, 3]',
    );
  });
});

describe('groups of rows, compiled', () => {
  it.each([
    ['float32', 1, 1],
    ['float64', 3, 2],
    ['float32', 20, 17],
  ] as const)('have the bits of eager in %s, %i wide, %i hidden', (dtype, wide, hidden) => {
    const fn = expectSameBits(() => {
      const weights = weightsOf(3, wide, hidden, dtype);
      return {
        call: (x: Tensor, keys: Tensor) => {
          for (const w of weights.flat()) w.grad = null;
          const y = experts(x, keys, weights);
          y.square().mean().backward();
          return y.detach();
        },
        argumentsOf: (i) => [randn([9, wide], { dtype }), randint(0, i % 4 === 3 ? 2 : 3, [9])],
        state: () => weights.flat().map((w) => w.grad),
      };
    }, 16);
    expect(leftEager(fn)).toEqual([]);
  });

  it('do not see what rows of other groups hold, be it no number', () => {
    const w = randn([4, 3], { requiresGrad: true });
    const step = compile((x: Tensor, keys: Tensor) => {
      w.grad = null;
      const [group] = groupRows(keys, [0, 1, 2]);
      group!.linear(group!.take(x), w).sum().backward();
    });
    for (let call = 0; call < 6; call++) {
      const x = randn([4, 3]);
      const at = call % 4;
      x.select(0, at).fill_(call % 2 === 0 ? Number.NaN : Number.POSITIVE_INFINITY);
      step(x, tensor([0, 0, 0, 0].with(at, 1)));
      expect(w.grad!.isfinite().all().item()).toBe(true);
    }
    expect(step.programs).toHaveLength(1);
  });

  it('may be told by what is computed, unless something was changed by then', () => {
    const weights = weightsOf(2, 4, 4);
    const gate = randn([2, 4]);
    const count = tensor(0);
    const call = (x: Tensor): Tensor => experts(x, x.matmul(gate.t()).argmax(1), weights).detach();
    const step = compile(call, { check: false });
    for (let i = 0; i < 12; i++) {
      const x = randn([1 + (i % 2), 4]);
      expect(bitsOf(step(x))).toEqual(bitsOf(call(x)));
    }
    const late = compile((x: Tensor) => {
      count.add_(1);
      return call(x.mul(count));
    });
    const given = randn([30, 4]);
    const calls = (): void => {
      for (let i = 0; i < 4; i++) late(given);
    };
    expect(calls).toThrow(/groupRows: whether group 1 has rows decides what is done, and is known only/);
  });

  it('on two threads too', async () => {
    manualSeed(2);
    const weights = weightsOf(3, 128, 96);
    const call = (x: Tensor, keys: Tensor): Tensor[] => {
      const given = x.clone().requiresGrad_();
      const y = experts(given, keys, weights);
      return [y.detach(), ...autograd.grad(y.square().sum(), [given, ...weights.flat()])] as Tensor[];
    };
    const [x, keys] = [randn([150, 128]), randint(0, 3, [150])];
    setNumThreads(1);
    const expected = call(x, keys).map(bitsOf);
    setNumThreads(2);
    try {
      const step = compile(call);
      for (let i = 0; i < 3; i++) step(x, keys);
      expect((await untilShared(() => step(x, keys))).map(bitsOf)).toEqual(expected);
    } finally {
      setNumThreads(1);
    }
  });
});
