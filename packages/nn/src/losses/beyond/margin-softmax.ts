import {
  applyElementwise,
  arange,
  calledAs,
  checkArguments,
  composition,
  E,
  ElementwiseOp,
  formatShape,
  K,
  linear,
  ShapeError,
  type Tensor,
  ValueError,
} from '@kindling/core';
import { xavierUniform_ } from '../../init/scaled.ts';
import { emptyParameter, type LayerOptions } from '../../layers/factory.ts';
import { normalize } from '../../layers/normalization/normalize.ts';
import { checkInput } from '../../module/arguments.ts';
import type { Parameter } from '../../module/parameter.ts';
import { type CrossEntropyLossOptions, crossEntropy } from '../cross-entropy.ts';
import { Loss } from '../loss.ts';
import type { BoundOptions } from '../loss-class.ts';
import type { SampleWeightOptions } from '../reduction.ts';
import { lossParameters } from '../reduction.ts';

/** Options of {@link cosFaceLoss}: those of the cross-entropy, and the margin. */
export interface CosFaceLossOptions extends CrossEntropyLossOptions {
  /** What the cosine of the own class is lowered by. Default: 0.35. */
  readonly margin?: number;
  /** What the cosines are multiplied by before the softmax. Default: 64. */
  readonly scale?: number;
}

/** Options of {@link arcFaceLoss}: those of the cross-entropy, and the margin. */
export interface ArcFaceLossOptions extends CosFaceLossOptions {
  /** The angle that is added to that of the own class, in radians, in [0, pi/2]. Default: 0.5. */
  readonly margin?: number;
  /** Leave samples more than 90 degrees off their class without a margin. Default: false. */
  readonly easyMargin?: boolean;
}

const cosFaceDefaults = { margin: 0.35, scale: 64 };
const arcFaceDefaults = { margin: 0.5, scale: 64, easyMargin: false };

/** The least square of a sine that has a gradient: at 0 it would be infinite. */
const leastSquare = 1e-12;

