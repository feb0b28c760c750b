import {
  type AdaptiveMaxPoolOptions,
  adaptiveAvgPool1d,
  adaptiveAvgPool2d,
  adaptiveAvgPool3d,
  adaptiveMaxPool1d,
  adaptiveMaxPool2d,
  adaptiveMaxPool3d,
  checkArguments,
  K,
  type OutputSize,
  type Tensor,
} from '@kindling/core';
import { checkInput } from '../../module/arguments.ts';
import { Module } from '../../module/module.ts';
import { by, layerOf } from '../layer-of.ts';
import type { Pooled } from './max-pool.ts';
import { printedOutput } from './printed.ts';

export type { AdaptiveMaxPoolOptions, OutputSize };
export {
  adaptiveAvgPool1d,
  adaptiveAvgPool2d,
  adaptiveAvgPool3d,
  adaptiveMaxPool1d,
  adaptiveMaxPool2d,
  adaptiveMaxPool3d,
};

const outputSizeKind = (): ReturnType<typeof K.either> =>
  K.either(K.sizeOrSizes, K.listOf(K.nullable(K.integer), 'an array of sizes or null such as [2, null]'));

/** Options of {@link AdaptiveMaxPool1d} and its kin, which give indices too where `R` is true. */
export interface AdaptiveMaxPoolModuleOptions<R extends boolean> {
  /** Whether the result is `[values, indices]`, the index of each value among its plane's entries. Default: false. */
  readonly returnIndices?: R;
}

/** Max pooling to sizes that are given. */
abstract class AdaptiveMaxPoolNd<R extends boolean> extends Module<[Tensor], Pooled<R>> {
  declare readonly [by]: typeof adaptiveMaxPool1d;
  /** The sizes of the result, or one for all; `null` stands for the input's. */
  readonly outputSize: OutputSize;
  /** Whether indices are given too. */
  readonly returnIndices: boolean;

  constructor(outputSize: OutputSize, options: AdaptiveMaxPoolModuleOptions<R> = {}) {
    const optionKinds = K.options<AdaptiveMaxPoolOptions>({ returnIndices: K.flag });
    checkArguments(new.target.name, { outputSize: outputSizeKind(), options: optionKinds }, arguments);
    super();
    this.outputSize = outputSize;
    this.returnIndices = options.returnIndices ?? false;
  }

  override forward(x: Tensor): Pooled<R> {
    checkInput(this, x);
    const { outputSize, returnIndices } = this;
    return this[by](x, outputSize, { returnIndices }) as Pooled<R>;
  }

  override extraRepr(): string {
    return `output_size=${printedOutput(this.outputSize)}`;
  }
}

/**
 * Max pooling of rows to a size: {@link adaptiveMaxPool1d} of x (N, C, L) or (C, L). Follows
 * `torch.nn.AdaptiveMaxPool1d`.
 * @throws ShapeError when x does not fit, ValueError for negative sizes, DTypeError where x is no tensor of floats.
 * @example new nn.AdaptiveMaxPool1d(5)(randn([4, 16, 50])).shape; // [ 4, 16, 5 ]
 */
export class AdaptiveMaxPool1d<R extends boolean = false> extends /* @__PURE__ */ layerOf(
  AdaptiveMaxPoolNd,
  adaptiveMaxPool1d,
)<R> {}

/**
 * Max pooling of images to sizes: {@link adaptiveMaxPool2d} of x (N, C, H, W) or (C, H, W). Follows
 * `torch.nn.AdaptiveMaxPool2d`.
 * @throws ShapeError when x does not fit, ValueError for negative sizes, DTypeError where x is no tensor of floats.
 * @example new nn.AdaptiveMaxPool2d([3, null])(randn([4, 8, 28, 14])).shape; // [ 4, 8, 3, 14 ]
 */
export class AdaptiveMaxPool2d<R extends boolean = false> extends /* @__PURE__ */ layerOf(
  AdaptiveMaxPoolNd,
  adaptiveMaxPool2d,
)<R> {}

/**
 * Max pooling of volumes to sizes: {@link adaptiveMaxPool3d} of x (N, C, D, H, W) or (C, D, H, W). Follows
 * `torch.nn.AdaptiveMaxPool3d`.
 * @throws ShapeError when x does not fit, ValueError for negative sizes, DTypeError where x is no tensor of floats.
 */
export class AdaptiveMaxPool3d<R extends boolean = false> extends /* @__PURE__ */ layerOf(
  AdaptiveMaxPoolNd,
  adaptiveMaxPool3d,
)<R> {}

/** Average pooling to sizes that are given. */
abstract class AdaptiveAvgPoolNd extends Module<[Tensor], Tensor> {
  declare readonly [by]: typeof adaptiveAvgPool1d;
  /** The sizes of the result, or one for all; `null` stands for the input's. */
  readonly outputSize: OutputSize;

  constructor(outputSize: OutputSize) {
    checkArguments(new.target.name, { outputSize: outputSizeKind() }, arguments);
    super();
    this.outputSize = outputSize;
  }

  override forward(x: Tensor): Tensor {
    checkInput(this, x);
    return this[by](x, this.outputSize);
  }

  override extraRepr(): string {
    return `output_size=${printedOutput(this.outputSize)}`;
  }
}

/**
 * Average pooling of rows to a size: {@link adaptiveAvgPool1d} of x (N, C, L) or (C, L). Follows
 * `torch.nn.AdaptiveAvgPool1d`.
 * @throws ShapeError when x does not fit, ValueError for negative sizes, DTypeError where x is no tensor of floats.
 * @example new nn.AdaptiveAvgPool1d(5)(randn([4, 16, 50])).shape; // [ 4, 16, 5 ]
 */
export class AdaptiveAvgPool1d extends /* @__PURE__ */ layerOf(AdaptiveAvgPoolNd, adaptiveAvgPool1d) {}

/**
 * Average pooling of images to sizes: {@link adaptiveAvgPool2d} of x (N, C, H, W) or (C, H, W). Follows
 * `torch.nn.AdaptiveAvgPool2d`.
 * @throws ShapeError when x does not fit, ValueError for negative sizes, DTypeError where x is no tensor of floats.
 * @example
 * ```ts
 * new nn.AdaptiveAvgPool2d([null, 7])(randn([4, 8, 10, 9])).shape; // [ 4, 8, 10, 7 ]
 * new nn.AdaptiveAvgPool2d([null, 7]).toString(); // 'AdaptiveAvgPool2d(output_size=(None, 7))'
 * ```
 */
export class AdaptiveAvgPool2d extends /* @__PURE__ */ layerOf(AdaptiveAvgPoolNd, adaptiveAvgPool2d) {}

/**
 * Average pooling of volumes to sizes: {@link adaptiveAvgPool3d} of x (N, C, D, H, W) or (C, D, H, W). Follows
 * `torch.nn.AdaptiveAvgPool3d`.
 * @throws ShapeError when x does not fit, ValueError for negative sizes, DTypeError where x is no tensor of floats.
 */
export class AdaptiveAvgPool3d extends /* @__PURE__ */ layerOf(AdaptiveAvgPoolNd, adaptiveAvgPool3d) {}
