import type * as fc from 'fast-check';
import * as K from '../../../src/index.ts';
import { along, distinct, fixed, reduction, type Sample, unary } from './sample.ts';

/** A matrix with singular values far apart. */
const separated = K.tensor(
  [
    [8, 0],
    [0, 4],
    [0, 0],
  ],
  { dtype: 'float64' },
);

export const reductions: Record<string, fc.Arbitrary<Sample>> = {
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
  'singular values': fixed(
    [[3, 2]],
    (x) => {
      const y = x.add(separated);
      return [K.linalg.svdvals(y), ...['nuc', 2, -2].map((ord) => K.linalg.norm(y, ord as number))];
    },
    { min: -0.5, max: 0.5 },
  ),
  std: fixed([[3, 2]], (x) => [K.std(x), K.std(x, 0, { correction: 0 })], distinct),
  stdMean: fixed([[3, 2]], (x) => K.stdMean(x, 0), distinct),
  sum: reduction((x, dims, options) => K.sum(x, dims, options)),
  variance: fixed([[3, 2]], (x) => [K.variance(x), K.variance(x, 0, { correction: 0, keepdim: true })]),
  varMean: fixed([[3, 2]], (x) => K.varMean(x, 0)),
};
