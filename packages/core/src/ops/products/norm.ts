import { K, signature } from '../../arguments/index.ts';
import type { Tensor } from '../../tensor.ts';
import type { Dims, SumOptions } from '../reductions/options.ts';
import { sumOptions } from '../reductions/reduction.ts';
import { asDims, matrixNorm, vectorNorm } from './linalg-norm.ts';

const normTakes = signature('norm', {
  x: K.tensor,
  p: K.optional(K.either(K.number, K.oneOf('fro', 'nuc'))),
  dims: K.nullable(K.dims),
  options: sumOptions,
});

/**
 * The p-norm of all elements, or over dimensions: any number p, `Infinity`, `-Infinity`, or `'fro'`, which is 2; or of a matrix the
 * sum of its singular values, `'nuc'`.
 * Follows `torch.norm`.
 * @throws ValueError for another p; DTypeError for a dtype that is not float
 * @example norm(tensor([3, 4], { dtype: 'float32' })); // tensor(5.)
 */
export function norm(
  x: Tensor,
  p: number | 'fro' | 'nuc' = 'fro',
  dims?: Dims,
  options?: SumOptions,
): Tensor {
  normTakes(x, p, dims, options);
  if (p === 'nuc') return matrixNorm(x, 'nuc', asDims(dims) ?? undefined, options);
  return vectorNorm(x, p === 'fro' ? 2 : p, dims, options);
}

/** The functions of this file that are methods too. */
export default { norm };
