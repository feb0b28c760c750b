import { alias, K, signature } from '../../arguments/index.ts';
import type { Tensor } from '../../tensor.ts';
import type { Dims, SumOptions } from '../reductions/options.ts';
import { isDims, sumKinds } from '../reductions/reduction.ts';
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
 * The p-norm of all elements, or over dimensions: any number p, `Infinity`, `-Infinity`, or `'fro'`, which is 2; or of a matrix the
 * sum of its singular values, `'nuc'`.
 * Follows `torch.norm`.
 * @throws ValueError for another p; DTypeError for a dtype that is not float
 * @example norm(tensor([3, 4], { dtype: 'float32' })); // tensor(5.)
 */
export const norm = alias(
  'norm',
  (
    x: Tensor,
    p: number | 'fro' | 'nuc' = 'fro',
    dims?: Dims | NormOptions,
    options?: NormOptions,
  ): Tensor => {
    const given = isDims(dims) ? options : dims;
    const named = isDims(dims) ? dims : undefined;
    normTakes([x, p, named, given]);
    const { dim = named, ...rest } = given ?? {};
    if (p === 'nuc') return matrixNorm(x, 'nuc', asDims(dim) ?? undefined, rest);
    return vectorNorm(x, p === 'fro' ? 2 : p, dim, rest);
  },
);

/** The functions of this file that are methods too. */
export default { norm };
