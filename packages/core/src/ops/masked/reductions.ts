/** Sums, extremes and their places. */
import { composition, K } from '../../arguments/index.ts';
import { isFloatingPoint } from '../../dtype.ts';
import { DTypeError, ValueError } from '../../errors.ts';
import { valuesOf } from '../../record/index.ts';
import { normalizeDim } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { to } from '../creation/copy.ts';
import { isnan } from '../elementwise/compare.ts';
import { vectorNorm } from '../products/linalg-norm.ts';
import {
  amax as greatest,
  amin as least,
  argmax as placeOfGreatest,
  argmin as placeOfLeast,
} from '../reductions/extremes.ts';
import { any } from '../reductions/logical.ts';
import { nanmedian } from '../reductions/median.ts';
import type { Dims } from '../reductions/options.ts';
import { prod as product } from '../reductions/prod.ts';
import { logsumexp as logSum } from '../reductions/softmax.ts';
import { sum as total } from '../reductions/sum.ts';
import { extremeOf, type MaskedReduceOptions, masking, reduceTakes } from './masking.ts';

type Masked = (x: Tensor, dim?: Dims, options?: MaskedReduceOptions) => Tensor;

const reduction = (
  name: string,
  run: (x: Tensor, dim: Dims, options: MaskedReduceOptions) => Tensor,
): Masked =>
  composition(
    `masked.${name}`,
    reduceTakes,
    (x: Tensor, dim: Dims = null, options: MaskedReduceOptions = {}) => run(x, dim, options),
  );

/** The dims given, all where none is. */
const listOf = (dim: Dims, rank: number): number[] => {
  const given = typeof dim === 'number' ? [dim] : (dim ?? []);
  const dims = given.length === 0 ? Array.from({ length: rank }, (_, d) => d) : given;
  return dims.map((d) => normalizeDim(d, rank, 'dim'));
};

/** Integers add up in int32. */
const accumulating = ({ dtype }: Tensor): Tensor['dtype'] => (isFloatingPoint(dtype) ? dtype : 'int32');
const keep = ({ keepdim = false }: MaskedReduceOptions) => ({ keepdim });

/**
 * The sum of the elements that the mask keeps; 0 of none. Follows `torch.masked.sum`.
 * @throws ShapeError, IndexError when the mask does not broadcast to x, or a dimension is out of range, as of all of
 *   `masked`
 * @example masked.sum(tensor([[1, 2], [3, 4]]), 1, { mask: tensor([true, false]) }); // tensor([1, 3])
 */
export const sum: Masked = /* @__PURE__ */ reduction('sum', (x, dim, options) =>
  total(masking(x, options.mask, 0), dim, { ...keep(options), dtype: options.dtype ?? accumulating(x) }),
);

/**
 * The product of the elements that the mask keeps; 1 of none. Follows `torch.masked.prod`.
 * @throws IndexError when a dimension is out of range
 */
export const prod: Masked = /* @__PURE__ */ reduction('prod', (x, dim, options) =>
  listOf(dim, x.ndim)
    .sort((a, b) => b - a)
    .reduce(
      (result, d) => product(result, d, keep(options)),
      to(masking(x, options.mask, 1), options.dtype ?? accumulating(x)),
    ),
);

const extreme = (name: string, run: typeof greatest, atLeast: boolean): Masked =>
  reduction(name, (x, dim, options) => {
    if (x.dtype === 'bool')
      throw new DTypeError(`masked.${name}: not implemented for bool; convert to uint8`);
    const result = run(masking(x, options.mask, extremeOf(x.dtype, atLeast)), dim ?? [], keep(options));
    return to(result, options.dtype ?? x.dtype);
  });

/**
 * The greatest of the elements that the mask keeps; of none the least number of the dtype. Follows `torch.masked.amax`.
 * @throws DTypeError when x is bool
 * @throws IndexError when a dimension is out of range
 */
