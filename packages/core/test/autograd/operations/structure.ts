import type * as fc from 'fast-check';
import * as K from '../../../src/index.ts';
import { along, distinct, fixed, ints, mask, nonzero, offGrid, type Sample, unary } from './sample.ts';

export const views: Record<string, fc.Arbitrary<Sample>> = {
  asStrided: fixed([[7]], (x) => x.clone().asStrided([2, 3], [1, 2], { storageOffset: 1 })),
  chunk: fixed([[2, 3]], (x) => K.chunk(x, 2, 1)),
  clone: unary((x) => K.clone(x)),
  contiguous: unary((x) => K.contiguous(x).mul(2)),
  diag: fixed([[2, 3], [2]], (x, y) => [K.diag(x), K.diag(y, 1)]),
  diagEmbed: fixed([[2, 2]], (x) => K.diagEmbed(x)),
  diagonal: fixed([[2, 3]], (x) => [K.diagonal(x), K.diagonal(x, { offset: 1 })]),
  expand: fixed([[2, 1]], (x) => K.expand(x, [2, 2, 3])),
  flatten: unary((x) => K.flatten(x)),
  movedim: fixed([[1, 2, 3]], (x) => K.movedim(x, 0, 2)),
  narrow: fixed([[2, 3]], (x) => K.narrow(x, 1, 1, 2)),
  permute: fixed([[1, 2, 3]], (x) => K.permute(x, [2, 0, 1])),
  reshape: fixed([[2, 3]], (x) => K.reshape(x, [3, -1])),
  select: along((x, dim) => K.select(x, dim, -1)),
  sliceAlong: along((x, dim) => K.sliceAlong(x, dim, { start: 0, step: 2 })),
  split: fixed([[3, 2]], (x) => K.split(x, [1, 2])),
  squeeze: fixed([[1, 2, 1]], (x) => [K.squeeze(x), K.squeeze(x, 0)]),
  t: fixed([[2, 3]], (x) => K.t(x)),
  transpose: fixed([[2, 1, 3]], (x) => K.transpose(x, 0, 2)),
  unbind: along((x, dim) => K.unbind(x, dim)),
  unflatten: fixed([[4, 2]], (x) => K.unflatten(x, 0, [2, 2])),
  unfold: fixed([[5]], (x) => K.unfold(x, 0, 3, 1)),
  unsqueeze: unary((x) => K.unsqueeze(x, -1)),
};

export const rearrangements: Record<string, fc.Arbitrary<Sample>> = {
  blockDiag: fixed(
    [
      [1, 2],
      [2, 1],
    ],
    (a, b) => K.blockDiag(a, b),
  ),
  cartesianProd: fixed([[2], [3]], (a, b) => K.cartesianProd(a, b)),
  cat: fixed(
    [
      [2, 1],
      [2, 2],
      [2, 0],
    ],
    (a, b, c) => K.cat([a, b, c, a], 1),
  ),
  columnStack: fixed([[2], [2, 2]], (a, b) => K.columnStack([a, b])),
  diagonalScatter: fixed([[2, 3], [2]], (x, y) => K.diagonalScatter(x, y)),
  dstack: fixed([[2], [2]], (a, b) => K.dstack([a, b])),
  flip: along((x, dim) => K.flip(x, [dim])),
  hstack: fixed([[2], [3]], (a, b) => K.hstack([a, b])),
  meshgrid: fixed([[2], [3]], (a, b) => K.meshgrid([a, b], { indexing: 'ij' })),
  'pad, constant': fixed([[2, 3]], (x) => [K.pad(x, [1, 2], { value: 3 }), K.pad(x, [-1, 1, 0, 1])]),
  'pad, reflect': fixed([[2, 3]], (x) => K.pad(x, [2, 1], { mode: 'reflect' })),
  'pad, replicate': fixed([[2, 3]], (x) => K.pad(x, [2, 1], { mode: 'replicate' })),
  'pad, circular': fixed([[2, 3]], (x) => K.pad(x, [2, 1], { mode: 'circular' })),
  repeat: fixed([[1, 3]], (x) => K.repeat(x, [2, 2])),
  repeatInterleave: fixed([[2, 2]], (x) => [
    K.repeatInterleave(x, 2),
    K.repeatInterleave(x, ints([2, 0]), { dim: 0 }),
  ]),
  roll: along((x, dim) => K.roll(x, 1, dim)),
  rot90: fixed([[2, 3]], (x) => K.rot90(x)),
  selectScatter: fixed([[2, 3], [2]], (x, y) => K.selectScatter(x, y, 1, 1)),
  sliceScatter: fixed(
    [
      [3, 2],
      [2, 2],
    ],
    (x, y) => K.sliceScatter(x, y, 0, { step: 2 }),
  ),
  stack: fixed([[2], [2]], (a, b) => [K.stack([a, b]), K.stack([a, b, a], 1)]),
  tile: fixed([[2]], (x) => K.tile(x, [2, 2])),
  tril: fixed([[2, 3]], (x) => K.tril(x)),
  triu: fixed([[2, 3]], (x) => K.triu(x, 1)),
  vstack: fixed([[2], [1, 2]], (a, b) => K.vstack([a, b])),
};

