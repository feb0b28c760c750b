import {
  type ConvTransposeOptions as ConvTransposeFunctionOptions,
  checkArguments,
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
  formatShape,
  K,
  type PerDimension,
  type Shape,
  ShapeError,
  type Tensor,
  ValueError,
} from '@kindling/core';
import type { LayerOptions } from '../factory.ts';
import { by, layerOf } from '../layer-of.ts';
import { ConvBase, convKinds, convTakes } from './conv-base.ts';

export type { ConvTransposeFunctionOptions };
export { convTranspose1d, convTranspose2d, convTranspose3d };

/** Options of {@link ConvTranspose1d} and its kin. A number stands for as many as there are dimensions. */
export interface ConvTransposeOptions extends LayerOptions {
  /** From one window to the next. Default: 1. */
  readonly stride?: PerDimension;
  /** What is cut off on both sides. Default: 0. */
  readonly padding?: PerDimension;
  /** Added to each size of the result, at its end. Default: 0. */
  readonly outputPadding?: PerDimension;
  /** Into how many groups channels are cut, each with weights of its own. Default: 1. */
  readonly groups?: number;
  /** Whether something is added to each channel. Default: true. */
  readonly bias?: boolean;
  /** From one entry of a window to the next. Default: 1. */
  readonly dilation?: PerDimension;
  /** `'zeros'`, the only one that there is. */
  readonly paddingMode?: 'zeros';
}

/** Options of a call of {@link ConvTranspose1d} and its kin. */
export interface OutputSizeOptions {
  /** Which of the sizes that differ by less than a stride the result has; those of dimensions, or its whole shape. */
  readonly outputSize?: Shape;
}

const kinds = (): K.Kinds<ConvTransposeOptions> => ({
  ...convKinds(),
  padding: K.sizeOrSizes,
  outputPadding: K.sizeOrSizes,
  paddingMode: K.oneOf('zeros'),
});

/** The output padding with which a layer makes `wanted` of x. */
function paddingFor(layer: ConvTransposeNd, x: Shape, wanted: Shape): Shape {
  const { stride, padding, dilation, kernelSize } = layer;
  const caller = layer.constructor.name;
  const rank = kernelSize.length;
  const sizes = wanted.length === x.length ? wanted.slice(x.length - rank) : wanted;
  if (sizes.length !== rank) {
    throw new ShapeError(
      `${caller}: for ${x.length}D input, outputSize must have ${rank} or ${x.length} elements (got ${wanted.length})`,
    );
  }
  const least = x.slice(-rank).map((size, d) => {
    const reach = (dilation[d] ?? 1) * ((kernelSize[d] ?? 1) - 1) + 1;
    return (size - 1) * (stride[d] ?? 1) - 2 * (padding[d] ?? 0) + reach;
  });
  const most = least.map((size, d) => size + (stride[d] ?? 1) - 1);
  if (sizes.some((size, d) => size < (least[d] ?? 0) || size > (most[d] ?? 0))) {
    throw new ValueError(
      `${caller}: requested an output size of ${formatShape(sizes)}, but valid sizes range from ${formatShape(least)} to ` +
        `${formatShape(most)} (for an input of shape ${formatShape(x)})`,
    );
  }
  return sizes.map((size, d) => size - (least[d] ?? 0));
}

/** Transposed convolution over some dimensions. */
abstract class ConvTransposeNd extends ConvBase<Shape, [x: Tensor, options?: OutputSizeOptions]> {
  declare readonly [by]: typeof convTranspose1d;

  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: PerDimension,
    options: ConvTransposeOptions = {},
  ) {
    checkArguments(new.target.name, convTakes(K.options(kinds())), arguments);
    super({ inChannels, outChannels, kernelSize, ...options, transposed: true });
  }

  override forward(x: Tensor, options: OutputSizeOptions = {}): Tensor {
    const ofCall = K.options<OutputSizeOptions>({ outputSize: K.sizes });
    checkArguments('forward', { x: K.tensor, options: ofCall }, arguments);
    const { weight, bias, stride, padding, dilation, groups } = this;
    const outputPadding =
      options.outputSize === undefined ? this.outputPadding : paddingFor(this, x.shape, options.outputSize);
    return this[by](x, weight, bias, { stride, padding, outputPadding, groups, dilation });
  }
}

/**
 * What {@link Conv1d} does to gradients, with learned weights: {@link convTranspose1d} of x (N, inChannels, L) or
 * (inChannels, L) gives (N, outChannels, (L - 1) * stride - 2 * padding + dilation * (kernelSize - 1) + outputPadding +
 * 1). A call takes the size of its result too, where several lead to one L: `up(x, { outputSize: [7] })`. Follows
 * `torch.nn.ConvTranspose1d`.
 * @throws ValueError for channels that do not divide into groups, and sizes that cannot be; ShapeError when x does not
 *   fit.
 * @throws DTypeError when x has another dtype than the parameters.
 * @example
 * ```ts
 * const up = new nn.ConvTranspose1d(4, 2, 3, { stride: 2 });
 * up(randn([1, 4, 5])).shape; // [ 1, 2, 11 ]
 * up(randn([1, 4, 5]), { outputSize: [12] }).shape; // [ 1, 2, 12 ]
 * ```
 */
export class ConvTranspose1d extends /* @__PURE__ */ layerOf(ConvTransposeNd, convTranspose1d, 1) {}

/**
 * {@link ConvTranspose1d} of images, (N, inChannels, H, W) or (inChannels, H, W). Follows `torch.nn.ConvTranspose2d`.
 * @throws ValueError for channels that do not divide into groups, and sizes that cannot be; ShapeError when x does not
 *   fit.
 * @throws DTypeError when x has another dtype than the parameters.
 */
export class ConvTranspose2d extends /* @__PURE__ */ layerOf(ConvTransposeNd, convTranspose2d, 2) {}

/**
 * {@link ConvTranspose1d} of volumes, (N, inChannels, D, H, W) or (inChannels, D, H, W). Follows
 * `torch.nn.ConvTranspose3d`.
 * @throws ValueError for channels that do not divide into groups, and sizes that cannot be; ShapeError when x does not
 *   fit.
 * @throws DTypeError when x has another dtype than the parameters.
 */
export class ConvTranspose3d extends /* @__PURE__ */ layerOf(ConvTransposeNd, convTranspose3d, 3) {}
