import { composition, K, signature } from '../../arguments/index.ts';
import { isFloatingPoint, promoteTypes } from '../../dtype.ts';
import { DTypeError, ShapeError, ValueError } from '../../errors.ts';
import { noGrad } from '../../record/grad-mode.ts';
import { composed } from '../../record/index.ts';
import { broadcastShapes, formatShape } from '../../shape.ts';
import { type Tensor, wrapArray } from '../../tensor.ts';
import { detach, to } from '../creation/copy.ts';
import { add, div, mul, sub } from '../elementwise/arithmetic.ts';
import { clampMin } from '../elementwise/select.ts';
import { indexSelect } from '../indexing/index-along.ts';
import { sum } from '../reductions/sum.ts';
import { expand, reshape } from '../views/shape.ts';
import { vectorNorm } from './linalg-norm.ts';
import { orderedDistances, pairDistances } from './pair-distances.ts';

/** Options of {@link dist}. */
export interface DistanceOptions {
  /** The order of the norm: 0 or more, or `Infinity`. Default: 2. */
  readonly p?: number;
}

const distParameters = { a: K.tensor, b: K.tensor, options: K.options<DistanceOptions>({ p: K.number }) };

/**
 * The p-norm of a - b, broadcast. Follows `torch.dist`.
 * @throws ShapeError where the shapes do not broadcast; DTypeError for dtypes that are not float, or differ
 */
export const dist = composition(
  'dist',
  distParameters,
  (a: Tensor, b: Tensor, options: DistanceOptions = {}): Tensor =>
    composed('dist', vectorNorm(sub(a, b), options.p ?? 2)),
);

/** Refuses what are no floats of one dtype, and an order p that is no norm's. */
function checkDistances(a: Tensor, b: Tensor, p: number): void {
  if (!(p >= 0)) throw new ValueError(`cdist only supports non-negative p values, got ${p}`);
  if (!isFloatingPoint(a.dtype) || a.dtype !== b.dtype) {
    throw new DTypeError(
      `cdist only supports floating-point tensors of one dtype, got ${a.dtype} and ${b.dtype}; convert with to('float32')`,
    );
  }
}

/** Options of {@link cdist}. */
export interface CdistOptions extends DistanceOptions {
  /**
   * Taken for PyTorch's sake, where it says whether distances may come of a product of matrices, which loses digits: here
   * they never do. Default: `'use_mm_for_euclid_dist_if_necessary'`.
   */
  readonly computeMode?:
    | 'use_mm_for_euclid_dist_if_necessary'
    | 'use_mm_for_euclid_dist'
    | 'donot_use_mm_for_euclid_dist';
}

const cdistTakes = signature('cdist', {
  a: K.tensor,
  b: K.tensor,
  options: K.options<CdistOptions>({
    p: K.number,
    computeMode: K.oneOf(
      'use_mm_for_euclid_dist_if_necessary',
      'use_mm_for_euclid_dist',
      'donot_use_mm_for_euclid_dist',
    ),
  }),
});

/**
 * The distance of each row of `a`, (*, P, M), from each row of `b`, (*, R, M): (*, P, R), batches broadcast.
 * Follows `torch.cdist`.
 * @throws ShapeError where the shapes do not fit; ValueError for a negative p; DTypeError for a dtype that is not float
 * @example cdist(zeros([1, 2]), tensor([[3, 4], [0, 1]], { dtype: 'float32' })); // tensor([[5., 1.]])
 */
export function cdist(a: Tensor, b: Tensor, options: CdistOptions = {}): Tensor {
  cdistTakes(arguments);
  const { p = 2 } = options;
  for (const x of [a, b]) {
    if (x.ndim < 2)
      throw new ShapeError(`cdist only supports at least 2D tensors, got shape ${formatShape(x.shape)}`);
  }
  if (a.shape.at(-1) !== b.shape.at(-1)) {
    throw new ShapeError(
      `cdist: a and b must have the same number of columns. Got shapes ${formatShape(a.shape)} and ${formatShape(b.shape)}`,
    );
  }
  checkDistances(a, b, p);
  const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2), 'cdist');
  const rows = (x: Tensor): Tensor => expand(x, [...batch, ...x.shape.slice(-2)]);
  return pairDistances(rows(a), rows(b), p);
}

