import { compile, type DType, randint, type Tensor } from '@kindling/core';
import fc from 'fast-check';
import { expect, it } from 'vitest';

const dtypes = ['float32', 'int32', 'float64', 'uint8'] as const satisfies readonly DType[];

it('A copy that makes columns of rows has every element in its place, and touches no other', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 11 }), { minLength: 2, maxLength: 4 }),
      fc.integer({ min: 0, max: 23 }),
      fc.constantFrom(...dtypes),
      (shape, order, dtype) => {
        const turn = (x: Tensor): Tensor[] => {
          const dims = shape.map((_, d) => d);
          const permuted: number[] = [];
          for (let left = order; dims.length > 0; left = Math.floor(left / 5))
            permuted.push(...dims.splice(left % dims.length, 1));
          const y = x.permute(permuted);
          return [y.contiguous(), y.narrow(0, 0, Math.ceil((y.shape[0] ?? 1) / 2)).contiguous(), x.add(0)];
        };
        const compiled = compile(turn, { check: false });
        for (let call = 0; call < 3; call++) {
          const x = randint(0, 200, shape, { dtype });
          const expected = turn(x);
          for (const [i, y] of compiled(x).entries()) expect([...y.data]).toEqual([...expected[i]!.data]);
        }
      },
    ),
    { numRuns: 60 },
  );
});
