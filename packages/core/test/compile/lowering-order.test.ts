/** Orders, medians and what is picked of rows, of which a compiled function leaves nothing to eager kernels, forward and backward. */
import * as kindling from '@kindling/core';
import { type DType, randint, randn, type Tensor, tensor } from '@kindling/core';
import { describe, it } from 'vitest';
import { type Case, expectLowered, values, worldOf } from '../support/lowered.ts';

const { Infinity: inf, NaN: nan } = globalThis;

/** Equal elements, zeros of both signs, NaN and infinities. */
const special = (dtype: DType): Tensor =>
  tensor(
    [
      [1, -1, 0, -0, 1, 2, -inf, inf],
      [nan, 3, nan, -0, 0, 5, 3, 3],
      [nan, nan, nan, nan, nan, nan, nan, nan],
      [-2.5, -2.5, -2.5, 7, 7, 7, 7, 0],
    ],
    { dtype },
  );
/** Of few different values. */
const tied =
  (...shape: number[]) =>
  (dtype: DType): Tensor =>
    randn(shape, { dtype }).mul(2).round();
const integers = (dtype: DType): Tensor[] => [randint(-3, 4, [5, 9], { dtype: 'int32' }).to(dtype)];

const both = (x: Tensor, dim: number): Tensor[] =>
  [kindling.sort(x, dim), kindling.sort(x, dim, { descending: true })].flatMap(({ values, indices }) => [
    values,
    indices,
  ]);
const medians = (x: Tensor, dim: number): Tensor[] => [
  ...[kindling.median(x, dim), kindling.nanmedian(x, dim, { keepdim: true })].flatMap(
    ({ values, indices }) => [values, indices],
  ),
  kindling.median(x),
  kindling.nanmedian(x),
];

/** How many are picked: none, few that are kept in order, a tenth that a heap finds, and most. */
const picked = (x: Tensor, dim: number): Tensor[] => {
  const size = x.ndim === 0 ? 1 : x.size(dim);
  const counts = [...new Set([0, 1, 4, 33, size >> 6, size >> 1, size])].filter((k) => k <= size);
  const topk = counts.flatMap((k) =>
    [true, false].flatMap((largest) =>
      [true, false].map((sorted) => kindling.topk(x, k, { dim, largest, sorted })),
    ),
  );
  const kth = [...new Set([1, (size + 1) >> 1, size])].map((k) => kindling.kthvalue(x, k, { dim }));
  const found = [...topk, ...kth, kindling.mode(x, dim), kindling.mode(x, dim, { keepdim: true })];
  return found.flatMap(({ values, indices }) => [values, indices]);
};

const of: Readonly<Record<string, Case['of']>> = {
  'numbers of every kind': (dtype) => [special(dtype)],
  'few rows': (dtype) => [values(3, 50)(dtype)],
  'long rows': (dtype) => [values(2, 3000)(dtype)],
  'rows with many that are equal': (dtype) => [tied(3, 700)(dtype)],
  'a number': (dtype) => [values()(dtype)],
};
const cases: Readonly<Record<string, Case>> = Object.fromEntries(
  Object.entries(of).flatMap(([name, make]): [string, Case][] => [
    [`the order of ${name}`, { of: make, run: (x) => [...both(x, -1), ...both(x, 0)] }],
    [`what is picked of ${name}`, { of: make, run: (x) => [...picked(x, -1), ...picked(x, 0)] }],
    [`medians of ${name}`, { of: make, run: (x) => [...medians(x, -1), ...medians(x, 0)] }],
  ]),
);
const quantiles: Case = {
  of: (dtype) => [values(6, 9)(dtype), special(dtype).detach()],
  run: (x, y) => [
    kindling.quantile(x, 0.3, 1),
    kindling.quantile(x, 0.5),
    kindling.nanquantile(y, 0.25, 0),
    kindling.argsort(x),
    kindling.msort(x),
  ],
};

describe('orders: no equation of a program is left to eager kernels', () => {
  for (const [name, one] of Object.entries({ ...cases, quantiles }))
    it.each(['float32', 'float64'] as const)(`${name}, %s`, (dtype) => expectLowered(worldOf(one, dtype)));
  it.each(['int32', 'uint8', 'bool'] as const)('integers, %s', (dtype) => {
    const run = (x: Tensor): Tensor[] => [
      ...both(x, 1),
      ...picked(x, 0),
      ...(dtype === 'bool' ? [] : medians(x, 0)),
    ];
    expectLowered(worldOf({ of: integers, run }, dtype));
  });
});
