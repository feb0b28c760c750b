import { pad } from '../ops/arranging/pad.ts';
import * as G from '../ops/arranging/rearrange.ts';
import { tril, trilInPlace, triu, triuInPlace } from '../ops/arranging/triangle.ts';
import { gather, takeAlongDim } from '../ops/indexing/gather.ts';
import * as L from '../ops/indexing/index-along.ts';
import { assign, index, indexPut, indexPutInPlace } from '../ops/indexing/index-items.ts';
import * as K from '../ops/indexing/masked.ts';
import { argwhere, nonzero } from '../ops/indexing/nonzero.ts';
import * as S from '../ops/indexing/scatter.ts';
import { bincount } from '../ops/order/counting.ts';
import { argsort, kthvalue, msort, sort, topk } from '../ops/order/sorting.ts';
import { unique, uniqueConsecutive } from '../ops/order/unique.ts';
import * as P from '../ops/products/matmul.ts';
import * as Q from '../ops/views/parts.ts';
import { asStrided } from '../ops/views/region.ts';
import * as W from '../ops/views/shape.ts';

const matrices = {
  matmul: P.matmul,
  mm: P.mm,
  bmm: P.bmm,
  mv: P.mv,
  dot: P.dot,
  vdot: P.vdot,
  outer: P.outer,
  inner: P.inner,
  addmm: P.addmm,
  addmv: P.addmv,
  baddbmm: P.baddbmm,
  addbmm: P.addbmm,
};

const views = {
  reshape: W.reshape,
  view: W.view,
  viewAs: W.viewAs,
  reshapeAs: W.reshapeAs,
  flatten: W.flatten,
  ravel: W.ravel,
  unflatten: W.unflatten,
  squeeze: W.squeeze,
  unsqueeze: W.unsqueeze,
  expand: W.expand,
  expandAs: W.expandAs,
  broadcastTo: W.broadcastTo,
  transpose: W.transpose,
  swapaxes: W.swapaxes,
  swapdims: W.swapdims,
  t: W.t,
  adjoint: W.adjoint,
  permute: W.permute,
  movedim: W.movedim,
  moveaxis: W.moveaxis,
  unbind: Q.unbind,
  split: Q.split,
  splitWithSizes: Q.splitWithSizes,
  chunk: Q.chunk,
  tensorSplit: Q.tensorSplit,
  hsplit: Q.hsplit,
  vsplit: Q.vsplit,
  dsplit: Q.dsplit,
  narrow: Q.narrow,
  select: Q.select,
  sliceAlong: Q.sliceAlong,
  diagonal: Q.diagonal,
  diagEmbed: Q.diagEmbed,
  diag: Q.diag,
  unfold: Q.unfold,
  selectScatter: Q.selectScatter,
  sliceScatter: Q.sliceScatter,
  diagonalScatter: Q.diagonalScatter,
  asStrided,
};

const rearrangements = {
  flip: G.flip,
  fliplr: G.fliplr,
  flipud: G.flipud,
  roll: G.roll,
  rot90: G.rot90,
  repeat: G.repeat,
  tile: G.tile,
  repeatInterleave: G.repeatInterleave,
  pad,
  tril,
  triu,
  tril_: trilInPlace,
  triu_: triuInPlace,
  sort,
  argsort,
  msort,
  topk,
  kthvalue,
  unique,
  uniqueConsecutive,
  bincount,
};

const indexing = {
  index,
  indexPut,
  indexPut_: indexPutInPlace,
  set: assign,
  gather,
  takeAlongDim,
  scatter: S.scatter,
  scatter_: S.scatterInPlace,
  scatterAdd: S.scatterAdd,
  scatterAdd_: S.scatterAddInPlace,
  scatterReduce: S.scatterReduce,
  scatterReduce_: S.scatterReduceInPlace,
  indexSelect: L.indexSelect,
  indexAdd: L.indexAdd,
  indexAdd_: L.indexAddInPlace,
  indexCopy: L.indexCopy,
  indexCopy_: L.indexCopyInPlace,
  indexFill: L.indexFill,
  indexFill_: L.indexFillInPlace,
  maskedFill: K.maskedFill,
  maskedFill_: K.maskedFillInPlace,
  maskedSelect: K.maskedSelect,
  maskedScatter: K.maskedScatter,
  maskedScatter_: K.maskedScatterInPlace,
  take: K.take,
  put: K.put,
  put_: K.putInPlace,
  nonzero,
  argwhere,
};

/** Products of matrices, views, rearrangements and indexing as methods. */
export const structure = { ...matrices, ...views, ...rearrangements, ...indexing };

/** Functions of any number of arguments. */
export const variadic: ReadonlySet<unknown> = new Set<unknown>([
  W.reshape,
  W.view,
  W.expand,
  W.permute,
  G.flip,
  G.repeat,
  G.tile,
  index,
]);