/** Options of {@link pairwiseDistance}. */
export interface PairwiseDistanceOptions extends DistanceOptions {
  /** Added to each difference, so that there is a gradient at 0. Default: 1e-6. */
  readonly eps?: number;
  /** Whether the last dimension stays, with size 1. Default: false. */
  readonly keepdim?: boolean;
}

/**
 * The p-norm of a - b + eps over the last dimension: (N, D) and (N, D), or (D), give (N).
 * Follows `torch.nn.functional.pairwise_distance`.
 * @throws ShapeError where the shapes do not broadcast
 * @example
 * ```ts
 * pairwiseDistance(zeros([2, 2]), tensor([[3, 4], [0, 1]], { dtype: 'float32' }), { eps: 0 }); // tensor([5., 1.])
 * ```
 */
export const pairwiseDistance = composition(
  'pairwiseDistance',
  {
    a: K.tensor,
    b: K.tensor,
    options: K.options<PairwiseDistanceOptions>({ eps: K.number, keepdim: K.flag, p: K.number }),
  },
  (a: Tensor, b: Tensor, options: PairwiseDistanceOptions = {}): Tensor => {
    const { p = 2, eps = 1e-6, keepdim = false } = options;
    const apart = sub(a, b);
    const difference = isFloatingPoint(apart.dtype) ? apart : to(apart, 'float32');
    return composed('NormBackward1', vectorNorm(add(difference, eps), p, -1, { keepdim }));
  },
);

/** Options of {@link cosineSimilarity}. */
export interface CosineSimilarityOptions {
  /** The least length that a vector counts with. Default: 1e-8. */
  readonly eps?: number;
}

/** x over its length along `dim`, which is taken for at least `eps` without a kink in the gradient, as in PyTorch. */
function direction(x: Tensor, dim: number, eps: number): Tensor {
  const length = vectorNorm(x, 2, dim, { keepdim: true });
  const missing = noGrad(() => {
    const fixed = detach(length);
    return sub(clampMin(fixed, eps), fixed);
  });
  return div(x, add(length, missing));
}

/**
 * a · b / (max(|a|, eps) max(|b|, eps)) along `dim`, broadcast. Follows `torch.nn.functional.cosine_similarity`.
 * @throws ShapeError where the shapes do not broadcast; DTypeError for a dtype that is not float
 * @throws IndexError when a dimension is out of range
 * @example cosineSimilarity(tensor([[1.5, 0]]), tensor([[0.5, 0.5]])); // tensor([0.7071])
 */
export const cosineSimilarity = composition(
  'cosineSimilarity',
  {
    a: K.tensor,
    b: K.tensor,
    dim: K.integer,
    options: K.options<CosineSimilarityOptions>({ eps: K.number }),
  },
  (a: Tensor, b: Tensor, dim = 1, options: CosineSimilarityOptions = {}): Tensor => {
    const { eps = 1e-8 } = options;
    const shape = broadcastShapes(a.shape, b.shape, 'cosineSimilarity');
    const dtype = promoteTypes(a.dtype, b.dtype);
    const along = (x: Tensor): Tensor => direction(expand(to(x, dtype), shape), dim, eps);
    return sum(mul(along(a), along(b)), dim);
  },
);

/**
 * The distance of each pair of rows of x, (N, M), each pair once: (N (N - 1) / 2), in the order of {@link triuIndices}.
 * Follows `torch.nn.functional.pdist`.
 * @throws ShapeError unless x is a matrix; ValueError for a negative p; DTypeError for a dtype that is not float
 * @example pdist(tensor([[0, 0], [3, 4], [0, 1.5]])); // tensor([5.0000, 1.5000, 3.9051])
 */
export const pdist = composition(
  'pdist',
  { x: K.tensor, options: K.options<DistanceOptions>({ p: K.number }) },
  (x: Tensor, options: DistanceOptions = {}): Tensor => {
    if (x.ndim !== 2) throw new ShapeError(`expected a matrix, got shape ${formatShape(x.shape)}`);
    const [n = 0] = x.shape;
    const { p = 2 } = options;
    checkDistances(x, x, p);
    const all = reshape(orderedDistances(x, p), [n * n]);
    const pairs = new Int32Array((n * (n - 1)) / 2);
    for (let i = 0, at = 0; i < n; i++) for (let j = i + 1; j < n; j++) pairs[at++] = i * n + j;
    return composed('pdist', indexSelect(all, 0, wrapArray(pairs, [pairs.length], 'int32')));
  },
);

/** The functions of this file that are methods too. */
export default { dist };
