import type { Shape, Tensor } from '@kindling/core';
import { layerNorm, rmsNorm } from '../functional/normalization.ts';
import { ones_, zeros_ } from '../init/fills.ts';
import { Module } from '../module/module.ts';
import type { Parameter } from '../module/parameter.ts';
import { pyBool, pyFloat, pyTuple } from '../module/print.ts';
import { emptyParameter, type LayerOptions } from './factory.ts';

/** Options of {@link LayerNorm}. */
export interface LayerNormOptions extends LayerOptions {
  /** Added to the variance. Default: 1e-5. */
  readonly eps?: number;
  /** Whether there are a learned factor and summand. Default: true. */
  readonly elementwiseAffine?: boolean;
  /** Whether there is a summand. Default: true. */
  readonly bias?: boolean;
}

const sizes = (shape: Shape | number): Shape => (typeof shape === 'number' ? [shape] : [...shape]);

/**
 * Normalises over the last dimensions: y = (x - mean) / sqrt(var + eps) * weight + bias. `weight` and `bias` have the
 * shape of those dimensions. Follows `torch.nn.LayerNorm`.
 *
 * @example
 * ```ts
 * new nn.LayerNorm(10)(randn([20, 5, 10]));
 * new nn.LayerNorm([5, 10])(randn([20, 5, 10]));
 * ```
 */
export class LayerNorm extends Module<[Tensor], Tensor> {
  readonly normalizedShape: Shape;
  readonly eps: number;
  readonly elementwiseAffine: boolean;
  weight: Parameter | null;
  bias: Parameter | null;

  constructor(normalizedShape: Shape | number, options: LayerNormOptions = {}) {
    super();
    const { eps = 1e-5, elementwiseAffine = true, bias = true } = options;
    this.normalizedShape = sizes(normalizedShape);
    this.eps = eps;
    this.elementwiseAffine = elementwiseAffine;
    this.weight = elementwiseAffine ? emptyParameter(this.normalizedShape, options) : null;
    this.bias = elementwiseAffine && bias ? emptyParameter(this.normalizedShape, options) : null;
    this.resetParameters();
  }

  /** Sets the factor to 1 and the summand to 0. */
  resetParameters(): void {
    if (this.weight !== null) ones_(this.weight);
    if (this.bias !== null) zeros_(this.bias);
  }

  override forward(x: Tensor): Tensor {
    return layerNorm(x, this.normalizedShape, this);
  }

  override extraRepr(): string {
    return (
      `${pyTuple(this.normalizedShape)}, eps=${pyFloat(this.eps)}, ` +
      `elementwise_affine=${pyBool(this.elementwiseAffine)}, bias=${pyBool(this.bias !== null)}`
    );
  }
}

/** Options of {@link RMSNorm}. */
export interface RMSNormOptions extends LayerOptions {
  /** Added to the mean square. Default: the dtype's machine epsilon. */
  readonly eps?: number | null;
  /** Whether there is a learned factor. Default: true. */
  readonly elementwiseAffine?: boolean;
}

/** y = x / sqrt(mean(x^2) + eps) * weight, over the last dimensions. Follows `torch.nn.RMSNorm`. */
export class RMSNorm extends Module<[Tensor], Tensor> {
  readonly normalizedShape: Shape;
  readonly eps: number | null;
  readonly elementwiseAffine: boolean;
  weight: Parameter | null;

  constructor(normalizedShape: Shape | number, options: RMSNormOptions = {}) {
    super();
    const { eps = null, elementwiseAffine = true } = options;
    this.normalizedShape = sizes(normalizedShape);
    this.eps = eps;
    this.elementwiseAffine = elementwiseAffine;
    this.weight = elementwiseAffine ? emptyParameter(this.normalizedShape, options) : null;
    this.resetParameters();
  }

  /** Sets the factor to 1. */
  resetParameters(): void {
    if (this.weight !== null) ones_(this.weight);
  }

  override forward(x: Tensor): Tensor {
    return rmsNorm(x, this.normalizedShape, this);
  }

  override extraRepr(): string {
    const eps = this.eps === null ? 'None' : pyFloat(this.eps);
    return `${pyTuple(this.normalizedShape)}, eps=${eps}, elementwise_affine=${pyBool(this.elementwiseAffine)}`;
  }
}
