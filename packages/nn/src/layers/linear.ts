import { checkArguments, K, linear, type Tensor } from '@kindling/core';
import { Module } from '../module/module.ts';
import type { Parameter } from '../module/parameter.ts';
import { pyBool } from '../module/print.ts';
import { drawAffine, emptyParameter, type LayerOptions, layerKinds } from './factory.ts';

export { linear };

/** Options of {@link Linear} and {@link Bilinear}. */
export interface LinearOptions extends LayerOptions {
  /** Whether something is added. Default: true. */
  readonly bias?: boolean;
}

const linearKinds: K.Kinds<LinearOptions> = { bias: K.flag, ...layerKinds };

/**
 * y = x W^T + b. Shapes: x (*, inFeatures), y (*, outFeatures). Parameters start uniform in +-1 / sqrt(inFeatures).
 * Follows `torch.nn.Linear`.
 * @throws ShapeError when the last size of x is not inFeatures.
 * @throws DTypeError when x has another dtype than the parameters.
 * @example
 * ```ts
 * const fc = new nn.Linear(784, 128);
 * fc(randn([64, 784])).shape; // [ 64, 128 ]
 * ```
 */
export class Linear extends Module<[Tensor], Tensor> {
  /** The last size of x. */
  readonly inFeatures: number;
  /** The last size of y. */
  readonly outFeatures: number;
  /** W, (outFeatures, inFeatures). */
  weight: Parameter;
  /** b, (outFeatures,), or `null` where nothing is added. */
  bias: Parameter | null;

  constructor(inFeatures: number, outFeatures: number, options: LinearOptions = {}) {
    checkArguments(
      new.target.name,
      { inFeatures: K.count, outFeatures: K.count, options: K.options(linearKinds) },
      arguments,
    );
    super();
    this.inFeatures = inFeatures;
    this.outFeatures = outFeatures;
    this.weight = emptyParameter([outFeatures, inFeatures], options);
    this.bias = (options.bias ?? true) ? emptyParameter([outFeatures], options) : null;
    this.resetParameters();
  }

  /** Draws the parameters anew. */
  resetParameters(): void {
    drawAffine(this.weight, this.bias);
  }

  override forward(x: Tensor): Tensor {
    return linear(x, this.weight, this.bias);
  }

  override extraRepr(): string {
    return `in_features=${this.inFeatures}, out_features=${this.outFeatures}, bias=${pyBool(this.bias !== null)}`;
  }
}
