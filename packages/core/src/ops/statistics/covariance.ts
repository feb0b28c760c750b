import { composition, K } from '../../arguments/index.ts';
import { isFloatingPoint } from '../../dtype.ts';
import { DTypeError, ShapeError, ValueError } from '../../errors.ts';
import { copyStrided, holdsOutside } from '../../kernels/index.ts';
import { apply, definePrimitive } from '../../record/index.ts';
import type { Tensor } from '../../tensor.ts';
import { clone } from '../creation/copy.ts';
import { div, mul, sub } from '../elementwise/arithmetic.ts';
import { sqrt } from '../elementwise/functions.ts';
import { clamp } from '../elementwise/select.ts';
import { matmul } from '../products/matmul.ts';
import { sum } from '../reductions/sum.ts';
import { diagonal } from '../views/diagonal.ts';
import { matrixTranspose } from '../views/properties.ts';
import { reshape, squeeze, unsqueeze } from '../views/shape.ts';

/** Options of {@link cov}. */
export interface CovOptions {
  /** What is subtracted from the number of observations. Default: 1. */
  readonly correction?: number;
  /** How often each observation occurred: integers of shape (observations). */
  readonly fweights?: Tensor | null;
  /** The weight of each observation: floats of shape (observations). */
  readonly aweights?: Tensor | null;
}

/** The weights themselves, of which none is negative. */
const weightsPrimitive = definePrimitive<{ what: string }>({
  name: 'cov_weights',
  saves: 0,
  infer: ([w]) => w,
  kernel([w], { what }, out) {
    if (holdsOutside(w, 0, Number.POSITIVE_INFINITY)) throw new ValueError(`cov: ${what} cannot be negative`);
    copyStrided(w, out.storage.array);
  },
  derivative: (g) => [clone(g)],
});

/** The sum of all weights, which divides, so that it is not 0. */
const totalPrimitive = definePrimitive<undefined>({
  name: 'cov_total',
  saves: 0,
  infer: ([total]) => total,
  kernel([total], _, out) {
    const least = isFloatingPoint(total.dtype) ? Number.MIN_VALUE : 1;
    if (holdsOutside(total, least, Number.POSITIVE_INFINITY))
      throw new ValueError("cov: weights sum to zero, can't be normalized");
    copyStrided(total, out.storage.array);
  },
  derivative: (g) => [clone(g)],
});

function checkedWeights(w: Tensor, what: string, floats: boolean, observations: number): Tensor {
  if (w.ndim > 1)
    throw new ShapeError(
      `cov: expected ${what} to have one or fewer dimensions but got ${w.ndim} dimensions`,
    );
  if (isFloatingPoint(w.dtype) !== floats || w.dtype === 'bool') {
    throw new DTypeError(
      `cov: expected ${what} to have ${floats ? 'floating point' : 'integral'} dtype but got ${what} of ${w.dtype}`,
    );
  }
  if (w.count !== observations) {
    throw new ShapeError(
      `cov: expected ${what} to have the same numel as there are observations in the input but got ${w.count} != ${observations}`,
    );
  }
  return apply(weightsPrimitive, [w], { what });
}

/** The number of observations of which a covariance is the mean, at least 0. */
function degreesOfFreedom(
  total: Tensor | number,
  weights: Tensor | null,
  aweights: Tensor | null,
  correction: number,
): Tensor | number {
  if (typeof total === 'number') return Math.max(0, total - correction);
  if (correction === 0 || weights === null) return clamp(total, { min: 0 });
  const lost = aweights === null ? correction : div(mul(sum(mul(weights, aweights)), correction), total);
  return clamp(sub(total, lost), { min: 0 });
}

/**
 * The covariances of variables, the rows of a matrix, of which the columns are observations; a vector is one variable.
 * Observations may be weighted. Follows `torch.cov`.
 * @throws ShapeError for more than two dimensions or weights that do not fit; DTypeError for bools, or weights of the
 *   wrong kind; ValueError for a negative weight, or where all are 0
 * @example cov(tensor([[0, 1, 2], [2, 1, 0]], { dtype: 'float32' })).tolist(); // [ [ 1, -1 ], [ -1, 1 ] ]
 */
export const cov = composition(
  'cov',
  {
    x: K.tensor,
    options: K.options<CovOptions>({
      correction: K.integer,
      fweights: K.nullable(K.tensor),
      aweights: K.nullable(K.tensor),
    }),
  },
  (x: Tensor, options: CovOptions = {}): Tensor => {
    const { correction = 1, fweights, aweights } = options;
    if (x.ndim > 2) {
      throw new ShapeError(
        `cov: expected input to have two or fewer dimensions but got an input with ${x.ndim} dimensions`,
      );
    }
    if (x.dtype === 'bool') throw new DTypeError('cov: bool dtype is not supported for input');
    const rows = x.ndim === 2 ? x : reshape(x, [1, -1]);
    const observations = rows.shape[1] ?? 1;
    const often = fweights ? checkedWeights(fweights, 'fweights', false, observations) : null;
    const heavy = aweights ? checkedWeights(aweights, 'aweights', true, observations) : null;
    const weights = often !== null && heavy !== null ? mul(often, heavy) : (often ?? heavy);
    const total = weights === null ? observations : apply(totalPrimitive, [sum(weights)], undefined);
    const average = div(sum(weights === null ? rows : mul(rows, weights), 1), total);
    const centred = sub(rows, unsqueeze(average, 1));
    const products = matmul(centred, matrixTranspose(weights === null ? centred : mul(centred, weights)));
    return squeeze(div(products, degreesOfFreedom(total, weights, heavy, correction)));
  },
);

/**
 * The correlations (Pearson's) of variables, the rows of a matrix, of which the columns are observations. Follows
 * `torch.corrcoef`.
 * @throws ShapeError for more than two dimensions; DTypeError for bools
 * @example corrcoef(tensor([[0, 1, 2], [4, 2, 0]], { dtype: 'float64' })).round().tolist(); // [ [ 1, -1 ], [ -1, 1 ] ]
 */
export const corrcoef = composition('corrcoef', { x: K.tensor }, (x: Tensor): Tensor => {
  const c = cov(x);
  if (c.ndim === 0) return div(c, c);
  const deviations = sqrt(diagonal(c));
  const scaled = div(div(c, unsqueeze(deviations, 1)), unsqueeze(deviations, 0));
  return clamp(scaled, { min: -1, max: 1 });
});

/** The functions of this file that are methods too. */
export default { cov, corrcoef };
