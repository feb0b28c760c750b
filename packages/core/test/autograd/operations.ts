import * as fc from 'fast-check';
import type { Tensor } from '../../src/index.ts';
import * as K from '../../src/index.ts';
import { broadcastableShapes, shapes, type TensorOptions, tensorsWith } from '../../src/testing/index.ts';

type Result = Tensor | readonly Tensor[];

/** Drawn inputs, all float64 and requiring a gradient, and what to do with them (with drawn dims and the like). */
export interface Sample {
  readonly inputs: Tensor[];
  run(...inputs: Tensor[]): Result;
}

/** The values that an operation's gradient is checked at. */
type Values = Pick<TensorOptions, 'min' | 'max' | 'avoid' | 'distinct'>;

const usual: Values = { min: -3, max: 3 };
const positive: Values = { min: 0.25, max: 3 };
const nonzero: Values = { ...usual, avoid: [0] };
const distinct: Values = { ...usual, distinct: true };
const inside: Values = { min: -0.9, max: 0.9 };
const halves: Values = { ...usual, avoid: [-3, -2.5, -2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2, 2.5, 3] };
const small = { maxRank: 3, maxSize: 3, maxElements: 6 };

const drawn = (shape: readonly number[], values: Values): fc.Arbitrary<Tensor> =>
  tensorsWith(shape, { ...values, requiresGrad: true });

/** An operation of one tensor of any shape. */
const unary = (run: (x: Tensor) => Result, values: Values = usual, minRank = 0): fc.Arbitrary<Sample> =>
  shapes({ ...small, minRank })
    .chain((shape) => drawn(shape, values))
    .map((x) => ({ inputs: [x], run }));

/** An operation of tensors that broadcast together. */
const broadcast = (run: (...x: Tensor[]) => Result, ...values: Values[]): fc.Arbitrary<Sample> =>
  broadcastableShapes(values.length, small)
    .chain((list) => fc.tuple(...list.map((shape, i) => drawn(shape, values[i]!))))
    .map((inputs) => ({ inputs, run }));

const binary = (
  run: (a: Tensor, b: Tensor) => Result,
  a: Values = usual,
  b: Values = a,
): fc.Arbitrary<Sample> => broadcast((x, y) => run(x!, y!), a, b);

/** An operation of tensors of fixed shapes. */
const fixed = (
  list: readonly (readonly number[])[],
  run: (...x: [Tensor, Tensor, Tensor, Tensor]) => Result,
  values: Values = usual,
): fc.Arbitrary<Sample> =>
  fc
    .tuple(...list.map((shape) => drawn(shape, values)))
    .map((inputs) => ({ inputs, run: run as Sample['run'] }));

/** An operation along one dimension of a tensor that has some. */
const along = (
  run: (x: Tensor, dim: number, keepdim: boolean) => Result,
  values: Values = usual,
): fc.Arbitrary<Sample> =>
  fc
    .tuple(shapes({ ...small, minRank: 1 }), fc.nat(), fc.boolean(), fc.boolean())
    .chain(([shape, k, negative, keepdim]) => {
      const dim = (k % shape.length) - (negative ? shape.length : 0);
      return drawn(shape, values).map((x) => ({ inputs: [x], run: (y: Tensor) => run(y, dim, keepdim) }));
    });

/** A reduction over all, one or several dimensions. */
const reduction = (
  run: (x: Tensor, dims: number[] | undefined, options: { keepdim: boolean }) => Result,
  values: Values = usual,
): fc.Arbitrary<Sample> =>
  fc
    .tuple(shapes(small), fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }), fc.boolean())
    .chain(([shape, chosen, keepdim]) => {
      const dims = shape.map((_, d) => d).filter((d) => chosen[d]);
      const wanted = dims.length === 0 ? undefined : dims;
      return drawn(shape, values).map((x) => ({
        inputs: [x],
        run: (y: Tensor) => run(y, wanted, { keepdim }),
      }));
    });

const ints = (data: K.NestedArray): Tensor => K.tensor(data, { dtype: 'int32' });
const mask = (data: K.NestedArray): Tensor => K.tensor(data, { dtype: 'bool' });
/** Off the grid of drawn values, so that nothing is compared with its equal. */
const offGrid = (x: Tensor): Tensor => x.add(1 / 128);

