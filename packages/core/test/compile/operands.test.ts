/** How programs read and write what lies in any way: the bits of eager. */
import { addmm, compile, noGrad, randint, randn, type Tensor } from '@kindling/core';
import { describe, expect, it, test } from 'vitest';
import { bitsOf, change, expectSameBits } from '../support/compiled.ts';

/** Calls of a function of tensors that are others in each call, and that it may change. */
const expectSame = (make: () => Tensor[], call: (...x: Tensor[]) => Tensor | void): void => {
  expectSameBits(() => {
    const given = make();
    return {
      call: () => call(...given),
      argumentsOf: () => {
        change(given);
        return [];
      },
      state: () => given,
    };
  });
};

describe('operands are broadcast', () => {
  const shapes = [[2, 3], [2, 1], [1, 3], [1, 1], [3], []];
  for (const a of shapes)
    for (const b of shapes)
      test(`[${a}] and [${b}], beside a third of three dimensions`, () => {
        expectSame(
          () => [randn(a), randn(b), randn([2, 2, 3])],
          (x, y, z) => x.mul(y).add(z).sub(x.exp().mul(2)),
        );
      });
});

describe('what is written overlaps what is read', () => {
  it('a part of a tensor becomes what another part of it gives, beside operands that lie elsewhere', () => {
    expectSame(
      () => [randn([9]), randn([6])],
      (x, y) =>
        noGrad(() => {
          x.narrow(0, 2, 6).copy_(y.add(x.narrow(0, 0, 6)));
          x.narrow(0, 0, 6).copy_(x.narrow(0, 3, 6).mul(y).add(y));
        }),
    );
  });

  it('rows become columns of the same matrix', () => {
    expectSame(
      () => [randn([4, 4]), randn([4, 4])],
      (x, y) => noGrad(() => void x.copy_(x.t().add(y))),
    );
  });
});

test('a product is added to what the program has made just before, which nothing else reads', () => {
  for (const n of [3, 70])
    expectSame(
      () => [randn([n, n]), randn([n, n]), randn([n])],
      (a, b, c) => addmm(c.exp().add(1), a.tanh(), b.sigmoid()).relu(),
    );
});

test('what does not fit the memory of single calls is moved all the same', () => {
  const n = 1_500_000;
  const [x, index] = [randn([n]), randint(0, n, [n])];
  const picked = x.gather(0, index);
  const [data, positions, found] = [x.data, index.data, picked.data];
  expect(found.every((value, i) => value === data[positions[i] as number])).toBe(true);
  const compiled = compile(() => x.gather(0, index));
  for (let i = 0; i < 2; i++) compiled();
  expect(bitsOf(compiled().narrow(0, n - 1000, 1000))).toEqual(bitsOf(picked.narrow(0, n - 1000, 1000)));
});
