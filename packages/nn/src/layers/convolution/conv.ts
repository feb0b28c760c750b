import {
  type ConvOptions as ConvFunctionOptions,
  checkArguments,
  conv1d,
  conv2d,
  conv3d,
  K,
  type PerDimension,
  pad,
  type Shape,
  type Tensor,
} from '@kindling/core';
import { checkInput } from '../../module/arguments.ts';
import type { LayerOptions } from '../factory.ts';
import { by, layerOf } from '../layer-of.ts';
import { ConvBase, convKinds, convTakes, type PaddingMode } from './conv-base.ts';

export type { ConvFunctionOptions };
export { conv1d, conv2d, conv3d };

/**
 * Options of {@link Conv1d}, {@link Conv2d} and {@link Conv3d}. A number stands for as many as there are dimensions.
 */
export interface ConvOptions extends LayerOptions {
  /** From one window to the next. Default: 1. */
  readonly stride?: PerDimension;
  /** Entries beyond each side; `'valid'`: none, `'same'`: as many as keep the sizes, with a stride of 1. Default: 0. */
  readonly padding?: PerDimension | 'valid' | 'same';
  /** From one entry of a window to the next. Default: 1. */
  readonly dilation?: PerDimension;
  /** Into how many groups channels are cut, each with weights of its own; inChannels of them: depthwise. Default: 1. */
  readonly groups?: number;
  /** Whether something is added to each channel. Default: true. */
  readonly bias?: boolean;
  /** What stands beyond the sides: zeros, the image mirrored, its edge, or the image again. Default: `'zeros'`. */
  readonly paddingMode?: PaddingMode;
}

const kinds = (): K.Kinds<ConvOptions> => ({
  ...convKinds(),
  padding: K.either(K.sizeOrSizes, K.oneOf('valid', 'same')),
  paddingMode: K.oneOf('zeros', 'reflect', 'replicate', 'circular'),
});

/** What is padded before and after each dimension. */
function sidesOf({ kernelSize, dilation, padding }: ConvNd): number[] {
  return kernelSize.flatMap((kernel, d) => {
    if (typeof padding !== 'string') return Array<number>(2).fill(padding[d] ?? 0);
    const total = padding === 'same' ? (dilation[d] ?? 1) * (kernel - 1) : 0;
    return [total - Math.floor(total / 2), Math.floor(total / 2)];
  });
}

/** Convolution over some dimensions. */
abstract class ConvNd extends ConvBase<Shape | 'valid' | 'same', [Tensor]> {
  declare readonly [by]: typeof conv1d;

  constructor(inChannels: number, outChannels: number, kernelSize: PerDimension, options: ConvOptions = {}) {
    checkArguments(new.target.name, convTakes(K.options(kinds())), arguments);
    super({ inChannels, outChannels, kernelSize, ...options, transposed: false });
  }

  override forward(x: Tensor): Tensor {
    checkInput(this, x);
    const { weight, bias, stride, padding, dilation, groups, paddingMode } = this;
    if (paddingMode === 'zeros') return this[by](x, weight, bias, { stride, padding, dilation, groups });
    // The last dimension comes first.
    const padded = pad(x, sidesOf(this).reverse(), { mode: paddingMode });
    return this[by](padded, weight, bias, { stride, dilation, groups });
  }
}

/**
 * Convolution of rows: {@link conv1d} of x (N, inChannels, L) or (inChannels, L) with learned weights gives (N,
 * outChannels, (L + 2 * padding - dilation * (kernelSize - 1) - 1) / stride + 1, rounded down). Parameters start
 * uniform in +-1 / sqrt(inChannels / groups * kernelSize). Follows `torch.nn.Conv1d`.
 * @throws ValueError for channels that do not divide into groups, and `'same'` with a stride; ShapeError when x does
 *   not fit.
 * @throws DTypeError when x has another dtype than the parameters.
 * @example new nn.Conv1d(16, 33, 3, { stride: 2 })(randn([20, 16, 50])).shape; // [ 20, 33, 24 ]
 */
export class Conv1d extends /* @__PURE__ */ layerOf(ConvNd, conv1d, 1) {}

/**
 * Convolution of images: {@link conv2d} of x (N, inChannels, H, W) or (inChannels, H, W) with learned weights; sizes
 * and first parameters as those of {@link Conv1d}. Follows `torch.nn.Conv2d`.
 * @throws ValueError for channels that do not divide into groups, and `'same'` with a stride; ShapeError when x does
 *   not fit.
 * @throws DTypeError when x has another dtype than the parameters.
 * @example
 * ```ts
 * const conv = new nn.Conv2d(1, 8, 3, { stride: 2, padding: 1, bias: false });
 * conv(randn([4, 1, 28, 28])).shape; // [ 4, 8, 14, 14 ]
 * conv.toString(); // 'Conv2d(1, 8, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1), bias=False)'
 * ```
 */
export class Conv2d extends /* @__PURE__ */ layerOf(ConvNd, conv2d, 2) {}

/**
 * Convolution of volumes: {@link conv3d} of x (N, inChannels, D, H, W) or (inChannels, D, H, W) with learned weights;
 * sizes and first parameters as those of {@link Conv1d}. Follows `torch.nn.Conv3d`.
 * @throws ValueError for channels that do not divide into groups, and `'same'` with a stride; ShapeError when x does
 *   not fit.
 * @throws DTypeError when x has another dtype than the parameters.
 */
export class Conv3d extends /* @__PURE__ */ layerOf(ConvNd, conv3d, 3) {}
