/** Reductions and products of integers, of which a compiled function leaves nothing to eager kernels. */
import * as kindling from '@kindling/core';
import { type DType, ones, randint, randn, type Tensor, tensor, zeros } from '@kindling/core';
import { describe, expect, it } from 'vitest';
import { expectSameBits, type World } from '../support/compiled.ts';
import { type Case, expectLowered, indices, leftEager, mask, worldOf } from '../support/lowered.ts';

const integers = (dtype: DType, ...shape: number[]): Tensor =>
  dtype === 'uint8' ? randint(0, 256, shape, { dtype }) : randint(-9999, 10_000, shape, { dtype });
const bytes =
  (...shape: number[]) =>
  (): Tensor =>
    integers('uint8', ...shape);
const given =
  (...make: (() => Tensor)[]) =>
  () =>
    make.map((one) => one());

const families: Readonly<Record<string, Readonly<Record<string, Case>>>> = {
  'reductions of integers': {
    'sums along each dim': {
      of: given(indices(1000, 6, 50, 3)),
      run: (x) => [x.sum(), x.sum(0), x.sum(1), x.sum(-1), x.sum([0, 2])],
    },
    'sums over chunks': {
      of: given(indices(2 ** 15, 3, 20_001)),
      run: (x) => [x.sum(1), x.sum(0), x.t().sum(1)],
    },
    'sums of bytes and of bools': {
      of: given(bytes(6, 50), mask(6, 50)),
      run: (x, m) => [x.sum(1), x.sum(0), m.sum(), m.t().sum(0), x.sum(1, { dtype: 'uint8' })],
    },
    'sums of what is computed': {
      of: given(indices(1000, 6, 50), mask(6, 50)),
      run: (x, m) => [x.mul(x).sum(1), x.gt(500).sum(), x.mul(-2).maskedFill(m, 0).sum(0), x.sum(1).sum()],
    },
    products: {
      of: given(indices(4, 6, 9), bytes(4, 5)),
      run: (x, y) => [x.add(1).prod(1), x.prod(0), x.prod(), y.prod(0), y.prod(0, { dtype: 'uint8' })],
    },
    'products over chunks': {
      of: () => [ones([3, 9001], { dtype: 'int32' }).neg()],
      run: (x) => [x.prod(1), x.prod(0)],
    },
    'nansum and countNonzero': {
      of: given(indices(3, 6, 50), () => randn([6, 50])),
      run: (i, x) => [kindling.nansum(i, 1), kindling.countNonzero(i, 0), kindling.countNonzero(x)],
    },
    'extremes, all and any': {
      of: given(indices(3, 6, 50), bytes(6, 50)),
      run: (i, b) => [i.amax(1), i.amin(0), b.amax(), i.all(1), b.any(0)],
    },
  },
  'matrix products of integers': {
    ...Object.fromEntries(
      (['int32', 'uint8'] as const).map((type): [string, Case] => [
        `mm, mv and dot of ${type}, and of transposed ones`,
        {
          of: () => [integers(type, 9, 20), integers(type, 20, 7), integers(type, 20)],
          run: (a, b, x) => [
            a.mm(b),
            b.t().mm(a.t()),
            a.mv(x),
            b.t().mv(x),
            x.dot(x),
            a.narrow(0, 0, 2).mm(b.narrow(1, 1, 3)),
            a.matmul(x),
          ],
        },
      ]),
    ),
    ...Object.fromEntries(
      (['int32', 'uint8'] as const).map((type): [string, Case] => [
        `addmm with factors, and bmm, of ${type}`,
        {
          of: () => [integers(type, 7), integers(type, 3, 5, 20), integers(type, 3, 20, 7)],
          run: (bias, a, b) => [
            kindling.addmm(bias, a.select(0, 0), b.select(0, 1), { alpha: 2, beta: -3 }),
            kindling.addmm(bias, a.select(0, 0), b.select(0, 1), { alpha: -1.5, beta: 0 }),
            kindling.addmm(bias, a.select(0, 0), b.select(0, 1), { alpha: 0, beta: 2.7 }),
            a.bmm(b),
            b.transpose(1, 2).bmm(a.transpose(1, 2)),
            a.matmul(b.select(0, 0)),
          ],
        },
      ]),
    ),
    'those of no steps, and of no elements': {
      of: () => [integers('int32', 4, 0), integers('int32', 0, 3), integers('int32', 3)],
      run: (a, b, c) => [
        a.mm(b),
        b.mm(zeros([3, 0], { dtype: 'int32' })),
        kindling.addmm(c, a, b, { beta: 5 }),
      ],
    },
    'sums that float64 numbers cannot hold, of results that fit int32': {
      of: () => [
        tensor(
          [
            [2 ** 30, 5, -(2 ** 30)],
            [-(2 ** 31), -(2 ** 31), 1],
            [1, 2, 3],
          ],
          { dtype: 'int32' },
        ),
        tensor(
          [
            [2 ** 30 + 1, 2 ** 31 - 1],
            [7, -(2 ** 31) + 1],
            [2 ** 30 + 1, 9],
          ],
          { dtype: 'int32' },
        ),
        tensor([-3, 8], { dtype: 'int32' }),
      ],
      run: (a, b, c) => [
        a.narrow(0, 0, 1).mm(b.narrow(1, 0, 1)),
        a.narrow(0, 1, 1).mm(b.narrow(1, 1, 1)),
        kindling.addmm(c, a.narrow(0, 1, 1), b.narrow(1, 1, 1).expand(3, 2), { alpha: -3, beta: 2 ** 20 }),
        a
          .narrow(0, 0, 1)
          .expand(4, 3)
          .unsqueeze(0)
          .bmm(b.narrow(1, 0, 1).expand(3, 3).unsqueeze(0)),
      ],
    },
  },
};