export const amax: Masked = /* @__PURE__ */ extreme('amax', greatest, true);
/**
 * The least of the elements that the mask keeps; of none the greatest number of the dtype. Follows `torch.masked.amin`.
 * @throws DTypeError when x is bool
 * @throws IndexError when a dimension is out of range
 */
export const amin: Masked = /* @__PURE__ */ extreme('amin', least, false);

type Place = (x: Tensor, dim?: number | null, options?: MaskedReduceOptions) => Tensor;
const place = (name: string, run: typeof placeOfGreatest, atLeast: boolean): Place =>
  composition(
    `masked.${name}`,
    { ...reduceTakes, dim: K.nullable(K.integer) },
    (x: Tensor, dim: number | null = null, options: MaskedReduceOptions = {}) => {
      const kept = masking(x, options.mask, extremeOf(x.dtype, atLeast));
      const result = dim === null ? run(kept) : run(kept, dim, keep(options));
      return to(result, options.dtype ?? x.dtype);
    },
  );

/**
 * The place of the greatest element that the mask keeps, in the dtype of x unless another is asked for. Follows
 * `torch.masked.argmax`.
 * @throws IndexError when a dimension is out of range
 */
export const argmax: Place = /* @__PURE__ */ place('argmax', placeOfGreatest, true);
/**
 * The place of the least element that the mask keeps, in the dtype of x unless another is asked for. Follows
 * `torch.masked.argmin`.
 * @throws IndexError when a dimension is out of range
 */
export const argmin: Place = /* @__PURE__ */ place('argmin', placeOfLeast, false);

/**
 * The lower median of the elements that the mask keeps, along a dimension (default: the last); NaN of none. Follows
 * `torch.masked.median`.
 * @throws ValueError where an integer row has none
 * @throws IndexError when a dimension is out of range
 */
export const median = /* @__PURE__ */ composition(
  'masked.median',
  { ...reduceTakes, dim: K.integer },
  (x: Tensor, dim = -1, options: MaskedReduceOptions = {}): Tensor => {
    const floats = isFloatingPoint(x.dtype);
    const kept = masking(floats ? x : to(x, 'float64'), options.mask, Number.NaN);
    const { values } = nanmedian(kept, dim, keep(options));
    if (floats) return values;
    if (valuesOf(any(isnan(values)), 'masked.median')[0] !== 0)
      throw new ValueError(
        'masked.median: expects no fully masked out rows if the dtype is not floating point',
      );
    return to(values, options.dtype ?? x.dtype);
  },
);

/**
 * log Σ eˣ over the elements that the mask keeps; -inf of none. Follows `torch.masked.logsumexp`.
 * @throws IndexError when a dimension is out of range
 */
export const logsumexp: Masked = /* @__PURE__ */ reduction('logsumexp', (x, dim, options) => {
  const kept = masking(x, options.mask, extremeOf(x.dtype, true));
  return to(logSum(kept, listOf(dim, x.ndim), keep(options)), options.dtype ?? x.dtype);
});

/**
 * The vector norm of order `ord` (default 2) of the elements that the mask keeps. Follows `torch.masked.norm`.
 * @throws DTypeError when x is not of a floating dtype
 * @throws IndexError when a dimension is out of range
 */
export const norm = /* @__PURE__ */ composition(
  'masked.norm',
  { x: K.tensor, ord: K.nullable(K.number), dim: K.nullable(K.dims), options: reduceTakes.options },
  (x: Tensor, ord: number | null = 2, dim: Dims = null, options: MaskedReduceOptions = {}): Tensor => {
    const neutral = ord === Number.NEGATIVE_INFINITY ? Number.POSITIVE_INFINITY : 0;
    return vectorNorm(masking(x, options.mask, neutral), ord ?? 2, listOf(dim, x.ndim), {
      ...keep(options),
      dtype: options.dtype ?? x.dtype,
    });
  },
);
