import type * as fc from 'fast-check';
import * as K from '../../../src/index.ts';
import { fixed, ints, nonzero, reduction, type Sample } from './sample.ts';

export const matrices: Record<string, fc.Arbitrary<Sample>> = {
  addbmm: fixed(
    [
      [2, 3],
      [2, 2, 2],
      [2, 2, 3],
    ],
    (x, a, b) => K.addbmm(x, a, b, { beta: 0.5, alpha: 2 }),
  ),
  addmm: fixed([[3], [2, 2], [2, 3]], (x, a, b) => K.addmm(x, a, b, { beta: 0.5, alpha: 2 })),
  addmv: fixed([[2], [2, 3], [3]], (x, a, v) => K.addmv(x, a, v, { beta: 0.5, alpha: 2 })),
  baddbmm: fixed(
    [
      [2, 1, 3],
      [2, 2, 2],
      [2, 2, 3],
    ],
    (x, a, b) => K.baddbmm(x, a, b, { beta: 0.5, alpha: 2 }),
  ),
  bmm: fixed(
    [
      [2, 2, 2],
      [2, 2, 1],
    ],
    (a, b) => K.bmm(a, b),
  ),
  dot: fixed([[3], [3]], (a, b) => K.dot(a, b)),
  inner: fixed(
    [
      [2, 2],
      [3, 2],
    ],
    (a, b) => K.inner(a, b),
  ),
  linear: fixed([[2, 3], [2, 3], [2]], (x, w, b) => K.linear(x, w, b)),
  'matmul 1x1': fixed([[3], [3]], (a, b) => K.matmul(a, b)),
  'matmul 1x2': fixed([[2], [2, 3]], (a, b) => K.matmul(a, b)),
  'matmul 2x1': fixed([[2, 3], [3]], (a, b) => K.matmul(a, b)),
  'matmul 2x2': fixed(
    [
      [2, 3],
      [3, 2],
    ],
    (a, b) => K.matmul(a, b),
  ),
  'matmul 3x1': fixed([[2, 2, 2], [2]], (a, b) => K.matmul(a, b)),
  'matmul 3x2': fixed(
    [
      [2, 1, 2],
      [2, 3],
    ],
    (a, b) => K.matmul(a, b),
  ),
  'matmul 2x3': fixed(
    [
      [1, 2],
      [2, 2, 2],
    ],
    (a, b) => K.matmul(a, b),
  ),
  'matmul, batches broadcast': fixed(
    [
      [2, 1, 1, 2],
      [2, 2, 1],
    ],
    (a, b) => K.matmul(a, b),
  ),
  mm: fixed(
    [
      [2, 3],
      [3, 2],
    ],
    (a, b) => K.mm(a, b),
  ),
  mv: fixed([[2, 3], [3]], (a, b) => K.mv(a, b)),
  outer: fixed([[2], [3]], (a, b) => K.outer(a, b)),
};

const classes = { dim: 1, ignoreIndex: -100, labelSmoothing: 0, caller: 'crossEntropy' };
const chosen = ints([2, 0, -100]);
const weights = K.tensor([0.5, 1, 2], { dtype: 'float64' });
const shares = K.tensor(
  [
    [0.5, 0.25, 0.25],
    [0, 1, 0],
    [0.1, 0.2, 0.3],
  ],
  { dtype: 'float64' },
);

export const compositions: Record<string, fc.Arbitrary<Sample>> = {
  cdist: fixed(
    [
      [2, 2],
      [3, 2],
    ],
    (a, b) => K.cdist(a, b.add(5)),
  ),
  'cdist, p = 3': fixed(
    [
      [2, 2],
      [2, 2],
    ],
    (a, b) => K.cdist(a, b.add(7), { p: 3 }),
  ),
  cosineSimilarity: fixed(
    [
      [2, 2],
      [2, 2],
    ],
    (a, b) => K.cosineSimilarity(a, b),
    nonzero,
  ),
  cross: fixed(
    [
      [2, 3],
      [2, 3],
    ],
    (a, b) => K.cross(a, b),
  ),
  dist: fixed([[3], [3]], (a, b) => K.dist(a, b.add(7))),
  einsum: fixed([[2, 3], [3, 2], [2]], (a, b, c) => [
    K.einsum('ij,jk,k->i', a, b, c),
    K.einsum('ij,ji', a, b),
  ]),
  'linalg.norm': fixed([[2, 3]], (x) => [K.linalg.norm(x), K.linalg.norm(x, 1), K.linalg.norm(x, 3, 1)], {
    ...nonzero,
    distinct: true,
  }),
  norm: reduction((x, dims, options) => K.norm(x, 2, dims, options), nonzero),
  pairwiseDistance: fixed(
    [
      [2, 2],
      [2, 2],
    ],
    (a, b) => K.pairwiseDistance(a, b.add(7)),
  ),
  tensordot: fixed(
    [
      [2, 3],
      [3, 2],
    ],
    (a, b) => K.tensordot(a, b, { dims: 1 }),
  ),
  trace: fixed([[2, 3]], (x) => K.trace(x)),

  'cross-entropy, mean': fixed([[3, 3]], (x) =>
    K.fusedCrossEntropy(x, chosen, null, { ...classes, reduction: 'mean' }),
  ),
  'cross-entropy, weights': fixed([[3, 3]], (x) =>
    K.fusedCrossEntropy(x, chosen, weights, { ...classes, labelSmoothing: 0.2, reduction: 'none' }),
  ),
  'cross-entropy, distributions': fixed([[3, 3]], (x) =>
    K.fusedCrossEntropy(x, shares, null, { ...classes, reduction: 'sum' }),
  ),
};
