import type { ValuesAndIndices } from '../ops/order/sorting.ts';
import { dist } from '../ops/products/distance.ts';
import { norm } from '../ops/products/norm.ts';
import { trace } from '../ops/products/tensordot.ts';
import { amax, amin, aminmax, argmax, argmin, max, min } from '../ops/reductions/extremes.ts';
import { histc } from '../ops/reductions/histogram.ts';
import { all, any, countNonzero } from '../ops/reductions/logical.ts';
import { median, mode, nanmedian } from '../ops/reductions/median.ts';
import { std, variance } from '../ops/reductions/moments.ts';
import { prod } from '../ops/reductions/prod.ts';
import { nanquantile, quantile } from '../ops/reductions/quantile.ts';
import type { ReduceOptions } from '../ops/reductions/reduction.ts';
import { logSoftmax, logsumexp, softmax } from '../ops/reductions/softmax.ts';
import { mean, nanmean, nansum, sum, sumToShape } from '../ops/reductions/sum.ts';
import { cumprod } from '../ops/scans/cumprod.ts';
import { cummax, cummin, cumsum, diff } from '../ops/scans/cumulative.ts';
import { logcumsumexp } from '../ops/scans/logcumsumexp.ts';
import type { Tensor } from '../tensor.ts';

/** Reductions, scans and norms as methods. */
export const reductions = {
  sum,
  sumToSize: sumToShape,
  mean,
  nansum,
  nanmean,
  prod,
  var: variance,
  std,
  all,
  any,
  countNonzero,
  max,
  min,
  amax,
  amin,
  aminmax,
  argmax,
  argmin,
  median,
  nanmedian,
  mode,
  quantile,
  nanquantile,
  histc,
  norm,
  dist,
  trace,
  cumsum,
  cumprod,
  cummax,
  cummin,
  logcumsumexp,
  diff,
  softmax,
  logSoftmax,
  logsumexp,
};

/** A reduction that gives a tensor, and, along one dimension, the indices too. */
interface Selecting {
  (): Tensor;
  (dim: number, options?: ReduceOptions): ValuesAndIndices;
}

interface Extremum extends Selecting {
  (other: Tensor): Tensor;
}

/** The methods of {@link reductions} that have overloads. */
export interface ReductionOverloads {
  max: Extremum;
  min: Extremum;
  median: Selecting;
  nanmedian: Selecting;
}
