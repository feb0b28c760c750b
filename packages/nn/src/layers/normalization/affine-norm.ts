import { K, type Tensor } from '@kindling/core';
import { ones_, zeros_ } from '../../init/fills.ts';
import { Module } from '../../module/module.ts';
import type { Parameter } from '../../module/parameter.ts';
import { emptyParameter, type LayerOptions } from '../factory.ts';

/** Options of the functions that normalise, and then multiply and add. */
export interface AffineOptions {
  /** What the result is multiplied by: one for each channel, of layer normalisation of shape `normalizedShape`. */
  readonly weight?: Tensor | null;
  /** What is added to it, likewise. */
  readonly bias?: Tensor | null;
  /** Added to the variance. Default: 1e-5. */
  readonly eps?: number;
}

/** What {@link AffineOptions} take. */
export const affineKinds: K.Kinds<AffineOptions> = {
  weight: /* @__PURE__ */ K.nullable(K.tensor),
  bias: /* @__PURE__ */ K.nullable(K.tensor),
  eps: K.number,
};

export const defaultEps = 1e-5;

/** What the layers share that normalise, and then multiply and add. */
export abstract class AffineNorm extends Module<[Tensor], Tensor> {
  /** The factor, (C,), of layer normalisation of shape `normalizedShape`; or `null`. */
  weight: Parameter | null;
  /** The summand, likewise. */
  bias: Parameter | null;

  constructor(
    shape: readonly number[],
    affine: boolean,
    options: LayerOptions & { readonly bias?: boolean },
  ) {
    super();
    this.weight = affine ? emptyParameter(shape, options) : null;
    this.bias = affine && (options.bias ?? true) ? emptyParameter(shape, options) : null;
  }

  /** Sets the factor to 1 and the summand to 0. */
  resetParameters(): void {
    if (this.weight !== null) ones_(this.weight);
    if (this.bias !== null) zeros_(this.bias);
  }
}
