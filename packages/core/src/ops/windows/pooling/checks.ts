/** What the functions of pooling take, and their errors. */

import { scalarNameOf } from '../../../dtype.ts';
import { DTypeError, ShapeError, ValueError } from '../../../errors.ts';
import { formatShape, type Shape } from '../../../shape.ts';
import type { Tensor } from '../../../tensor.ts';
import type { PerDimension } from '../convolution-checks.ts';

const words = ['', 'one int', 'two ints', 'three ints'];

/** A number for each of `rank` dimensions. */
export function forEach(what: string, value: PerDimension, rank: number): Shape {
  if (typeof value === 'number') return Array<number>(rank).fill(value);
  if (value.length === 1 || value.length === rank) {
    const [first = 0] = value;
    return value.length === rank ? value : Array<number>(rank).fill(first);
  }
  throw new ShapeError(
    `${what} must either be a single int, or a tuple of ${words[rank]}, but got ${what}=${formatShape(value)}`,
  );
}

/**
 * Refuses what has not `rank` spatial dimensions behind channels, with a batch or without; only the dimensions before
 * `filled` may be empty.
 */
export function checkPlanes(x: Tensor, rank: number, filled = x.ndim - rank - 1): void {
  const dims = x.ndim - rank;
  const [unbatched, batched] = [`${rank + 1}D`, `${rank + 2}D`];
  if (dims !== 1 && dims !== 2) {
    throw new ShapeError(
      `non-empty ${unbatched} or ${batched} (batch mode) tensor expected for input: Expected ${unbatched} or ${batched} (batch mode) ` +
        `tensor with optional 0 dim batch size for input, but got: ${formatShape(x.shape)}`,
    );
  }
  if (x.shape.slice(filled).includes(0)) {
    throw new ShapeError(
      `Expected ${unbatched} or ${batched} (batch mode) tensor with optional 0 dim batch size for input and non-zero size for ` +
        `non-batch dimensions, but got: ${formatShape(x.shape)}`,
    );
  }
}

/** @throws DTypeError where x is no tensor of floats */
export function checkFloats(x: Tensor): void {
  if (x.dtype !== 'float32' && x.dtype !== 'float64')
    throw new DTypeError(`not implemented for '${scalarNameOf(x.dtype)}'; convert it with to('float32')`);
}

/** Which entries windows have, along each dimension. */
export interface WindowSizes {
  readonly kernel: Shape;
  readonly stride: Shape;
  readonly padding: Shape;
  readonly dilation: Shape;
}

function checkAtLeast(what: string, list: Shape, least: 0 | 1): void {
  if (list.every((n) => n >= least)) return;
  throw new ValueError(
    least === 1
      ? `${what} must be greater than zero, but got ${list.find((n) => n < 1)}`
      : `pad must be non-negative, but got pad: ${list.find((n) => n < 0)}`,
  );
}

/** What is said of windows beside how long they are. */
interface WindowOptions {
  readonly stride?: PerDimension | null;
  readonly padding?: PerDimension;
  readonly dilation?: PerDimension;
}

/** The sizes of windows over `rank` dimensions, padded by any number. */
export function windowsOfAnyPadding(
  rank: number,
  kernelSize: PerDimension,
  { stride, padding = 0, dilation = 1 }: WindowOptions,
): WindowSizes {
  const kernel = forEach('kernel_size', kernelSize, rank);
  const sizes = {
    kernel,
    // PyTorch's lists without a number mean the default, too.
    stride:
      stride == null || (typeof stride !== 'number' && stride.length === 0)
        ? kernel
        : forEach('stride', stride, rank),
    padding: forEach('padding', padding, rank),
    dilation: forEach('dilation', dilation, rank),
  };
  checkAtLeast('kernel_size', kernel, 1);
  checkAtLeast('stride', sizes.stride, 1);
  checkAtLeast('dilation', sizes.dilation, 1);
  checkAtLeast('padding', sizes.padding, 0);
  return sizes;
}

/** The sizes of windows over `rank` dimensions, each of which reaches beyond its padding. */
export function windowSizes(rank: number, kernelSize: PerDimension, options: WindowOptions): WindowSizes {
  const sizes = windowsOfAnyPadding(rank, kernelSize, options);
  const { kernel } = sizes;
  for (const [d, pad] of sizes.padding.entries()) {
    const k = kernel[d] ?? 1;
    if (pad > Math.floor(k / 2))
      throw new ValueError(
        `pad should be at most half of kernel size, but got pad=${pad} and kernel_size=${k}`,
      );
  }
  return sizes;
}

/**
 * How many windows there are along each dimension; in ceil mode also those that reach beyond the end, if they begin
 * before it.
 */
export function windowCounts(
  sizes: Shape,
  { kernel, stride, padding, dilation }: WindowSizes,
  ceilMode: boolean,
): Shape {
  const counts = sizes.map((size, d) => {
    const [k = 1, step = 1, pad = 0, apart = 1] = [kernel[d], stride[d], padding[d], dilation[d]];
    const rest = size + 2 * pad - apart * (k - 1) - 1 + (ceilMode ? step - 1 : 0);
    const count = Math.floor(rest / step) + 1;
    return ceilMode && (count - 1) * step >= size + pad ? count - 1 : count;
  });
  if (counts.some((n) => n < 1)) {
    throw new ShapeError(
      `Given input size: (${sizes.join('x')}). Calculated output size: (${counts.join('x')}). Output size is too small. ` +
        `Invalid computed output size: ${counts.find((n) => n < 1)}`,
    );
  }
  return counts;
}
