/** Eager calls on several threads: the bits of one thread, whatever the shapes. */
import { createHash } from 'node:crypto';
import {
  addmm,
  bmm,
  exp,
  getNumThreads,
  logSoftmax,
  matmul,
  pow,
  randn,
  setNumThreads,
  softmax,
  type Tensor,
} from '@kindling/core';
import { afterAll, afterEach, expect, test } from 'vitest';
import { team, worth } from '../src/kernels/threads/index.ts';

const byDefault = getNumThreads();
const { ofCopying } = worth;
worth.ofTeam = 0;
afterAll(() => setNumThreads(byDefault));
afterEach(() => {
  worth.ofCopying = ofCopying;
});

/** What tells two tensors with other bits apart, and is short. */
const bits = (x: Tensor): string => {
  const { data } = x.detach().clone();
  return createHash('sha1')
    .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    .digest('hex');
};

/** What a function gives is the same on 1, 2 and 3 threads; workers take parts where it `isShared`. */
async function expectSameOnThreads(f: () => Tensor, isShared = true): Promise<void> {
  setNumThreads(1);
  const expected = bits(f());
  for (const threads of [2, 3]) {
    setNumThreads(threads);
    const before = team.taken();
    const end = performance.now() + 20_000;
    do {
      if (performance.now() > end) throw new Error('no worker took part');
      expect(bits(f()), `${threads} threads`).toBe(expected);
      await new Promise((resolve) => setTimeout(resolve, 1));
    } while (isShared && team.taken() === before);
  }
}

for (const dtype of ['float32', 'float64'] as const) {
  test(`products in ${dtype}, in every layout, with odd numbers of rows`, async () => {
    const [m, n, k] = [301, 433, 517];
    const a = randn([m, k], { dtype });
    const b = randn([k, n], { dtype });
    const at = randn([k, m], { dtype });
    const bt = randn([n, k], { dtype });
    await expectSameOnThreads(() => matmul(a, b));
    await expectSameOnThreads(() => matmul(a, bt.t()));
    await expectSameOnThreads(() => matmul(at.t(), b));
    await expectSameOnThreads(() => matmul(at.t(), bt.t()));
  });

  test(`products in ${dtype} that are added to something, and longer than a block`, async () => {
    const a = randn([67, 2100], { dtype });
    const b = randn([2100, 1201], { dtype });
    const row = randn([1201], { dtype });
    worth.ofCopying = 0;
    await expectSameOnThreads(() => addmm(row, a, b, { alpha: 0.5, beta: 2 }));
  });

  test(`stacks of products in ${dtype}`, async () => {
    const a = randn([5, 253, 301], { dtype });
    const b = randn([5, 301, 299], { dtype });
    await expectSameOnThreads(() => bmm(a, b));
    await expectSameOnThreads(() => bmm(a.transpose(1, 2).contiguous().transpose(1, 2), b));
  });
}

test('gradients of products', async () => {
  const x = randn([517, 401]);
  const w = randn([433, 401]).requiresGrad_();
  const g = randn([517, 433]);
  await expectSameOnThreads(() => {
    w.grad = null;
    matmul(x, w.t()).backward({ gradient: g });
    return w.grad!;
  });
});

test('elementwise operations, on elements, rows and columns', async () => {
  worth.ofCopying = 0;
  for (const [rows, columns] of [
    [1, 100_003],
    [301, 404],
    [300, 401],
    [5, 40_000],
  ] as const) {
    const x = randn([rows, columns], { dtype: 'float64' });
    const row = randn([columns], { dtype: 'float64' });
    const column = randn([rows, 1], { dtype: 'float64' });
    await expectSameOnThreads(() => pow(x.abs(), 2.5));
    // Rows that end within a vector are not cut.
    for (const exponent of [row, column])
      await expectSameOnThreads(() => pow(x.abs(), exponent), columns === 404);
    await expectSameOnThreads(() => exp(x.t()));
    await expectSameOnThreads(() => x.float().tanh());
    await expectSameOnThreads(() => x.float().clone().tanh_().where(x.gt(0), row));
  }
});

test.each(['float32', 'float64'] as const)('rows of softmax in %s, forth and back', async (dtype) => {
  if (dtype === 'float32') worth.ofCopying = 0;
  for (const shape of [
    [301, 333],
    [7, 20_001],
    [3001, 90],
  ]) {
    const x = randn(shape, { dtype }).requiresGrad_();
    const g = randn(shape, { dtype });
    for (const f of [softmax, logSoftmax]) {
      await expectSameOnThreads(() => f(x, 1));
      await expectSameOnThreads(() => {
        x.grad = null;
        f(x, 0).backward({ gradient: g });
        return x.grad!;
      });
    }
  }
});

test('no worker takes part in what is not worth it', () => {
  setNumThreads(2);
  const [x, y] = [randn([64, 784]), randn([784, 128])];
  const before = team.taken();
  for (let i = 0; i < 100; i++) matmul(x, y).exp().add(1);
  expect(team.taken()).toBe(before);
});