const rowMask = mask([
  [true, false, true],
  [false, true, false],
]);
const rowIndex = ints([
  [0, 2, 1],
  [2, 0, 0],
]);
const column = ints([1, 0, 1]);

export const indexing: Record<string, fc.Arbitrary<Sample>> = {
  gather: fixed([[2, 3]], (x) => K.gather(x, 1, rowIndex)),
  index: fixed([[2, 3]], (x) => [
    K.index(x, 1),
    K.index(x, K.slice(0, 2), -1),
    K.index(x, '...', null, K.slice(null, null, 2)),
    K.index(x, ints([1, 0, 1])),
    K.index(x, rowMask),
  ]),
  indexAdd: fixed(
    [
      [2, 2],
      [3, 2],
    ],
    (x, y) => K.indexAdd(x, 0, column, y, { alpha: 2 }),
  ),
  indexCopy: fixed(
    [
      [3, 2],
      [2, 2],
    ],
    (x, y) => K.indexCopy(x, 0, ints([2, 0]), y),
  ),
  indexFill: fixed([[3, 2]], (x) => K.indexFill(x, 0, ints([2]), 5)),
  indexPut: fixed([[2, 3], [3]], (x, y) => K.indexPut(x, [column], y, { accumulate: true })),
  indexSelect: fixed([[2, 3]], (x) => K.indexSelect(x, 0, column)),
  maskedFill: fixed([[2, 3]], (x) => K.maskedFill(x, rowMask, 3)),
  maskedScatter: fixed([[2, 3], [4]], (x, y) => K.maskedScatter(x, rowMask, y)),
  maskedSelect: fixed([[2, 3]], (x) => K.maskedSelect(x, rowMask)),
  put: fixed([[2, 2], [3]], (x, y) => K.put(x, ints([0, 3, 0]), y, { accumulate: true })),
  scatter: fixed(
    [
      [2, 3],
      [2, 1],
    ],
    (x, y) => [K.scatter(x, 1, ints([[2], [0]]), y), K.scatter(x, 1, ints([[2], [0]]), 3)],
  ),
  scatterAdd: fixed(
    [
      [2, 3],
      [2, 3],
    ],
    (x, y) => K.scatterAdd(x, 1, rowIndex, y),
  ),
  'scatterReduce, sum': fixed(
    [
      [2, 3],
      [2, 3],
    ],
    (x, y) => K.scatterReduce(x, 1, rowIndex, y, 'sum'),
  ),
  'scatterReduce, mean': fixed(
    [
      [2, 3],
      [2, 3],
    ],
    (x, y) => K.scatterReduce(x, 1, rowIndex, y, 'mean', { includeSelf: false }),
  ),
  'scatterReduce, prod': fixed(
    [
      [2, 3],
      [2, 3],
    ],
    (x, y) => K.scatterReduce(x, 1, rowIndex, y, 'prod'),
    nonzero,
  ),
  'scatterReduce, amax': fixed(
    [
      [2, 3],
      [2, 3],
    ],
    (x, y) => K.scatterReduce(x, 1, rowIndex, offGrid(y), 'amax'),
    distinct,
  ),
  sort: along((x, dim) => K.sort(x, dim, { descending: true }).values, distinct),
  topk: fixed([[2, 3]], (x) => K.topk(x, 2).values, distinct),
  kthvalue: fixed([[2, 3]], (x) => K.kthvalue(x, 2).values, distinct),
  take: fixed([[2, 3]], (x) => K.take(x, ints([5, 0, 0]))),
  takeAlongDim: fixed([[2, 3]], (x) => K.takeAlongDim(x, rowIndex, 1)),
};
