import { isFloatingPoint } from '../../dtype.ts';
import { DTypeError, ShapeError, ValueError } from '../../errors.ts';
import { normalizeDim, reducedShape } from '../../shape.ts';
import { Tensor } from '../../tensor.ts';
import { to } from '../creation/copy.ts';
import { lerp, mul, sub } from '../elementwise/arithmetic.ts';
import { isnan, logicalNot } from '../elementwise/compare.ts';
import { ceil, floor, round } from '../elementwise/rounding.ts';
import { clampMin, where } from '../elementwise/select.ts';
import { gather } from '../indexing/gather.ts';
import { sort } from '../order/sorting.ts';
import { expand, flatten, reshape, squeeze } from '../views/shape.ts';
import { movedim } from '../views/permute.ts';
import { any } from './logical.ts';
import type { ReduceOptions } from './reduction.ts';
import { sum } from './sum.ts';

/** How a quantile between two elements is found. */
export type Interpolation = 'linear' | 'lower' | 'higher' | 'midpoint' | 'nearest';

/** Options of {@link quantile} and {@link nanquantile}. */
export interface QuantileOptions extends ReduceOptions {
  /** Default: `'linear'`. */
  readonly interpolation?: Interpolation;
}

function checkQuantile(x: Tensor, q: Tensor, interpolation: string, name: string): void {
  if (!isFloatingPoint(x.dtype)) {
    throw new DTypeError(`${name}() input tensor must be either float or double dtype, got ${x.dtype}`);
  }
  if (x.count === 0) throw new ShapeError(`${name}() input tensor must be non-empty`);
  if (q.ndim > 1) throw new ShapeError(`${name}() q must be a scalar or 1D tensor, got ${q.ndim} dimensions`);
  if (q.dtype !== x.dtype) {
    throw new DTypeError(
      `${name}() q tensor must be same dtype as the input tensor: got ${q.dtype} and ${x.dtype}`,
    );
  }
  if (q.data.some((value: number) => !(value >= 0 && value <= 1))) {
    throw new ValueError(`${name}() q values must be in the range [0, 1], got ${[...q.data].join(', ')}`);
  }
  if (!['linear', 'lower', 'higher', 'midpoint', 'nearest'].includes(interpolation)) {
    throw new ValueError(
      `${name}() interpolation must be one of linear, lower, higher, midpoint or nearest, but got ${interpolation}`,
    );
  }
}

function quantileOf(
  x: Tensor,
  q: Tensor | number,
  dim: number | null | undefined,
  { keepdim = false, interpolation = 'linear' }: QuantileOptions,
  ignoreNaN: boolean,
): Tensor {
  const name = ignoreNaN ? 'nanquantile' : 'quantile';
  const qs = typeof q === 'number' ? Tensor.scalar(q, isFloatingPoint(x.dtype) ? x.dtype : 'float32') : q;
  checkQuantile(x, qs, interpolation, name);
  const whole = dim === undefined || dim === null;
  const d = whole ? 0 : normalizeDim(dim, x.ndim, name);
  const rows = whole || x.ndim === 0 ? flatten(x) : movedim(x, d, -1);
  const n = rows.shape.at(-1)!;
  const sorted = sort(rows, -1).values;

  // NaN is sorted to the end: it is met there, or left out.
  const bad = isnan(rows);
  const ranks = ignoreNaN
    ? clampMin(mul(to(sub(sum(logicalNot(bad), -1, { keepdim: true }), 1), x.dtype), qs), 0)
    : where(any(bad, -1, { keepdim: true }), n - 1, mul(reshape(qs, [-1]), n - 1));
  const wide = [...rows.shape.slice(0, -1), qs.count];
  const positions = expand(roundRanks(ranks, interpolation), wide);
  const lower = floor(positions);
  let result = gather(sorted, -1, to(lower, 'int32'));
  if (interpolation === 'linear' || interpolation === 'midpoint') {
    const weight = interpolation === 'midpoint' ? 0.5 : sub(positions, lower);
    result = lerp(result, gather(sorted, -1, to(ceil(positions), 'int32')), weight);
  }

  const perQ = movedim(result, -1, 0);
  const kept = reducedShape(x.shape, whole ? x.shape.map((_, i) => i) : x.ndim === 0 ? [] : [d], keepdim);
  const shaped = reshape(perQ, [qs.count, ...kept]);
  return qs.ndim === 0 ? squeeze(shaped, 0) : shaped;
}

function roundRanks(ranks: Tensor, interpolation: Interpolation): Tensor {
  switch (interpolation) {
    case 'lower':
      return floor(ranks);
    case 'higher':
      return ceil(ranks);
    case 'nearest':
      return round(ranks);
    default:
      return ranks;
  }
}

/**
 * The q-quantiles along `dim`, or of all elements; NaN where there is one. `q`, in [0, 1], is a number, or a tensor whose
 * dimension comes first in the result. Follows `torch.quantile`.
 * @example quantile(tensor([0, 1, 2, 4], { dtype: 'float32' }), 0.5); // 1.5
 */
export function quantile(
  x: Tensor,
  q: Tensor | number,
  dim?: number | null,
  options: QuantileOptions = {},
): Tensor {
  return quantileOf(x, q, dim, options, false);
}

/** {@link quantile} of what is not NaN. Follows `torch.nanquantile`. */
export function nanquantile(
  x: Tensor,
  q: Tensor | number,
  dim?: number | null,
  options: QuantileOptions = {},
): Tensor {
  return quantileOf(x, q, dim, options, true);
}

/** The functions of this file that are methods too. */
export default { quantile, nanquantile };