const elementwise: Record<string, fc.Arbitrary<Sample>> = {
  abs: unary(K.abs, nonzero),
  acos: unary(K.acos, inside),
  acosh: unary(K.acosh, { min: 1.25, max: 4 }),
  asin: unary(K.asin, inside),
  asinh: unary(K.asinh),
  atan: unary(K.atan),
  atanh: unary(K.atanh, inside),
  ceil: unary(K.ceil, halves),
  cos: unary(K.cos),
  cosh: unary(K.cosh),
  digamma: unary(K.digamma, positive),
  'digamma, negative': unary(K.digamma, { min: -0.8, max: -0.2 }),
  erf: unary(K.erf),
  erfc: unary(K.erfc),
  erfinv: unary(K.erfinv, inside),
  exp: unary(K.exp),
  exp2: unary(K.exp2),
  expm1: unary(K.expm1),
  floor: unary(K.floor, halves),
  frac: unary(K.frac, halves),
  lgamma: unary(K.lgamma, positive),
  log: unary(K.log, positive),
  log10: unary(K.log10, positive),
  log1p: unary(K.log1p, { min: -0.75, max: 3 }),
  log2: unary(K.log2, positive),
  logit: unary(K.logit, { min: 0.1, max: 0.9 }),
  nanToNum: unary((x) => K.nanToNum(x)),
  neg: unary(K.neg),
  reciprocal: unary(K.reciprocal, nonzero),
  relu: unary(K.relu, nonzero),
  round: unary((x) => K.round(x), halves),
  rsqrt: unary(K.rsqrt, positive),
  sigmoid: unary(K.sigmoid),
  sign: unary(K.sign, nonzero),
  sin: unary(K.sin),
  sinh: unary(K.sinh),
  sqrt: unary(K.sqrt, positive),
  square: unary(K.square),
  tan: unary(K.tan, { min: -1.2, max: 1.2 }),
  tanh: unary(K.tanh),
  trunc: unary(K.trunc, halves),

  add: binary((a, b) => K.add(a, b)),
  'add, alpha': binary((a, b) => K.add(a, b, { alpha: -1.5 })),
  'add, number': unary((x) => K.add(x, 2)),
  addcdiv: broadcast((x, a, b) => K.addcdiv(x!, a!, b!, { value: 0.5 }), usual, usual, nonzero),
  addcmul: broadcast((x, a, b) => K.addcmul(x!, a!, b!, { value: 0.5 }), usual, usual, usual),
  atan2: binary(K.atan2, nonzero),
  clamp: unary((x) => K.clamp(x, { min: -1.003, max: 1.003 })),
  'clamp, tensors': broadcast(
    (x, a, b) => K.clamp(offGrid(x!), { min: a!, max: b! }),
    usual,
    { min: -2, max: -1 },
    { min: 1, max: 2 },
  ),
  'clamp, one bound': unary((x) => [K.clamp(x, { min: 0.003 }), K.clampMax(x, 0.003)]),
  copysign: binary(K.copysign, nonzero),
  div: binary((a, b) => K.div(a, b), usual, nonzero),
  'div, numbers': unary((x) => [K.div(x, 3), K.div(3, x)], nonzero),
  'div, rounded': binary(
    (a, b) => [K.div(a, b, { roundingMode: 'floor' }), K.div(a, b, { roundingMode: 'trunc' })],
    { min: 4.1, max: 4.4 },
    { min: 1.6, max: 1.9 },
  ),
  fmax: binary((a, b) => K.fmax(a, offGrid(b))),
  fmin: binary((a, b) => K.fmin(a, offGrid(b))),
  fmod: binary(K.fmod, { min: 4.1, max: 4.4 }, { min: 1.6, max: 1.9 }),
  hypot: binary(K.hypot, nonzero),
  lerp: broadcast((a, b, w) => K.lerp(a!, b!, w!), usual, usual, { min: 0, max: 1 }),
  'lerp, number': binary((a, b) => K.lerp(a, b, 0.75)),
  logaddexp: binary(K.logaddexp),
  logaddexp2: binary(K.logaddexp2),
  maximum: binary((a, b) => K.maximum(a, offGrid(b))),
  minimum: binary((a, b) => K.minimum(a, offGrid(b))),
  mul: binary(K.mul),
  'mul, number': unary((x) => K.mul(3, x)),
  pow: binary((a, b) => K.pow(a, b), positive, usual),
  'pow, number base': unary((x) => K.pow(2, x)),
  'pow, number exponent': unary((x) => [-1, 0, 0.5, 1, 2, 2.5, 3].map((n) => K.pow(x, n)), positive),
  remainder: binary(K.remainder, { min: -4.4, max: -4.1 }, { min: 1.6, max: 1.9 }),
  rsub: binary((a, b) => K.rsub(a, b, { alpha: 2 })),
  sub: binary((a, b) => K.sub(a, b)),
  to: unary((x) => K.to(x, 'float64').mul(2)),
  where: binary((a, b) => K.where(K.gt(a.detach(), 0.003), a, b)),
  xlogy: binary(K.xlogy, positive),
};

