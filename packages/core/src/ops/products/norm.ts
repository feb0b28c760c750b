import { alias, composition, K, signature } from '../../arguments/index.ts';
import { ShapeError, ValueError } from '../../errors.ts';
import { composed } from '../../record/index.ts';
import { formatShape, normalizeDim } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { clone, copy_ } from '../creation/copy.ts';
import { add, div, mul } from '../elementwise/arithmetic.ts';
import { gt } from '../elementwise/compare.ts';
import { where } from '../elementwise/select.ts';
import type { Dims, SumOptions } from '../reductions/options.ts';
import { optionsLast, sumKinds } from '../reductions/reduction.ts';
import { asDims, matrixNorm, vectorNorm } from './linalg-norm.ts';

/** Options of {@link norm}, whose dimensions may stand among them. */
export interface NormOptions extends SumOptions {
  /** As the argument of that name. */
  readonly dim?: Dims;
}

const normTakes = signature('norm', {
  x: K.tensor,
  p: K.optional(K.either(K.number, K.oneOf('fro', 'nuc'))),
  dims: K.nullable(K.dims),
  options: K.options<NormOptions>({ ...sumKinds, dim: K.nullable(K.dims) }),
});

/**
 * The p-norm of all elements, or over dimensions: any number p, `Infinity`, `-Infinity`, or `'fro'`, which is 2; or of
 * a matrix the sum of its singular values, `'nuc'`. Follows `torch.norm`.
 * @throws ShapeError for `'fro'`, which is the default too, over more than two dimensions that are named
 * @throws ValueError for another p; DTypeError for a dtype that is not float
 * @throws IndexError when a dimension is out of range
 * @example norm(tensor([3, 4], { dtype: 'float32' })); // tensor(5.)
 */
export const norm = alias(
  'norm',
  function ofOrder(
    x: Tensor,
    order?: number | 'fro' | 'nuc' | NormOptions,
    dims?: Dims | NormOptions,
    options?: NormOptions,
  ): Tensor {
    type Given = [Tensor, (number | 'fro' | 'nuc')?, Dims?, NormOptions?];
    const given = optionsLast<Given>('norm', arguments, 3);
    normTakes(given);
    const [, p = 'fro', named, chosen] = given;
    const { dim = named, ...rest } = chosen ?? {};
    const list = asDims(dim);
    if (p === 'fro' && list !== null && list.length > 2) {
      throw new ShapeError(
        `'fro' is the norm of a matrix, over one dimension or two, got ${formatShape(list)}; write p = 2 for all of them`,
      );
    }
    // All dimensions, where none are named: those of more than two are refused.
    if (p === 'nuc')
      return matrixNorm(x, 'nuc', list ?? (x.ndim > 2 ? x.shape.map((_, d) => d) : undefined), rest);
    return vectorNorm(x, p === 'fro' ? 2 : p, dim, rest);
  },
);

/**
 * x, of which each part at one place of `dim` that has a p-norm above `maxnorm` is scaled down to it. Follows
 * `torch.renorm`.
 * @throws ShapeError when x has less than 2 dimensions
 * @throws ValueError unless p is positive and `maxnorm` not negative
 * @throws DTypeError when x is not of a floating dtype
 * @throws IndexError when a dimension is out of range
 * @example renorm(tensor([[3, 4], [0.5, 0]]), 2, 0, 1); // tensor([[0.6000, 0.8000], [0.5000, 0.0000]])
 */
export const renorm = composition(
  'renorm',
  { x: K.tensor, p: K.number, dim: K.integer, maxnorm: K.number },
  (x: Tensor, p: number, dim: number, maxnorm: number): Tensor => {
    if (x.ndim < 2) throw new ShapeError(`the input needs at least 2 dimensions, got ${x.ndim}`);
    if (!(p > 0)) throw new ValueError(`p must be positive, got ${p}`);
    if (!(maxnorm >= 0)) throw new ValueError(`maxnorm must not be negative, got ${maxnorm}`);
    const kept = normalizeDim(dim, x.ndim, 'renorm');
    const others = x.shape.map((_, d) => d).filter((d) => d !== kept);
    const isLong = gt(vectorNorm(x.detach(), p, others, { keepdim: true }), maxnorm);
    // What stays as it is has no part in the derivative of what is scaled: NaN, say.
    const long = where(isLong, x, 0);
    const lengths = vectorNorm(long, p, others, { keepdim: true });
    const scaled = mul(long, div(maxnorm, add(lengths, 1e-7)));
    return composed('renorm', where(isLong, scaled, x), x);
  },
);
/** {@link renorm} in place. */
export const renorm_ = composition(
  'renorm_',
  { x: K.tensor, p: K.number, dim: K.integer, maxnorm: K.number },
  (x: Tensor, p: number, dim: number, maxnorm: number): Tensor => copy_(x, renorm(clone(x), p, dim, maxnorm)),
);

/** The functions of this file that are methods too. */
export default { norm, renorm, renorm_ };
