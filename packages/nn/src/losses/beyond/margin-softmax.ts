import type { Tensor } from '@kindling/core';
import { linear } from '../../functional/linear.ts';
import { arcFaceLoss, cosFaceLoss } from '../../functional/losses/beyond/margin-softmax.ts';
import type { SampleWeightOptions } from '../../functional/losses/reduction.ts';
import { normalize } from '../../functional/normalization.ts';
import { xavierUniform_ } from '../../init/scaled.ts';
import { emptyParameter, type LayerOptions } from '../../layers/factory.ts';
import type { Parameter } from '../../module/parameter.ts';
import { Loss, type LossModuleOptions } from '../loss.ts';

/** Options of {@link CosFaceLoss}. */
export interface CosFaceOptions extends LossModuleOptions, LayerOptions {
  /**
   * What the cosine of the own class is lowered by, or the angle that is added. Default: 0.35; for
   * ArcFaceLoss 0.5.
   */
  readonly margin?: number;
  /** What the cosines are multiplied by before the softmax. Default: 64. */
  readonly scale?: number;
}

/** Options of {@link ArcFaceLoss}. */
export interface ArcFaceOptions extends CosFaceOptions {
  /** Leave samples more than 90 degrees off their class without a margin. Default: false. */
  readonly easyMargin?: boolean;
}

/** A softmax over the cosines between embeddings and learned centres of the classes. */
class MarginSoftmaxLoss extends Loss<[input: Tensor, target: Tensor]> {
  readonly embeddingSize: number;
  readonly numClasses: number;
  margin: number;
  scale: number;
  /** The centres, (numClasses, embeddingSize): of each only the direction counts. */
  weight: Parameter;

  constructor(embeddingSize: number, numClasses: number, options: CosFaceOptions, margin: number) {
    super(options);
    this.embeddingSize = embeddingSize;
    this.numClasses = numClasses;
    this.margin = options.margin ?? margin;
    this.scale = options.scale ?? 64;
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
   */
  cosine(input: Tensor): Tensor {
    return linear(normalize(input), normalize(this.weight));
  }

  override extraRepr(): string {
    return `${this.embeddingSize}, ${this.numClasses}, margin=${this.margin}, scale=${this.scale}`;
  }
}

/**
 * Softmax over angles with a margin added to that of the own class: input are embeddings (N, embeddingSize),
 * target the class indices (N); see {@link arcFaceLoss} for the loss of the cosines. Give its parameters to
 * the optimizer together with the model's.
 *
 * Deng, Guo, Xue, Zafeiriou: ArcFace: additive angular margin loss for deep face recognition, 2018,
 * https://arxiv.org/abs/1801.07698.
 *
 * @example
 * ```ts
 * const lossFn = new nn.ArcFaceLoss(16, 10, { scale: 16 });
 * lossFn(randn([4, 16]), tensor([3, 0, 9, 3]));
 * lossFn.cosine(randn([4, 16])).argmax(1); // the predictions
 * ```
 */
export class ArcFaceLoss extends MarginSoftmaxLoss {
  easyMargin: boolean;

  constructor(embeddingSize: number, numClasses: number, options: ArcFaceOptions = {}) {
    super(embeddingSize, numClasses, options, 0.5);
    this.easyMargin = options.easyMargin ?? false;
  }

  override forward(input: Tensor, target: Tensor, options?: SampleWeightOptions): Tensor {
    const { margin, scale, easyMargin } = this;
    return arcFaceLoss(this.cosine(input), target, this.bound({ margin, scale, easyMargin }, options));
  }
}

/**
 * Softmax over cosines with a margin taken off that of the own class: input are embeddings (N,
 * embeddingSize), target the class indices (N); see {@link cosFaceLoss} for the loss of the cosines. Give its
 * parameters to the optimizer together with the model's.
 *
 * Wang, Wang, Zhou, Ji, Gong, Zhou, Li, Liu: CosFace: large margin cosine loss for deep face recognition,
 * 2018, https://arxiv.org/abs/1801.09414.
 *
 * @example new nn.CosFaceLoss(16, 10, { scale: 16 })(randn([4, 16]), tensor([3, 0, 9, 3]));
 */
export class CosFaceLoss extends MarginSoftmaxLoss {
  constructor(embeddingSize: number, numClasses: number, options: CosFaceOptions = {}) {
    super(embeddingSize, numClasses, options, 0.35);
  }

  override forward(input: Tensor, target: Tensor, options?: SampleWeightOptions): Tensor {
    const { margin, scale } = this;
    return cosFaceLoss(this.cosine(input), target, this.bound({ margin, scale }, options));
  }
}
