/** The weights of attention, made by tensor operations, and kept. */

import { ShapeError } from '../../errors.ts';
import { E } from '../../kernels/index.ts';
import { expandsTo, formatShape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { ones } from '../creation/fill.ts';
import { applyElementwise, ElementwiseOp } from '../elementwise/operation.ts';
import { where } from '../elementwise/select.ts';

/** How scores are made: what `mask` lets a query see, or adds to its scores. */
interface Scored {
  readonly scale: number;
  readonly isCausal: boolean;
  readonly mask: Tensor | null;
}

/** Scores, or 0 where `seeing` is 0; the gradient goes on as it is. */
const seenScores = /* @__PURE__ */ new ElementwiseOp({
  name: 'seen_scores',
  arity: 2,
  expression: (score, seeing) => E.select(E.eq(seeing, 0), 0, score),
  gradient: ({ g }) => [g, null],
});

/**
 * Softmax over the keys; a query all of whose scores are -Infinity has weights of 0, by a factor of 0: as in PyTorch, a
 * gradient to them that is not finite is NaN to its scores.
 */
function softmaxWhere(scores: Tensor): Tensor {
  const seeing = scores.detach().ne(-Infinity).any(-1, { keepdim: true }).to(scores.dtype);
  return applyElementwise(seenScores, [scores, seeing]).softmax(-1).mul(seeing);
}

/** softmax(q k^T scale + mask). What bools forbid is added too, as in PyTorch: a NaN is not hidden by it. */
export function attentionWeights(q: Tensor, k: Tensor, { scale, isCausal, mask }: Scored): Tensor {
  const scores = q.mul(scale).matmul(k.transpose(-2, -1));
  if (isCausal) {
    const seen = ones([q.size(-2), k.size(-2)], { dtype: 'bool' }).tril();
    return softmaxWhere(where(seen, scores, -Infinity));
  }
  if (mask === null) return softmaxWhere(scores);
  if (!expandsTo(mask.shape, scores.shape)) {
    throw new ShapeError(
      `scaledDotProductAttention: expected attnMask to broadcast to the scores, ${formatShape(scores.shape)}, got ` +
        formatShape(mask.shape),
    );
  }
  return softmaxWhere(scores.add(mask.dtype === 'bool' ? where(mask, 0, -Infinity) : mask));
}

/**
 * Keys or values, each head of which serves as many heads of the query as there are more of them.
 * @throws ShapeError where the heads cannot be shared evenly
 */
export function sharedByHeads(x: Tensor, heads: number): Tensor {
  const own = x.size(-3);
  if (own === 0 || heads % own !== 0) {
    throw new ShapeError(
      `scaledDotProductAttention: with enableGqa the number of heads of the query must be a multiple of those of key and value, ` +
        `got ${heads} and ${own}`,
    );
  }
  return own === heads ? x : x.repeatInterleave(heads / own, { dim: -3 });
}
