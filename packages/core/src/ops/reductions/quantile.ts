import { K, signature } from '../../arguments/index.ts';
import { isFloatingPoint } from '../../dtype.ts';
import { DTypeError, ShapeError, ValueError } from '../../errors.ts';
import { elementsOf, extentOf } from '../../kernels/index.ts';
import { composed } from '../../record/index.ts';
import { normalizeDim, reducedShape } from '../../shape.ts';
import { Tensor } from '../../tensor.ts';
import { to } from '../creation/copy.ts';
import { mul, sub } from '../elementwise/arithmetic.ts';
import { lerp } from '../elementwise/binary.ts';
import { isnan, logicalNot } from '../elementwise/compare.ts';
import { withinBounds } from '../elementwise/define.ts';
import { applyUnary, type ElementwiseOp } from '../elementwise/operation.ts';
import { ceil, floor, round } from '../elementwise/rounding.ts';
import { clampMin, where } from '../elementwise/select.ts';
import { gather } from '../indexing/gather.ts';
import { sort } from '../order/sorting.ts';
import { movedim } from '../views/permute.ts';
import { expand, flatten, reshape, squeeze } from '../views/shape.ts';
import { any } from './logical.ts';
import type { ReduceOptions } from './options.ts';
import { alone, isDims } from './reduction.ts';
import { sum } from './sum.ts';

/** How a quantile between two elements is found. */
export type Interpolation = 'linear' | 'lower' | 'higher' | 'midpoint' | 'nearest';

/** Options of {@link quantile} and {@link nanquantile}. */
export interface QuantileOptions extends ReduceOptions {
  /** Default: `'linear'`. */
  readonly interpolation?: Interpolation;
}

/** The ranks at which elements are read, from those of the quantiles. */
const readRanks: Record<Interpolation, (ranks: Tensor) => Tensor> = {
  linear: (ranks) => ranks,
  lower: floor,
  higher: ceil,
  midpoint: (ranks) => ranks,
  nearest: round,
};

/** q itself, if all of it lies in [0, 1]. */
const unitInterval = (name: string): ElementwiseOp =>
  withinBounds(
    name,
    () => [0, 1],
    (q) => new ValueError(`${name}() q values must be in the range [0, 1], got ${elementsOf(q).join(', ')}`),
  );
const inUnit = { quantile: unitInterval('quantile'), nanquantile: unitInterval('nanquantile') };

/** q as it enters the computation, once all is known to fit. */
function checkedQuantiles(x: Tensor, q: Tensor, name: keyof typeof inUnit): Tensor {
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
  const checked = applyUnary(inUnit[name], q);
  return checked;
}

const quantileOf = (name: keyof typeof inUnit) => {
  const takes = signature(name, {
    x: K.tensor,
    q: K.operand,
    dim: K.nullable(K.integer),
    options: K.options<QuantileOptions>({
      keepdim: K.flag,
      interpolation: K.oneOf('linear', 'lower', 'higher', 'midpoint', 'nearest'),
    }),
  });
  return function along(
    x: Tensor,
    q: Tensor | number,
    dim?: number | null | QuantileOptions,
    options?: QuantileOptions,
  ): Tensor {
    if (!isDims(dim)) return along(x, q, undefined, alone(name, dim, options));
    takes(arguments);
    const { keepdim = false, interpolation = 'linear' } = options ?? {};
    const given =
      typeof q === 'number' ? Tensor.scalar(q, isFloatingPoint(x.dtype) ? x.dtype : 'float32') : q;
    const qs = checkedQuantiles(x, given, name);
    const whole = dim === undefined || dim === null;
    const d = whole ? 0 : normalizeDim(dim, x.ndim, name);
    const rows = whole || x.ndim === 0 ? flatten(x) : movedim(x, d, -1);
    const { n } = extentOf(rows.shape, rows.ndim - 1);
    const sorted = sort(rows, -1).values;

    // NaN is sorted to the end: it is met there, or left out.
    const bad = isnan(rows);
    const ranks =
      name === 'nanquantile'
        ? clampMin(mul(to(sub(sum(logicalNot(bad), -1, { keepdim: true }), 1), x.dtype), qs), 0)
        : where(any(bad, -1, { keepdim: true }), n - 1, mul(reshape(qs, [-1]), n - 1));
    const wide = [...rows.shape.slice(0, -1), qs.count];
    const positions = expand(readRanks[interpolation](ranks), wide);
    const lower = floor(positions);
    let result = gather(sorted, -1, to(lower, 'int32'));
    if (interpolation === 'linear' || interpolation === 'midpoint') {
      const weight = interpolation === 'midpoint' ? 0.5 : sub(positions, lower);
      result = lerp(result, gather(sorted, -1, to(ceil(positions), 'int32')), weight);
    }

    const perQ = movedim(result, -1, 0);
    const kept = reducedShape(x.shape, whole ? x.shape.map((_, i) => i) : x.ndim === 0 ? [] : [d], keepdim);
    const shaped = reshape(perQ, [qs.count, ...kept]);
    return composed('SqueezeBackward4', qs.ndim === 0 ? squeeze(shaped, 0) : shaped);
  };
};

/**
 * The q-quantiles along `dim`, or of all elements; NaN where there is one. `q`, in [0, 1], is a number, or a tensor
 * whose dimension comes first in the result. Follows `torch.quantile`.
 * @throws DTypeError when x is not of a floating dtype, or q of another
 * @throws ShapeError when x is empty, or q has more than one dimension
 * @throws ValueError when q lies outside of [0, 1], or the interpolation is unknown
 * @throws IndexError when a dimension is out of range
 * @example quantile(tensor([0.5, 1, 2, 4]), 0.5); // tensor(1.5000)
 */
export const quantile = quantileOf('quantile');

/** {@link quantile} of what is not NaN; it throws in the same cases. Follows `torch.nanquantile`. */
export const nanquantile = quantileOf('nanquantile');