for (const [family, cases] of Object.entries(families)) {
  describe(`${family}: no equation of a program is left to eager kernels`, () => {
    for (const [name, one] of Object.entries(cases)) it(name, () => expectLowered(worldOf(one, 'float32')));
  });
}

/** That one program serves all calls, which does not fail for the data of one of them. */
function expectOneProgram(make: () => World): void {
  const fn = expectSameBits(make, 6);
  expect(leftEager(fn)).toEqual([]);
  expect((fn as unknown as { machines: unknown[] }).machines).toHaveLength(1);
}

describe('a program that finds an integer beyond int32', () => {
  const int32 = (...values: number[]): Tensor => tensor(values, { dtype: 'int32' });
  const good = int32(1, 2, 3, -4);
  const bad = int32(2 ** 30, -5, 2 ** 30, 7);
  const square = (i: Tensor): Tensor => i.reshape([2, 2]);
  const calls: Readonly<Record<string, (i: Tensor) => Tensor>> = {
    sum: (i) => i.abs().sum(),
    'sum of rows': (i) => i.abs().reshape([1, 4]).expand(30, 4).sum(1),
    prod: (i) => i.prod(),
    'prod of columns': (i) => i.reshape([4, 1]).expand(4, 40).prod(0),
    nansum: (i) => kindling.nansum(i.mul(i.sign())),
    dot: (i) => i.dot(i),
    mv: (i) => square(i).mv(i.narrow(0, 0, 2)),
    matmul: (i) => square(i).matmul(square(i)),
    'a large matmul': (i) =>
      i
        .reshape([4, 1])
        .expand(4, 50)
        .matmul(i.reshape([1, 4]).expand(50, 4)),
    addmm: (i) => kindling.addmm(square(i), square(good), square(good), { beta: 3 }),
    bmm: (i) => square(i).unsqueeze(0).bmm(square(i).unsqueeze(0)),
    cumsum: (i) => i.abs().cumsum(0),
  };
  for (const [name, call] of Object.entries(calls)) {
    it(`gives the error of eager, and goes on: ${name}`, () => {
      const make = (): World => ({
        call: (i: Tensor) => call(i),
        argumentsOf: (n) => [(n === 3 ? bad : good).clone()],
      });
      expectOneProgram(make);
    });

    it(`does so of what it computed itself, behind changes of state: ${name}`, () => {
      const make = (): World => {
        const state = zeros([4], { dtype: 'int32' });
        return {
          call: (i: Tensor) => {
            state.add_(1);
            const result = call(i.add(state).sub(state));
            return result;
          },
          // What a refused call has changed by then stays in eager only.
          argumentsOf: (n) => [(n === 3 ? bad : good).clone()],
        };
      };
      expectOneProgram(make);
    });
  }

  it('scales exactly by factors that 64 bits do not hold, call by call', () => {
    const [alpha, beta] = [2 ** 51 + 1, -(2 ** 51) - 1];
    const make = (): World => ({
      // The product is the same as what is taken away, or one more, which is beyond int32.
      call: (i: Tensor) => {
        const [row, column] = [i.reshape([1, 4]), int32(1, 2 ** 15, -3, 2 ** 16).reshape([4, 1])];
        const same = row.mul(column.t()).sum(1, { keepdim: true }).to('int32');
        return kindling.addmm(same.add(i.select(0, 0).gt(2)), row, column, { alpha, beta });
      },
      argumentsOf: (n) => [n === 3 ? int32(3, 2, 1, 0) : int32(1, n, -2, 2 ** 14)],
    });
    expectOneProgram(make);
  });

  it('leaves products by factors beyond 2^53 to the eager kernel', () => {
    const zero = square(zeros([4], { dtype: 'int32' }));
    const call = (i: Tensor): Tensor => kindling.addmm(i, i, zero, { alpha: 2 ** 60 });
    expect(leftEager(expectSameBits(() => ({ call, argumentsOf: () => [square(good.clone())] })))).toEqual([
      'its factors are beyond 2^53',
    ]);
  });

  it('multiplies exactly what float64 numbers do not, call by call', () => {
    const make = (): World => ({
      call: (i: Tensor) => i.reshape([1, 4]).mm(int32(2 ** 30 + 1, 1, -(2 ** 30) - 1, 1).reshape([4, 1])),
      argumentsOf: (n) => [n % 2 === 1 ? bad.clone() : good.mul(0)],
    });
    expectOneProgram(make);
  });
});
