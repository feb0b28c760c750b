import {
  composition,
  DTypeError,
  formatShape,
  type Generator,
  generatorKind,
  isFloatingPoint,
  K,
  ones,
  ShapeError,
  type Tensor,
  ValueError,
  where,
} from '@kindling/core';
import { dropout } from '../dropout.ts';

/** Options of {@link scaledDotProductAttention}. */
export interface AttentionOptions {
  /** Broadcasts to (..., L, S): of bools `true` where a key takes part, else added to the scores. */
  readonly attnMask?: Tensor | null;
  /** The probability of dropping a weight. Default: 0. */
  readonly dropoutP?: number;
  /** Whether query i sees the keys up to i alone. Default: false. */
  readonly isCausal?: boolean;
  /** The factor of the scores. Default: 1 / sqrt(E). */
  readonly scale?: number | null;
  /** Whether several heads of the query share one of key and value. Default: false. */
  readonly enableGqa?: boolean;
  /** Where the random numbers of dropout come from. Default: the default generator. */
  readonly generator?: Generator;
}

/** Keys or values, each head of which serves as many heads of the query as there are more of them. */
function sharedByHeads(x: Tensor, heads: number): Tensor {
  const own = x.size(-3);
  if (own === 0 || heads % own !== 0) {
    throw new ShapeError(
      `scaledDotProductAttention: with enableGqa the number of heads of the query must be a multiple of those of key and value, ` +
        `got ${heads} and ${own}`,
    );
  }
  return own === heads ? x : x.repeatInterleave(heads / own, { dim: -3 });
}

function checkShapes(query: Tensor, key: Tensor, value: Tensor): void {
  const got = [query, key, value].map((x) => formatShape(x.shape)).join(', ');
  if (query.ndim < 2 || key.ndim < 2 || value.ndim < 2) {
    throw new ShapeError(
      `scaledDotProductAttention: expected query, key and value of at least 2 dimensions, got ${got}`,
    );
  }
  if (query.dtype !== key.dtype || query.dtype !== value.dtype) {
    throw new DTypeError(
      `scaledDotProductAttention: Expected query, key, and value to have the same dtype, got ${query.dtype}, ${key.dtype}, ` +
        value.dtype,
    );
  }
  if (query.size(-1) !== key.size(-1) || key.size(-2) !== value.size(-2)) {
    throw new ShapeError(
      `scaledDotProductAttention: expected query (..., L, E), key (..., S, E) and value (..., S, Ev), got ${got}`,
    );
  }
}

/** Softmax over the keys; a query that may see none has weights of 0. */
function softmaxWhere(scores: Tensor): Tensor {
  const blind = scores.detach().eq(-Infinity).all(-1, { keepdim: true });
  return where(blind, 0, where(blind, 0, scores).softmax(-1));
}

/**
 * softmax(q k^T scale + mask) v: each of L queries gets the mean of S values, weighed by how its product with their keys stands out.
 * Shapes: query (..., L, E), key (..., S, E), value (..., S, Ev), the result (..., L, Ev). A query that the mask lets see no key gets
 * zeros. Follows `torch.nn.functional.scaled_dot_product_attention`.
 * @throws ShapeError when the shapes do not fit each other, DTypeError when the dtypes differ
 * @throws ValueError when both a mask and `isCausal` are given
 * @example
 * ```ts
 * const [q, k, v] = [ones([2, 4]), ones([3, 4]), eye(3)];
 * F.scaledDotProductAttention(q, k, v, { isCausal: true });
 * // tensor([[1.0000, 0.0000, 0.0000],
 * //         [0.5000, 0.5000, 0.0000]])
 * ```
 */
export const scaledDotProductAttention = /* @__PURE__ */ composition(
  'scaledDotProductAttention',
  () => ({
    query: K.tensor,
    key: K.tensor,
    value: K.tensor,
    options: K.options<AttentionOptions>({
      attnMask: K.nullable(K.tensor),
      dropoutP: K.probability,
      isCausal: K.flag,
      scale: K.nullable(K.number),
      enableGqa: K.flag,
      generator: generatorKind,
    }),
  }),
  (query: Tensor, key: Tensor, value: Tensor, options: AttentionOptions = {}): Tensor => {
    const { attnMask = null, dropoutP = 0, isCausal = false, scale = null, enableGqa = false } = options;
    checkShapes(query, key, value);
    if (isCausal && attnMask !== null) {
      throw new ValueError(
        'scaledDotProductAttention: Explicit attnMask should not be set when isCausal is true',
      );
    }
    if (attnMask !== null && attnMask.dtype !== 'bool' && !isFloatingPoint(attnMask.dtype)) {
      throw new DTypeError(
        `scaledDotProductAttention: expected attnMask to be bool or float, got ${attnMask.dtype}`,
      );
    }
    const heads = query.ndim > 2 ? query.size(-3) : 1;
    const [k, v] = enableGqa ? [sharedByHeads(key, heads), sharedByHeads(value, heads)] : [key, value];
    const scores = query.mul(scale ?? 1 / Math.sqrt(query.size(-1))).matmul(k.transpose(-2, -1));
    const seen = isCausal ? ones([query.size(-2), k.size(-2)], { dtype: 'bool' }).tril() : attnMask;
    const masked =
      seen === null ? scores : seen.dtype === 'bool' ? where(seen, scores, -Infinity) : scores.add(seen);
    // By the causal mask every query sees the first key.
    const weights = attnMask === null ? masked.softmax(-1) : softmaxWhere(masked);
    const { generator } = options;
    const kept = dropoutP > 0 ? dropout(weights, { p: dropoutP, ...(generator && { generator }) }) : weights;
    return kept.matmul(v);
  },
);
