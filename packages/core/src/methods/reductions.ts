import { cumprod } from '../ops/cumprod.ts';
import { dist } from '../ops/distance.ts';
import { amax, amin, aminmax, argmax, argmin, max, min } from '../ops/extremes.ts';
import { histc } from '../ops/histogram.ts';
import { logcumsumexp } from '../ops/log-scan.ts';
import { median, mode, nanmedian } from '../ops/median.ts';
import { std, variance } from '../ops/moments.ts';
import { norm } from '../ops/norm.ts';
import { prod } from '../ops/prod.ts';
import { nanquantile, quantile } from '../ops/quantile.ts';
import type { ReduceOptions } from '../ops/reduce.ts';
import { cummax, cummin, cumsum, diff } from '../ops/scan.ts';
import { logSoftmax, logsumexp, softmax } from '../ops/softmax.ts';
import type { ValuesAndIndices } from '../ops/sorting.ts';
import { mean, nanmean, nansum, sum, sumToShape } from '../ops/sum.ts';
import { trace } from '../ops/tensordot.ts';
import { all, any, countNonzero } from '../ops/truth.ts';
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
