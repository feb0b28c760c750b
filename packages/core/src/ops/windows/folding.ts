/**
 * Windows of images as columns of a matrix, and columns added up to images again: each is the derivative of the other.
 */

import { composition, K } from '../../arguments/index.ts';
import { ShapeError, ValueError } from '../../errors.ts';
import { composed } from '../../record/index.ts';
import { contiguousStrides, formatShape, type Shape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { pad } from '../arranging/pad.ts';
import type { Layout } from '../views/layout.ts';
import { embedRegion, takeRegion } from '../views/region.ts';
import { reshape, squeeze, unsqueeze } from '../views/shape.ts';
import type { PerDimension } from './convolution-checks.ts';
import { windowsAlong } from './convolution-primitives.ts';

/** Options of {@link im2col} and {@link col2im}. */
export interface FoldOptions {
  /** From one entry of a window to the next. Default: 1. */
  readonly dilation?: PerDimension;
  /** Zeros on both sides of an image. Default: 0. */
  readonly padding?: PerDimension;
  /** From one window to the next. Default: 1. */
  readonly stride?: PerDimension;
}

const kinds: K.Kinds<FoldOptions> = {
  dilation: K.sizeOrSizes,
  padding: K.sizeOrSizes,
  stride: K.sizeOrSizes,
};

/** Height and width. */
type Pair = readonly [number, number];

function pair(what: string, value: PerDimension, least: number): Pair {
  const list = typeof value === 'number' ? [value] : value;
  const [height = 0, width = height] = list;
  if (list.length !== 1 && list.length !== 2)
    throw new ShapeError(`It is expected ${what} equals to 2, but got size ${list.length}`);
  if (height < least || width < least) {
    throw new ValueError(
      `${what} should be ${least > 0 ? 'greater than zero' : 'non-negative'}, but got ${what}=${formatShape(list)}`,
    );
  }
  return [height, width];
}

interface Windows {
  readonly kernel: Pair;
  readonly padding: Pair;
  /** Sizes of the padded image. */
  readonly padded: Pair;
  /** How many windows there are. */
  readonly blocks: Pair;
  /** The padded image as (N, C, kH, kW, windows in a column, windows in a row). */
  readonly region: (batch: number, channels: number) => Layout;
}

function windowsOf(image: Pair, kernelSize: PerDimension, options: FoldOptions): Windows {
  const kernel = pair('kernel_size', kernelSize, 1);
  const dilation = pair('dilation', options.dilation ?? 1, 1);
  const padding = pair('padding', options.padding ?? 0, 0);
  const stride = pair('stride', options.stride ?? 1, 1);
  const along = (d: 0 | 1): number => windowsAlong(image[d], kernel[d], stride[d], padding[d], dilation[d]);
  const blocks: Pair = [along(0), along(1)];
  if (blocks[0] < 1 || blocks[1] < 1) {
    const said = Object.entries({ kernel_size: kernel, dilation, padding, stride })
      .map(([name, [h, w]]) => `${name}=(${h}, ${w})`)
      .join(', ');
    throw new ShapeError(
      `Given an image with spatial size (${image.join(', ')}), ${said}, calculated shape of the array of sliding blocks as ` +
        `(${blocks.join(', ')}), but its components must be at least one.`,
    );
  }
  const padded: Pair = [image[0] + 2 * padding[0], image[1] + 2 * padding[1]];
  const region = (batch: number, channels: number): Layout => {
    const [ofImage = 0, ofChannel = 0] = contiguousStrides([batch, channels, ...padded]);
    const row = padded[1];
    return {
      shape: [batch, channels, ...kernel, ...blocks],
      strides: [ofImage, ofChannel, dilation[0] * row, dilation[1], stride[0] * row, stride[1]],
      offset: 0,
    };
  };
  return { kernel, padding, padded, blocks, region };
}

/** Calls what takes a batch, which x may lack. */
const withBatch = (x: Tensor, rank: number, call: (x: Tensor) => Tensor): Tensor =>
  x.ndim === rank ? call(x) : squeeze(call(unsqueeze(x, 0)), 0);

const onBothSides = ([height, width]: Pair, sign: 1 | -1): Shape =>
  [width, width, height, height].map((n) => sign * n);

/**
 * Sliding windows of images as columns: x (N, C, H, W) or (C, H, W) gives (N, C * kH * kW, L) or (C * kH * kW, L), with
 * L the number of windows, by rows. Follows `torch.nn.functional.unfold`, which `Tensor.unfold` is not.
 * @throws ShapeError where x has no such shape or no window fits, ValueError for numbers that are too small
 * @example
 * ```ts
 * im2col(arange(9).reshape([1, 3, 3]), 2).tolist(); // [ [ 0, 1, 3, 4 ], [ 1, 2, 4, 5 ], [ 3, 4, 6, 7 ], [ 4, 5, 7, 8 ] ]
 * ```
 */
export const im2col = /* @__PURE__ */ composition(
  'im2col',
  { x: K.tensor, kernelSize: K.sizeOrSizes, options: K.options(kinds) },
  (x: Tensor, kernelSize: PerDimension, options: FoldOptions = {}): Tensor => {
    const sizes = x.ndim === 4 ? x.shape.slice(1) : x.shape;
    if (sizes.length !== 3 || sizes.includes(0)) {
      throw new ShapeError(
        'Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and other non-zero dimensions for input, but got: ' +
          formatShape(x.shape),
      );
    }
    const [channels = 0, height = 0, width = 0] = sizes;
    const { kernel, padding, blocks, region } = windowsOf([height, width], kernelSize, options);
    return withBatch(x, 4, (images) => {
      const batch = images.shape[0] ?? 0;
      const padded = padding.every((n) => n === 0) ? images : pad(images, onBothSides(padding, 1));
      const windows = takeRegion(padded, region(batch, channels));
      const columns = reshape(windows, [batch, channels * kernel[0] * kernel[1], blocks[0] * blocks[1]]);
      return composed('im2col', columns, images);
    });
  },
);

/**
 * The sum of columns where their windows lie in an image of `outputSize`: x (N, C * kH * kW, L) or (C * kH * kW, L)
 * gives (N, C, H, W) or (C, H, W); what {@link im2col} does to gradients. Follows `torch.nn.functional.fold`.
 * @throws ShapeError where x has no such shape or other than the image has windows, ValueError for numbers that are too
 *   small
 * @example col2im(ones([4, 4]), 3, 2).tolist(); // [ [ [ 1, 2, 1 ], [ 2, 4, 2 ], [ 1, 2, 1 ] ] ]
 */
export const col2im = /* @__PURE__ */ composition(
  'col2im',
  { x: K.tensor, outputSize: K.sizeOrSizes, kernelSize: K.sizeOrSizes, options: K.options(kinds) },
  (x: Tensor, outputSize: PerDimension, kernelSize: PerDimension, options: FoldOptions = {}): Tensor => {
    const sizes = x.ndim === 3 ? x.shape.slice(1) : x.shape;
    if (sizes.length !== 2 || sizes.includes(0)) {
      throw new ShapeError(
        'Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch size and non-zero dimensions for input, but got: ' +
          formatShape(x.shape),
      );
    }
    const image = pair('output_size', outputSize, 1);
    const { kernel, padding, padded, blocks, region } = windowsOf(image, kernelSize, options);
    const [rows = 0, columns = 0] = sizes;
    const ofChannel = kernel[0] * kernel[1];
    if (rows % ofChannel !== 0) {
      throw new ShapeError(
        `Expected size of input's dimension 1 to be divisible by the product of kernel_size, but got input.size(1)=${rows} and ` +
          `kernel_size=(${kernel.join(', ')}).`,
      );
    }
    if (columns !== blocks[0] * blocks[1]) {
      throw new ShapeError(
        `Given output_size=(${image.join(', ')}) and kernel_size=(${kernel.join(', ')}), expected size of input's dimension 2 to match ` +
          `the calculated number of sliding blocks ${blocks.join(' * ')} = ${blocks[0] * blocks[1]}, but got input.size(2)=${columns}.`,
      );
    }
    return withBatch(x, 3, (batched) => {
      const batch = batched.shape[0] ?? 0;
      const channels = rows / ofChannel;
      const layout = region(batch, channels);
      const sums = embedRegion(reshape(batched, layout.shape), [batch, channels, ...padded], layout);
      const images = padding.every((n) => n === 0) ? sums : pad(sums, onBothSides(padding, -1));
      return composed('col2im', images, batched);
    });
  },
);
