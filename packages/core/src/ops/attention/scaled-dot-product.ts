import { composition, K } from '../../arguments/index.ts';
import { DTypeError, ShapeError, ValueError } from '../../errors.ts';
import { attentionFits } from '../../kernels/index.ts';
import { type Generator, generatorKind } from '../../random/index.ts';
import { composed, isGradEnabled } from '../../record/index.ts';
import { formatShape, numelOf, type Shape, sameShape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { dropoutMask } from '../random/random-tensors.ts';
import { attend } from './attention-primitives.ts';
import { attentionWeights, sharedByHeads } from './weights.ts';

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

function checkOperands(query: Tensor, key: Tensor, value: Tensor): void {
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
}

/** Refuses operands of which some is wrong for the others. */
function checkSizes(query: Tensor, key: Tensor, value: Tensor): void {
  if (query.size(-1) === key.size(-1) && key.size(-2) === value.size(-2)) return;
  const got = [query, key, value].map((x) => formatShape(x.shape)).join(', ');
  throw new ShapeError(
    `scaledDotProductAttention: expected query (..., L, E), key (..., S, E) and value (..., S, Ev), got ${got}`,
  );
}

/** Whether there is nothing to look up, or nobody who does: then the operands need not fit each other. */
const nothingToAttend = (query: Tensor, key: Tensor, value: Tensor): boolean =>
  value.count === 0 || query.size(-2) === 0 || key.size(-2) === 0;

/** Zeros for each query, with a gradient of zeros to all operands: NaN where one of them is not finite, as in PyTorch. */
const nothing = (query: Tensor, key: Tensor, value: Tensor): Tensor =>
  query
    .sum()
    .add(key.sum())
    .add(value.sum())
    .mul(0)
    .expand([...query.shape.slice(0, -1), value.size(-1)]);

const batchOf = (x: Tensor): Shape => x.shape.slice(0, -2);

/** Whether heads of queries, and what is in front of them, fit those of keys and values. */
function batchesFit(query: Tensor, key: Tensor, value: Tensor, isShared: boolean): boolean {
  const batch = isShared ? batchOf(query).slice(0, -1) : batchOf(query);
  const own = isShared ? [...batch, key.size(-3)] : batch;
  return sameShape(batchOf(key), own) && sameShape(batchOf(value), own);
}

/** Whether a mask is none, or one that needs no gradient and broadcasts to the scores without making them more. */
function maskFits(mask: Tensor | null, { dtype }: Tensor, scores: Shape): boolean {
  if (mask === null) return true;
  const lead = scores.length - mask.ndim;
  return (
    (mask.dtype === 'bool' || mask.dtype === dtype) &&
    !(mask.requiresGrad && isGradEnabled()) &&
    lead >= 0 &&
    mask.shape.every((size, d) => size === 1 || size === scores[lead + d])
  );
}

/** A tensor (..., L, E) as (N, H, L, E); of three dimensions the first is H where heads are shared, else N. */
function inHeads(x: Tensor, isShared: boolean): Tensor {
  if (x.ndim === 4) return x;
  if (x.ndim === 3) return x.unsqueeze(isShared ? 0 : 1);
  const [heads = 1, rows = 1, size = 1] = x.shape.slice(-3);
  return x.ndim === 2
    ? x.unsqueeze(0).unsqueeze(0)
    : x.reshape([numelOf(x.shape.slice(0, -3)), heads, rows, size]);
}

/** A mask as (N or 1, H or 1, L or 1, S). */
function maskInHeads(mask: Tensor, scores: Shape, isShared: boolean): Tensor {
  let whole = mask.reshape([...new Array<number>(scores.length - mask.ndim).fill(1), ...mask.shape]);
  const keys = scores.at(-1) ?? 1;
  if (whole.size(-1) !== keys) whole = whole.expand([...whole.shape.slice(0, -1), keys]).contiguous();
  const lead = whole.shape.slice(0, -3);
  if (lead.length > 1 && lead.some((size) => size !== 1))
    whole = whole.expand([...scores.slice(0, -3), ...whole.shape.slice(-3)]);
  return inHeads(whole, isShared);
}

/**
 * softmax(q k^T scale + mask) v: each of L queries gets the mean of S values, weighed by how its product with their
 * keys stands out. Shapes: query (..., L, E), key (..., S, E), value (..., S, Ev), the result (..., L, Ev). A query
 * that the mask lets see no key gets zeros. Without dropout the L x S weights are never in memory at once, unless the
 * mask wants a gradient or the gradient is differentiated. Follows `torch.nn.functional.scaled_dot_product_attention`.
 * @throws ShapeError when the shapes do not fit each other, DTypeError when the dtypes differ
 * @throws ValueError when both a mask and `isCausal` are given
 * @example
 * ```ts
 * const [q, k, v] = [ones([2, 4]), ones([3, 4]), eye(3)];
 * scaledDotProductAttention(q, k, v, { isCausal: true });
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
    const { attnMask: mask = null, dropoutP = 0, isCausal = false, enableGqa = false } = options;
    checkOperands(query, key, value);
    if (isCausal && mask !== null) {
      throw new ValueError(
        'scaledDotProductAttention: Explicit attnMask should not be set when isCausal is true',
      );
    }
    if (mask !== null && !['bool', 'float32', query.dtype].includes(mask.dtype)) {
      throw new DTypeError(
        `scaledDotProductAttention: expected attnMask to be bool or float, or of the dtype of the query, got ${mask.dtype}`,
      );
    }
    if (nothingToAttend(query, key, value)) return nothing(query, key, value).contiguous();
    checkSizes(query, key, value);
    const scale = options.scale ?? 1 / Math.sqrt(query.size(-1));
    const isShared = enableGqa && query.ndim > 2;
    const scores = [...query.shape.slice(0, -1), key.size(-2)];
    if (
      dropoutP === 0 &&
      query.count > 0 &&
      key.count > 0 &&
      attentionFits(query.size(-1), value.size(-1), query.dtype) &&
      batchesFit(query, key, value, isShared) &&
      (!isShared || query.size(-3) % key.size(-3) === 0) &&
      maskFits(mask, query, scores)
    ) {
      const [q, k, v] = [inHeads(query, isShared), inHeads(key, isShared), inHeads(value, isShared)];
      const y = attend(q, k, v, mask && maskInHeads(mask, scores, isShared), { scale, isCausal });
      const whole = query.ndim === 4 ? y : y.reshape([...query.shape.slice(0, -1), value.size(-1)]);
      return composed('scaled_dot_product_flash_attention_for_cpu', whole, query, key, value);
    }
    const heads = query.ndim > 2 ? query.size(-3) : 1;
    const [k, v] = enableGqa ? [sharedByHeads(key, heads), sharedByHeads(value, heads)] : [key, value];
    const weights = attentionWeights(query, k, { scale, isCausal, mask });
    if (dropoutP === 0) return weights.matmul(v);
    return weights.mul(dropoutMask(weights.detach(), dropoutP, options.generator)).matmul(v);
  },
);
