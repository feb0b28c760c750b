/** What changes rows as a whole: running sums and products, softmax, normalisation; and sums of two in logarithms. */
import { composition, K } from '../../arguments/index.ts';
import type { Tensor } from '../../tensor.ts';
import { to } from '../creation/copy.ts';
import { div } from '../elementwise/arithmetic.ts';
import { logaddexp as logOfSum, maximum } from '../elementwise/binary.ts';
import {
  logSoftmax as logSoftmaxOf,
  softmax as softmaxOf,
  softmin as softminOf,
} from '../reductions/softmax.ts';
import { cumprod as runningProduct } from '../scans/cumprod.ts';
import { cumsum as runningSum } from '../scans/cumulative.ts';
import { extremeOf, type MaskedOptions, maskedKinds, masking } from './masking.ts';
import { norm } from './reductions.ts';

type Rows = (x: Tensor, dim: number, options?: MaskedOptions) => Tensor;
const rowsTakes = { x: K.tensor, dim: K.integer, options: K.options<MaskedOptions>(maskedKinds) };

const rows = (
  name: string,
  neutral: (x: Tensor) => number,
  run: (x: Tensor, dim: number, dtype: Tensor['dtype']) => Tensor,
): Rows =>
  composition(`masked.${name}`, rowsTakes, (x: Tensor, dim: number, options: MaskedOptions = {}) =>
    run(masking(x, options.mask, neutral(x)), dim, options.dtype ?? x.dtype),
  );

/**
 * The sums of all elements up to each, those left out by the mask counting as 0. Follows `torch.masked.cumsum`.
 * @throws ShapeError, IndexError when the mask does not broadcast to x, or the dimension is out of range, as of all of
 *   `masked`
 */
export const cumsum: Rows = /* @__PURE__ */ rows(
  'cumsum',
  () => 0,
  (x, dim, dtype) => to(runningSum(x, dim, { dtype }), dtype),
);
/**
 * The products of all elements up to each, those left out by the mask counting as 1. Follows `torch.masked.cumprod`.
 * @throws IndexError when a dimension is out of range
 */
export const cumprod: Rows = /* @__PURE__ */ rows(
  'cumprod',
  () => 1,
  (x, dim, dtype) => to(runningProduct(x, dim, { dtype }), dtype),
);
const leastOf = (x: Tensor): number => extremeOf(x.dtype, true);
/**
 * Softmax over the elements that the mask keeps: 0 for the others, NaN where it keeps none. Follows
 * `torch.masked.softmax`.
 * @throws IndexError when a dimension is out of range
 * @example masked.softmax(tensor([1.5, 1.5, 9]), 0, { mask: tensor([true, true, false]) }); // tensor([0.5000, 0.5000, 0.0000])
 */
export const softmax: Rows = /* @__PURE__ */ rows('softmax', leastOf, (x, dim, dtype) =>
  softmaxOf(x, dim, { dtype }),
);
/**
 * The logarithm of the softmax over the elements that the mask keeps: -inf for the others. Follows
 * `torch.masked.log_softmax`.
 * @throws IndexError when a dimension is out of range
 */
export const logSoftmax: Rows = /* @__PURE__ */ rows('logSoftmax', leastOf, (x, dim, dtype) =>
  logSoftmaxOf(x, dim, { dtype }),
);
/**
 * Softmax of -x over the elements that the mask keeps. Follows `torch.masked.softmin`.
 * @throws IndexError when a dimension is out of range
 */
export const softmin: Rows = /* @__PURE__ */ rows(
  'softmin',
  (x) => extremeOf(x.dtype, false),
  (x, dim, dtype) => softminOf(x, dim, { dtype }),
);

/** Options of `masked.normalize`. */
export interface MaskedNormalizeOptions extends MaskedOptions {
  /** The least norm that is divided by. Default: 1e-12. */
  readonly eps?: number;
}

/**
 * x over the norm of order `ord` of what the mask keeps; 0 for the others. Follows `torch.masked.normalize`.
 * @throws DTypeError when x is not of a floating dtype
 * @throws IndexError when a dimension is out of range
 */
export const normalize = /* @__PURE__ */ composition(
  'masked.normalize',
  {
    x: K.tensor,
    ord: K.number,
    dim: K.integer,
    options: K.options<MaskedNormalizeOptions>({ ...maskedKinds, eps: K.number }),
  },
  (x: Tensor, ord: number, dim: number, options: MaskedNormalizeOptions = {}): Tensor => {
    const { eps = 1e-12, ...rest } = options;
    return div(masking(x, options.mask, 0), maximum(norm(x, ord, dim, { ...rest, keepdim: true }), eps));
  },
);

/** Options of `masked.logaddexp`. */
export interface MaskedLogaddexpOptions {
  /** Which elements of x count: true, or not 0; the others count as -inf. Default: all. */
  readonly inputMask?: Tensor;
  /** The same of y. Default: all. */
  readonly otherMask?: Tensor;
  /** The dtype of the result. Default: that of x. */
  readonly dtype?: Tensor['dtype'];
}

/**
 * log(eˣ + eʸ) of what the masks keep; -inf where neither does. Follows `torch.masked.logaddexp`.
 * @throws DTypeError when no operand is of a floating dtype
 */
export const logaddexp = /* @__PURE__ */ composition(
  'masked.logaddexp',
  {
    x: K.tensor,
    y: K.tensor,
    options: K.options<MaskedLogaddexpOptions>({ inputMask: K.tensor, otherMask: K.tensor, dtype: K.dtype }),
  },
  (x: Tensor, y: Tensor, options: MaskedLogaddexpOptions = {}): Tensor => {
    const { inputMask, otherMask, dtype = x.dtype } = options;
    return to(logOfSum(masking(x, inputMask, leastOf(x)), masking(y, otherMask, leastOf(y))), dtype);
  },
);
