import { type Tensor, ValueError } from '@kindling/core';
import { bilinear } from '../functional/linear.ts';
import { uniform_ } from '../init/fills.ts';
import { Module } from '../module/module.ts';
import type { Parameter } from '../module/parameter.ts';
import { pyBool } from '../module/print.ts';
import { emptyParameter } from './factory.ts';
import type { LinearOptions } from './linear.ts';

/**
 * y = x1^T A x2 + b. Shapes: x1 (*, in1Features), x2 (*, in2Features), `weight` (outFeatures, in1Features, in2Features),
 * `bias` (outFeatures,), y (*, outFeatures). Both start uniform in +-1 / sqrt(in1Features). Follows `torch.nn.Bilinear`.
 *
 * @example
 * ```ts
 * new nn.Bilinear(20, 30, 40)(randn([128, 20]), randn([128, 30])).shape; // [128, 40]
 * ```
 */
export class Bilinear extends Module<[Tensor, Tensor], Tensor> {
  readonly in1Features: number;
  readonly in2Features: number;
  readonly outFeatures: number;
  weight: Parameter;
  bias: Parameter | null;

  constructor(in1Features: number, in2Features: number, outFeatures: number, options: LinearOptions = {}) {
    super();
    if (in1Features <= 0) throw new ValueError(`Bilinear: in1_features must be > 0, but got ${in1Features}`);
    this.in1Features = in1Features;
    this.in2Features = in2Features;
    this.outFeatures = outFeatures;
    this.weight = emptyParameter([outFeatures, in1Features, in2Features], options);
    this.bias = (options.bias ?? true) ? emptyParameter([outFeatures], options) : null;
    this.resetParameters();
  }

  /** Draws the parameters anew. */
  resetParameters(): void {
    const bound = 1 / Math.sqrt(this.weight.shape[1]!);
    uniform_(this.weight, { a: -bound, b: bound });
    if (this.bias !== null) uniform_(this.bias, { a: -bound, b: bound });
  }

  override forward(x1: Tensor, x2: Tensor): Tensor {
    return bilinear(x1, x2, this.weight, this.bias);
  }

  override extraRepr(): string {
    return (
      `in1_features=${this.in1Features}, in2_features=${this.in2Features}, ` +
      `out_features=${this.outFeatures}, bias=${pyBool(this.bias !== null)}`
    );
  }
}
