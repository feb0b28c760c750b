import {
  applyElementwise,
  arange,
  E,
  ElementwiseOp,
  formatShape,
  ShapeError,
  type Tensor,
  ValueError,
} from '@kindling/core';
import { type CrossEntropyLossOptions, crossEntropy } from '../cross-entropy.ts';

/** Options of {@link cosFaceLoss}: those of the cross-entropy, and the margin. */
export interface CosFaceLossOptions extends CrossEntropyLossOptions {
  /** What the cosine of the own class is lowered by. Default: 0.35. */
  readonly margin?: number;
  /** What the cosines are multiplied by before the softmax. Default: 64. */
  readonly scale?: number;
}

/** Options of {@link arcFaceLoss}: those of the cross-entropy, and the margin. */
export interface ArcFaceLossOptions extends CrossEntropyLossOptions {
  /** The angle that is added to that of the own class, in radians, in [0, pi/2]. Default: 0.5. */
  readonly margin?: number;
  /** What the cosines are multiplied by before the softmax. Default: 64. */
  readonly scale?: number;
  /** Leave samples more than 90 degrees off their class without a margin. Default: false. */
  readonly easyMargin?: boolean;
}

/** The least square of a sine that has a gradient: at 0 it would be infinite. */
const leastSquare = 1e-12;

const arc = new ElementwiseOp({
  name: 'arc_margin',
  arity: 2,
  dtype: 'condition',
  expression(own, cosine, cosMargin, sinMargin, threshold, lowered, scale) {
    const c = cosine;
    const sine = E.sqrt(E.max(E.sub(1, E.square(c)), leastSquare));
    const turned = E.sub(E.mul(c, cosMargin), E.mul(sine, sinMargin));
    const withMargin = E.select(E.gt(c, threshold), turned, E.sub(c, lowered));
    return E.mul(scale, E.select(E.toMask(own), withMargin, c));
  },
});

const flat = new ElementwiseOp({
  name: 'cosine_margin',
  arity: 2,
  dtype: 'condition',
  expression: (own, c, margin, scale) => E.mul(scale, E.select(E.toMask(own), E.sub(c, margin), c)),
});

/** Where the class of a column is that of the row: (N, C). */
function ownClass(caller: string, cosine: Tensor, target: Tensor): Tensor {
  if (cosine.ndim !== 2 || target.ndim !== 1 || target.shape[0] !== cosine.shape[0]) {
    throw new ShapeError(
      `${caller}: expected cosines (N, C) and class indices (N), got ${formatShape(cosine.shape)} and ` +
        formatShape(target.shape),
    );
  }
  return arange(cosine.shape[1]!, { dtype: 'int32' }).eq(target.unsqueeze(1));
}

/**
 * Cross-entropy of scaled cosines, with an angle added to that of the own class:
 *
 *     logits_j = scale cos(theta_j),  and scale cos(theta_t + margin) for the target class t
 *
 * Where theta_t + margin would exceed pi, the cosine is lowered by margin sin(margin) instead, so that it
 * stays monotonic. `input` are the cosines (N, C) between embeddings and class centres, `target` the class
 * indices (N); the unreduced loss is (N).
 *
 * Deng, Guo, Xue, Zafeiriou: ArcFace: additive angular margin loss for deep face recognition, 2018,
 * https://arxiv.org/abs/1801.07698.
 *
 * @throws ShapeError for shapes that do not fit, ValueError for a margin outside [0, pi/2]
 * @example F.arcFaceLoss(tensor([[0.8, 0.1]]), tensor([0]), { scale: 8 }); // 0.0777
 */
export function arcFaceLoss(input: Tensor, target: Tensor, options: ArcFaceLossOptions = {}): Tensor {
  const { margin = 0.5, scale = 64, easyMargin = false, ...rest } = options;
  if (!(margin >= 0 && margin <= Math.PI / 2)) {
    throw new ValueError(`arcFaceLoss: margin must be an angle between 0 and pi/2, got ${margin}`);
  }
  const sin = Math.sin(margin);
  const threshold = easyMargin ? 0 : -Math.cos(margin);
  const params = [Math.cos(margin), sin, threshold, easyMargin ? 0 : margin * sin, scale];
  return crossEntropy(
    applyElementwise(arc, [ownClass('arcFaceLoss', input, target), input], params),
    target,
    rest,
  );
}

/**
 * Cross-entropy of scaled cosines, with that of the own class lowered:
 *
 *     logits_j = scale cos(theta_j),  and scale (cos(theta_t) - margin) for the target class t
 *
 * Shapes as for {@link arcFaceLoss}.
 *
 * Wang, Wang, Zhou, Ji, Gong, Zhou, Li, Liu: CosFace: large margin cosine loss for deep face recognition,
 * 2018, https://arxiv.org/abs/1801.09414.
 *
 * @throws ShapeError for shapes that do not fit, ValueError for a negative margin
 * @example F.cosFaceLoss(tensor([[0.8, 0.1]]), tensor([0]), { scale: 8 }); // 0.0590
 */
export function cosFaceLoss(input: Tensor, target: Tensor, options: CosFaceLossOptions = {}): Tensor {
  const { margin = 0.35, scale = 64, ...rest } = options;
  if (!(margin >= 0)) throw new ValueError(`cosFaceLoss: margin must not be negative, got ${margin}`);
  const own = ownClass('cosFaceLoss', input, target);
  return crossEntropy(applyElementwise(flat, [own, input], [margin, scale]), target, rest);
}