const reductions: Record<string, fc.Arbitrary<Sample>> = {
  amax: reduction((x, dims, options) => K.amax(x, dims, options), distinct),
  amin: reduction((x, dims, options) => K.amin(x, dims, options), distinct),
  aminmax: along((x, dim, keepdim) => Object.values(K.aminmax(x, { dim, keepdim })), distinct),
  cummax: along((x, dim) => K.cummax(x, dim).values, distinct),
  cummin: along((x, dim) => K.cummin(x, dim).values, distinct),
  cumprod: along((x, dim) => K.cumprod(x, dim)),
  cumsum: along((x, dim) => K.cumsum(x, dim)),
  diff: fixed([[3, 4]], (x) => [K.diff(x), K.diff(x, { n: 2, dim: 0 })]),
  logSoftmax: along((x, dim) => K.logSoftmax(x, dim)),
  logcumsumexp: along((x, dim) => K.logcumsumexp(x, dim)),
  logsumexp: reduction((x, dims, options) => K.logsumexp(x, dims ?? [], options)),
  max: unary((x) => K.max(x), distinct),
  'max, dim': along((x, dim, keepdim) => K.max(x, dim, { keepdim }).values, distinct),
  mean: reduction((x, dims, options) => K.mean(x, dims, options)),
  median: unary((x) => K.median(x), distinct),
  'median, dim': along((x, dim, keepdim) => K.median(x, dim, { keepdim }).values, distinct),
  min: unary((x) => K.min(x), distinct),
  'min, dim': along((x, dim, keepdim) => K.min(x, dim, { keepdim }).values, distinct),
  mode: along((x, dim, keepdim) => K.mode(x, dim, { keepdim }).values, distinct),
  nanmean: reduction((x, dims, options) => K.nanmean(x, dims, options)),
  nanmedian: along((x, dim, keepdim) => K.nanmedian(x, dim, { keepdim }).values, distinct),
  nansum: reduction((x, dims, options) => K.nansum(x, dims, options)),
  prod: along((x, dim, keepdim) => K.prod(x, dim, { keepdim })),
  'prod, all': unary((x) => K.prod(x)),
  // Products of small integers, zero often among them.
  'prod and cumprod, zeros': along((x, dim) => [K.prod(x.mul(64), dim), K.cumprod(x.mul(64), dim)], {
    min: -2 / 64,
    max: 2 / 64,
  }),
  quantile: along((x, dim, keepdim) => K.quantile(x, 0.3, dim, { keepdim }), distinct),
  nanquantile: along((x, dim, keepdim) => K.nanquantile(x, 0.3, dim, { keepdim }), distinct),
  softmax: along((x, dim) => K.softmax(x, dim)),
  softmin: along((x, dim) => K.softmin(x, dim)),
  std: fixed([[3, 2]], (x) => [K.std(x), K.std(x, 0, { correction: 0 })], distinct),
  stdMean: fixed([[3, 2]], (x) => K.stdMean(x, 0), distinct),
  sum: reduction((x, dims, options) => K.sum(x, dims, options)),
  variance: fixed([[3, 2]], (x) => [K.variance(x), K.variance(x, 0, { correction: 0, keepdim: true })]),
  varMean: fixed([[3, 2]], (x) => K.varMean(x, 0)),
};

const matrices: Record<string, fc.Arbitrary<Sample>> = {
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

const views: Record<string, fc.Arbitrary<Sample>> = {
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

const rearrangements: Record<string, fc.Arbitrary<Sample>> = {
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

const indexing: Record<string, fc.Arbitrary<Sample>> = {
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

const compositions: Record<string, fc.Arbitrary<Sample>> = {
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

/** Every differentiable operation of core. */
export const operations: Record<string, fc.Arbitrary<Sample>> = {
  ...elementwise,
  ...reductions,
  ...matrices,
  ...views,
  ...rearrangements,
  ...indexing,
  ...compositions,
};