const arc = /* @__PURE__ */ new ElementwiseOp({
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

const flat = /* @__PURE__ */ new ElementwiseOp({
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
  const [, classes = 0] = cosine.shape;
  return arange(classes, { dtype: 'int32' }).eq(target.unsqueeze(1));
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
 * @throws ShapeError for shapes that do not fit, ValueError for a margin outside [0, pi/2]; else as
 *   {@link crossEntropy}
 * @example F.arcFaceLoss(tensor([[0.8, 0.1]]), tensor([0]), { scale: 8 }); // tensor(0.0777)
 */
export const arcFaceLoss = /* @__PURE__ */ composition(
  'arcFaceLoss',
  () =>
    lossParameters<ArcFaceLossOptions>({
      margin: K.number,
      easyMargin: K.flag,
      scale: K.number,
      labelSmoothing: K.number,
      weight: K.nullable(K.tensor),
      ignoreIndex: K.integer,
    }),
  (input: Tensor, target: Tensor, options: ArcFaceLossOptions = {}): Tensor => {
    const {
      margin = arcFaceDefaults.margin,
      scale = arcFaceDefaults.scale,
      easyMargin = arcFaceDefaults.easyMargin,
      ...rest
    } = options;
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
  },
);

/**
 * Cross-entropy of scaled cosines, with that of the own class lowered:
 *
 *     logits_j = scale cos(theta_j),  and scale (cos(theta_t) - margin) for the target class t
 *
 * Shapes as for {@link arcFaceLoss}.
 *
 * Wang, Wang, Zhou, Ji, Gong, Zhou, Li, Liu: CosFace: large margin cosine loss for deep face recognition,
 * 2018, https://arxiv.org/abs/1801.09414.
 * @throws ShapeError for shapes that do not fit, ValueError for a negative margin; else as {@link crossEntropy}
 * @example F.cosFaceLoss(tensor([[0.8, 0.1]]), tensor([0]), { scale: 8 }); // tensor(0.0590)
 */
export const cosFaceLoss = /* @__PURE__ */ composition(
  'cosFaceLoss',
  () =>
    lossParameters<CosFaceLossOptions>({
      margin: K.number,
      scale: K.number,
      labelSmoothing: K.number,
      weight: K.nullable(K.tensor),
      ignoreIndex: K.integer,
    }),
  (input: Tensor, target: Tensor, options: CosFaceLossOptions = {}): Tensor => {
    const { margin = cosFaceDefaults.margin, scale = cosFaceDefaults.scale, ...rest } = options;
    if (!(margin >= 0)) throw new ValueError(`cosFaceLoss: margin must not be negative, got ${margin}`);
    const own = ownClass('cosFaceLoss', input, target);
    return crossEntropy(applyElementwise(flat, [own, input], [margin, scale]), target, rest);
  },
);

/** A softmax over the cosines between embeddings and learned centres of the classes. */
class MarginSoftmaxLoss extends Loss<[input: Tensor, target: Tensor]> {
  /** The size of an embedding. */
  readonly embeddingSize: number;
  /** The number of classes. */
  readonly numClasses: number;
  /** What the cosine of the own class is lowered by, or the angle that is added. */
  margin: number;
  /** What the cosines are multiplied by before the softmax. */
  scale: number;
  /** The centres, (numClasses, embeddingSize): of each only the direction counts. */
  weight: Parameter;

  constructor(
    embeddingSize: number,
    numClasses: number,
    options: LayerOptions & BoundOptions<CosFaceLossOptions, 'margin' | 'scale'>,
    defaults: typeof cosFaceDefaults,
    given: IArguments,
  ) {
    const kinds = K.options({ reduction: K.text, dtype: K.dtype, ...K.allLike(defaults) });
    checkArguments(new.target.name, { embeddingSize: K.count, numClasses: K.count, options: kinds }, given);
    super(options);
    this.embeddingSize = embeddingSize;
    this.numClasses = numClasses;
    this.margin = options.margin ?? defaults.margin;
    this.scale = options.scale ?? defaults.scale;
    this.weight = emptyParameter([numClasses, embeddingSize], options);
    this.resetParameters();
  }

  /** Draws the centres anew. */
  resetParameters(): void {
    xavierUniform_(this.weight);
  }

  /**
   * The cosine between each embedding (N, embeddingSize) and each centre: (N, numClasses). Its argmax is the
   * prediction.
   * @throws ShapeError for embeddings of another size
   */
  cosine(input: Tensor): Tensor {
    checkInput(this, input);
    try {
      return linear(normalize(input), normalize(this.weight));
    } catch (error) {
      throw calledAs(`${this.constructor.name}.cosine`, error);
    }
  }

  override extraRepr(): string {
    return `${this.embeddingSize}, ${this.numClasses}, margin=${this.margin}, scale=${this.scale}`;
  }
}

/**
 * Softmax over angles with a margin added to that of the own class: input are embeddings (N, embeddingSize),
 * target the class indices (N); {@link arcFaceLoss} is the loss of the cosines. Give its parameters to
 * the optimizer together with the model's. Kindling's own, after the paper there.
 * @throws ValueError for an unknown reduction
 * @example
 * ```ts
 * const lossFn = new nn.ArcFaceLoss(16, 10, { scale: 16 });
 * lossFn(randn([4, 16]), tensor([3, 0, 9, 3])).shape; // []
 *
 * // The predictions.
 * lossFn.cosine(randn([4, 16])).argmax(1).shape; // [ 4 ]
 * ```
 */
export class ArcFaceLoss extends MarginSoftmaxLoss {
  /** Leave samples more than 90 degrees off their class without a margin. */
  easyMargin: boolean;

  constructor(
    embeddingSize: number,
    numClasses: number,
    options: LayerOptions & BoundOptions<ArcFaceLossOptions, keyof typeof arcFaceDefaults> = {},
  ) {
    const { easyMargin = arcFaceDefaults.easyMargin } = (
      K.isOptions(options) ? options : {}
    ) as typeof options;
    super(embeddingSize, numClasses, options, arcFaceDefaults, arguments);
    this.easyMargin = easyMargin;
  }

  override forward(input: Tensor, target: Tensor, options?: SampleWeightOptions): Tensor {
    const { margin, scale, easyMargin } = this;
    return arcFaceLoss(this.cosine(input), target, this.bound({ margin, scale, easyMargin }, options));
  }
}

/**
 * Softmax over cosines with a margin taken off that of the own class: input are embeddings (N,
 * embeddingSize), target the class indices (N); {@link cosFaceLoss} is the loss of the cosines. Give its
 * parameters to the optimizer together with the model's. Kindling's own, after the paper there.
 * @throws ValueError for an unknown reduction
 * @example
 * ```ts
 * const lossFn = new nn.CosFaceLoss(16, 10, { scale: 16 });
 * lossFn(randn([4, 16]), tensor([3, 0, 9, 3])).shape; // []
 * ```
 */
export class CosFaceLoss extends MarginSoftmaxLoss {
  constructor(
    embeddingSize: number,
    numClasses: number,
    options: LayerOptions & BoundOptions<CosFaceLossOptions, keyof typeof cosFaceDefaults> = {},
  ) {
    super(embeddingSize, numClasses, options, cosFaceDefaults, arguments);
  }

  override forward(input: Tensor, target: Tensor, options?: SampleWeightOptions): Tensor {
    const { margin, scale } = this;
    return cosFaceLoss(this.cosine(input), target, this.bound({ margin, scale }, options));
  }
}
