import { checkArguments, composition, floatsOnly, K, type Shape, type Tensor } from '@kindling/core';
import { pyBool, pyFloat, pyTuple } from '../../module/print.ts';
import { type LayerOptions, layerKinds } from '../factory.ts';
import { AffineNorm, type AffineOptions, affineKinds, defaultEps } from './affine-norm.ts';
import { normalizedParameters, normalizedShapeKind, rowsOf, sizesOf } from './normalized-shape.ts';
import { normalized } from './standardize.ts';

const floats = /* @__PURE__ */ floatsOnly('layerNorm');

/** Options of {@link layerNorm}. */
export type LayerNormFunctionOptions = AffineOptions;

/**
 * Normalises over the last dimensions, those of `normalizedShape`: (x - mean) / sqrt(var + eps) * weight + bias, with
 * the biased variance. Follows `torch.nn.functional.layer_norm`.
 * @throws ShapeError when x does not end in `normalizedShape`, or `weight` or `bias` has another shape; DTypeError for
 *   integers.
 */
export const layerNorm = /* @__PURE__ */ composition(
  'layerNorm',
  () => normalizedParameters<LayerNormFunctionOptions>(affineKinds),
  (x: Tensor, normalizedShape: Shape, options: LayerNormFunctionOptions = {}): Tensor => {
    floats(x.dtype);
    const rows = rowsOf('layerNorm', x, normalizedShape, options);
    const { weight = null, bias = null, eps = defaultEps } = options;
    const [y] = normalized('native_layer_norm', x, { ...rows, eps }, { weight, bias });
    return y;
  },
);

/** Options of {@link LayerNorm}. */
export interface LayerNormOptions extends LayerOptions {
  /** Added to the variance. Default: 1e-5. */
  readonly eps?: number;
  /** Whether there are a learned factor and summand. Default: true. */
  readonly elementwiseAffine?: boolean;
  /** Whether there is a summand. Default: true. */
  readonly bias?: boolean;
}

/**
 * Normalises over the last dimensions: y = (x - mean) / sqrt(var + eps) * weight + bias, {@link layerNorm}.
 * Follows `torch.nn.LayerNorm`.
 * @throws ShapeError when x does not end in `normalizedShape`.
 * @example
 * ```ts
 * const norm = new nn.LayerNorm(2);
 * norm(tensor([[1.5, 0.5]])); // tensor([[ 1.0000, -1.0000]], grad_fn=<NativeLayerNormBackward0>)
 * ```
 */
export class LayerNorm extends AffineNorm {
  /** The sizes of the dimensions over which it normalises, the last of x. */
  readonly normalizedShape: Shape;
  /** Added to the variance. */
  readonly eps: number;
  /** Whether there are a learned factor and summand. */
  readonly elementwiseAffine: boolean;

  constructor(normalizedShape: Shape | number, options: LayerNormOptions = {}) {
    checkArguments(
      new.target.name,
      {
        normalizedShape: normalizedShapeKind,
        options: K.options<LayerNormOptions>({
          eps: K.number,
          elementwiseAffine: K.flag,
          bias: K.flag,
          ...layerKinds,
        }),
      },
      arguments,
    );
    const { eps = defaultEps, elementwiseAffine = true } = options;
    const sizes = sizesOf(normalizedShape);
    super(sizes, elementwiseAffine, options);
    this.normalizedShape = sizes;
    this.eps = eps;
    this.elementwiseAffine = elementwiseAffine;
    this.resetParameters();
  }

  override forward(x: Tensor): Tensor {
    const { normalizedShape, weight, bias, eps } = this;
    return layerNorm(x, normalizedShape, { weight, bias, eps });
  }

  override extraRepr(): string {
    return (
      `${pyTuple(this.normalizedShape)}, eps=${pyFloat(this.eps)}, ` +
      `elementwise_affine=${pyBool(this.elementwiseAffine)}, bias=${pyBool(this.bias !== null)}`
    );
  }
}
