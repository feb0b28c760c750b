import type { Shape, Tensor } from '@kindling/core';
import { checkArguments, composed, composition, floatsOnly, K } from '@kindling/core';
import { ones_ } from '../../init/fills.ts';
import { Module } from '../../module/module.ts';
import type { Parameter } from '../../module/parameter.ts';
import { pyBool, pyFloat, pyTuple } from '../../module/print.ts';
import { emptyParameter, type LayerOptions, layerKinds } from '../factory.ts';
import { normalizedParameters, normalizedShapeKind, rowsOf, sizesOf } from './normalized-shape.ts';
import { normalized } from './standardize.ts';

const floats = /* @__PURE__ */ floatsOnly('rmsNorm');

/** Options of {@link rmsNorm}. */
export interface RmsNormOptions {
  /** Of shape `normalizedShape`. */
  readonly weight?: Tensor | null;
  /** Added to the mean square. Default: the dtype's machine epsilon. */
  readonly eps?: number | null;
}

/**
 * Divides by the root mean square over the last dimensions, those of `normalizedShape`: x / sqrt(mean(x^2) + eps) *
 * weight. Follows `torch.nn.functional.rms_norm`.
 * @throws ShapeError when x does not end in `normalizedShape`, or `weight` has another shape; DTypeError for integers.
 */
export const rmsNorm = /* @__PURE__ */ composition(
  'rmsNorm',
  () => normalizedParameters<RmsNormOptions>({ weight: K.nullable(K.tensor), eps: K.nullable(K.number) }),
  (x: Tensor, normalizedShape: Shape, options: RmsNormOptions = {}): Tensor => {
    floats(x.dtype);
    const { weight = null } = options;
    const rows = rowsOf('rmsNorm', x, normalizedShape, { weight });
    const eps = options.eps ?? (x.dtype === 'float64' ? Number.EPSILON : 2 ** -23);
    const joins = weight?.dtype === x.dtype ? weight : null;
    const [y] = normalized('rms_norm', x, { ...rows, eps, centered: false }, { weight: joins, bias: null });
    // A factor of another dtype counts as it is, and the result has the dtype of x.
    return composed('mul', weight === joins ? y : y.mul(weight ?? 1).to(x.dtype), x);
  },
);

/** Options of {@link RMSNorm}. */
export interface RMSNormOptions extends LayerOptions, Pick<RmsNormOptions, 'eps'> {
  /** Whether there is a learned factor. Default: true. */
  readonly elementwiseAffine?: boolean;
}

/**
 * y = x / sqrt(mean(x^2) + eps) * weight, over the last dimensions: {@link rmsNorm}. Follows `torch.nn.RMSNorm`.
 * @throws ShapeError when x does not end in `normalizedShape`.
 * @example
 * ```ts
 * const norm = new nn.RMSNorm(2, { elementwiseAffine: false });
 * norm(tensor([[3, 4.5]])); // tensor([[0.7845, 1.1767]])
 * ```
 */
export class RMSNorm extends Module<[Tensor], Tensor> {
  /** The sizes of the dimensions over which it normalises, the last of x. */
  readonly normalizedShape: Shape;
  /** Added to the mean square; `null`: the dtype's machine epsilon. */
  readonly eps: number | null;
  /** Whether there is a learned factor. */
  readonly elementwiseAffine: boolean;
  /** The factor, of shape `normalizedShape`, or `null`. */
  weight: Parameter | null;

  constructor(normalizedShape: Shape | number, options: RMSNormOptions = {}) {
    checkArguments(
      new.target.name,
      {
        normalizedShape: normalizedShapeKind,
        options: K.options<RMSNormOptions>({
          eps: K.nullable(K.number),
          elementwiseAffine: K.flag,
          ...layerKinds,
        }),
      },
      arguments,
    );
    super();
    const { eps = null, elementwiseAffine = true } = options;
    this.normalizedShape = sizesOf(normalizedShape);
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
    const { normalizedShape, weight, eps } = this;
    return rmsNorm(x, normalizedShape, { weight, ...(eps === null ? {} : { eps }) });
  }

  override extraRepr(): string {
    const eps = this.eps === null ? 'None' : pyFloat(this.eps);
    return `${pyTuple(this.normalizedShape)}, eps=${eps}, elementwise_affine=${pyBool(this.elementwiseAffine)}`;
  }
}
