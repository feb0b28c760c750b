/** Means and variances. */
import { composition, K } from '../../arguments/index.ts';
import { isFloatingPoint } from '../../dtype.ts';
import { DTypeError } from '../../errors.ts';
import type { Tensor } from '../../tensor.ts';
import { to } from '../creation/copy.ts';
import { onesLike } from '../creation/fill.ts';
import { div, mul, sub } from '../elementwise/arithmetic.ts';
import { maximum } from '../elementwise/binary.ts';
import { sqrt } from '../elementwise/functions.ts';
import type { Dims } from '../reductions/options.ts';
import { reshape } from '../views/shape.ts';
import { type MaskedReduceOptions, maskOver, reduceKinds, reduceTakes } from './masking.ts';
import { sum } from './reductions.ts';

/** How many elements count. */
const countOf = (x: Tensor, mask: Tensor | undefined, dim: Dims, keepdim: boolean): Tensor =>
  mask === undefined
    ? sum(onesLike(x, { dtype: 'int32' }), dim, { keepdim })
    : sum(maskOver(x, mask), dim, { keepdim });

const withMask = (mask: Tensor | undefined): { mask?: Tensor } => (mask === undefined ? {} : { mask });

/**
 * The mean of the elements that the mask keeps; NaN of none. Follows `torch.masked.mean`.
 * @throws DTypeError unless x, or the dtype asked for, is floating point
 * @throws IndexError when a dimension is out of range
 * @example masked.mean(tensor([1.5, 2.5, 9]), 0, { mask: tensor([true, true, false]) }); // tensor(2.)
 */
export const mean = /* @__PURE__ */ composition(
  'masked.mean',
  reduceTakes,
  (x: Tensor, dim: Dims = null, options: MaskedReduceOptions = {}): Tensor => {
    const { mask, keepdim = false, dtype = x.dtype } = options;
    if (!isFloatingPoint(dtype))
      throw new DTypeError(`masked.mean: the dtype must be floating point, got ${dtype}`);
    return div(sum(x, dim, { keepdim, dtype, ...withMask(mask) }), countOf(x, mask, dim, keepdim));
  },
);

/** Options of `masked.var` and `masked.std`. */
export interface MaskedVarOptions extends MaskedReduceOptions {
  /** What is taken from the number of elements before dividing by it. Default: 1. */
  readonly correction?: number;
}

const varTakes = {
  ...reduceTakes,
  options: K.options<MaskedVarOptions>({ ...reduceKinds, correction: K.number }),
};

function variance(x: Tensor, dim: Dims, options: MaskedVarOptions): Tensor {
  const { mask, keepdim = false, correction = 1 } = options;
  const dtype = options.dtype ?? (isFloatingPoint(x.dtype) ? x.dtype : 'float32');
  const computed = isFloatingPoint(dtype) ? dtype : 'float32';
  const given = withMask(mask);
  const count = countOf(x, mask, dim, true);
  const centred = sub(x, div(sum(x, dim, { keepdim: true, dtype, ...given }), count));
  const squares = sum(mul(centred, centred), dim, { keepdim, dtype: computed, ...given });
  const kept = keepdim ? count : reshape(count, squares.shape);
  const degrees = correction === 0 ? kept : maximum(sub(to(kept, computed), correction), 0);
  return to(div(squares, degrees), dtype);
}

/**
 * The variance of the elements that the mask keeps: the sum of the squares of their distances from the mean, over their
 * number less `correction`. Follows `torch.masked.var`.
 * @throws ShapeError, IndexError as `masked.sum`
 */
const varOf = /* @__PURE__ */ composition(
  'masked.var',
  varTakes,
  (x: Tensor, dim: Dims = null, options: MaskedVarOptions = {}): Tensor => variance(x, dim, options),
);

/**
 * The standard deviation of the elements that the mask keeps. Follows `torch.masked.std`.
 * @throws IndexError when a dimension is out of range
 * @example masked.std(tensor([1, 3, 9]), 0, { mask: tensor([true, true, false]) }); // tensor(1.4142)
 */
export const std = /* @__PURE__ */ composition(
  'masked.std',
  varTakes,
  (x: Tensor, dim: Dims = null, options: MaskedVarOptions = {}): Tensor => sqrt(variance(x, dim, options)),
);

export { varOf as var };
