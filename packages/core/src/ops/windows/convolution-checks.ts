/** What the functions of convolution take, and their errors. */

import { K } from '../../arguments/index.ts';
import { scalarNameOf } from '../../dtype.ts';
import { DTypeError, ShapeError, ValueError } from '../../errors.ts';
import { formatShape, type Shape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { windowsAlong } from './convolution-primitives.ts';

/** A number for each spatial dimension, or one for all. */
export type PerDimension = number | readonly number[];

/** Options of {@link conv1d}, {@link conv2d} and {@link conv3d}. */
export interface ConvOptions {
  /** From one window to the next. Default: 1. */
  readonly stride?: PerDimension;
  /**
   * Zeros on both sides; `'valid'` is 0, `'same'` as many as give y the sizes of x, and takes a stride of 1. Default:
   * 0.
   */
  readonly padding?: PerDimension | 'valid' | 'same';
  /** From one entry of a window to the next. Default: 1. */
  readonly dilation?: PerDimension;
  /** Into how many groups channels are cut, each with weights of its own. Default: 1. */
  readonly groups?: number;
}

/** Options of {@link convTranspose1d}, {@link convTranspose2d} and {@link convTranspose3d}. */
export interface ConvTransposeOptions {
  /** From one window to the next. Default: 1. */
  readonly stride?: PerDimension;
  /** What is cut off on both sides. Default: 0. */
  readonly padding?: PerDimension;
  /** Added to each size of the result, at its end. Default: 0. */
  readonly outputPadding?: PerDimension;
  /** Into how many groups channels are cut, each with weights of its own. Default: 1. */
  readonly groups?: number;
  /** From one entry of a window to the next. Default: 1. */
  readonly dilation?: PerDimension;
}

const each = K.sizeOrSizes;

export const convKinds: K.Kinds<ConvOptions> = {
  stride: each,
  padding: K.either(each, K.oneOf('valid', 'same')),
  dilation: each,
  groups: K.integer,
};

export const convTransposeKinds: K.Kinds<ConvTransposeOptions> = {
  stride: each,
  padding: each,
  outputPadding: each,
  groups: K.integer,
  dilation: each,
};

/** A number for each of `rank` dimensions. */
export function perDimension(what: string, value: PerDimension, rank: number, least: number): Shape {
  const list = typeof value === 'number' ? Array<number>(rank).fill(value) : [...value];
  if (list.length !== rank) {
    throw new ShapeError(
      `expected ${what} to be a single integer value or a list of ${rank} values to match the convolution dimensions, ` +
        `but got ${what}=${formatShape(list)}`,
    );
  }
  if (list.some((n) => n < least)) {
    const refused = least > 0 ? 'non-positive' : 'negative';
    throw new ValueError(`${refused} ${what} is not supported, got ${what}=${formatShape(list)}`);
  }
  return list;
}

/** What the checks compare. */
interface ConvolutionArguments {
  readonly x: Tensor;
  readonly weight: Tensor;
  readonly bias: Tensor | null;
  readonly groups: number;
  readonly transposed: boolean;
}

/** Refuses what fits no convolution of `rank` spatial dimensions; x has a batch. */
export function checkOperands(given: ConvolutionArguments, rank: number): void {
  const { x, weight, bias, groups, transposed } = given;
  if (weight.ndim !== rank + 2) {
    throw new ShapeError(
      `expected a weight of ${rank + 2} dimensions, (${transposed ? 'in, out / groups' : 'out, in / groups'}, and ${rank} of the ` +
        `kernel), but got one of size ${formatShape(weight.shape)}`,
    );
  }
  for (const [what, other] of [
    ['weight', weight],
    ['bias', bias],
  ] as const)
    if (other !== null && other.dtype !== x.dtype)
      throw new DTypeError(
        `Input type (${x.dtype}) and ${what} type (${other.dtype}) should be the same; convert one with to()`,
      );
  if (x.dtype === 'bool') throw new DTypeError(`not implemented for '${scalarNameOf('bool')}'`);
  if (groups <= 0) throw new ValueError(`non-positive groups is not supported, got groups=${groups}`);
  const said = transposed ? `transposed=1` : `groups=${groups}`;
  const shape = formatShape(weight.shape);
  const [first = 0, second = 0] = weight.shape;
  if (first < groups)
    throw new ShapeError(
      `Given groups=${groups}, expected weight to be at least ${groups} at dimension 0, but got weight of size ${shape} instead`,
    );
  if (first % groups !== 0) {
    throw new ShapeError(
      `Given groups=${groups}, expected weight to be divisible by ${groups} at dimension 0, but got weight of size ${shape} instead`,
    );
  }
  const channels = transposed ? first : second * groups;
  if (x.shape[1] !== channels) {
    throw new ShapeError(
      `Given ${said}, weight of size ${shape}, expected input${formatShape(x.shape)} to have ${channels} channels, but got ` +
        `${x.shape[1]} channels instead`,
    );
  }
  const filters = transposed ? second * groups : first;
  if (bias !== null && (bias.ndim !== 1 || bias.shape[0] !== filters)) {
    throw new ShapeError(
      `Given ${said}, weight of size ${shape}, expected bias to be 1-dimensional with ${filters} elements, but got bias of size ` +
        `${formatShape(bias.shape)} instead`,
    );
  }
  const kernel = weight.shape.slice(2);
  if (kernel.includes(0))
    throw new ShapeError(`expected a kernel without empty dimensions, got weight of size ${shape}`);
  const [batch, inChannels, ...size] = x.shape;
  if (size.includes(0) && batch !== 0 && inChannels !== 0) {
    throw new ShapeError(
      `Only zero batch or zero channel inputs are supported, but got input shape: ${formatShape(x.shape)}`,
    );
  }
}

/** Refuses kernels that are longer than the padded input. */
export function checkKernelFits(x: Shape, weight: Shape, padding: Shape, dilation: Shape): void {
  const padded = x.slice(2).map((n, d) => n + 2 * (padding[d] ?? 0));
  const kernel = weight.slice(2).map((k, d) => (dilation[d] ?? 1) * (k - 1) + 1);
  if (padded.every((n, d) => windowsAlong(n, kernel[d] ?? 1, 1, 0, 1) > 0)) return;
  throw new ShapeError(
    `Calculated padded input size per channel: (${padded.join(' x ')}). Kernel size: (${kernel.join(' x ')}). ` +
      "Kernel size can't be greater than actual input size",
  );
}

/** Refuses output padding that no stride or dilation leaves open, and sizes that are none. */
export function checkOutputSizes(
  x: Shape,
  weight: Shape,
  { stride, dilation, outputPadding }: Readonly<Record<'stride' | 'dilation' | 'outputPadding', Shape>>,
  sizes: Shape,
): void {
  for (const [d, extra] of outputPadding.entries()) {
    const most = Math.max(stride[d] ?? 1, dilation[d] ?? 1);
    if (extra >= most) {
      throw new ValueError(
        `output padding must be smaller than either stride or dilation, but got output_padding=${formatShape(outputPadding)} with ` +
          `stride=${formatShape(stride)} and dilation=${formatShape(dilation)}`,
      );
    }
  }
  if (sizes.every((n) => n > 0)) return;
  throw new ShapeError(
    `Given input of size ${formatShape(x)} and weight of size ${formatShape(weight)}, the calculated output size per channel is ` +
      `(${sizes.join(' x ')}), which is too small`,
  );
}
