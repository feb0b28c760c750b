import { K, type PerDimension, type Shape, ShapeError, type Tensor, ValueError } from '@kindling/core';
import { Module } from '../../module/module.ts';
import type { Parameter } from '../../module/parameter.ts';
import { pyBool, pyTuple } from '../../module/print.ts';
import { drawAffine, emptyParameter, type LayerOptions, layerKinds } from '../factory.ts';
import { rank } from '../layer-of.ts';

/** What stands around an image where windows reach beyond it. */
export type PaddingMode = 'zeros' | 'reflect' | 'replicate' | 'circular';

/** What each convolution is made with. */
interface ConvArguments extends LayerOptions {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: PerDimension;
  readonly stride?: PerDimension;
  readonly padding?: PerDimension | 'valid' | 'same';
  readonly dilation?: PerDimension;
  readonly outputPadding?: PerDimension;
  readonly groups?: number;
  readonly bias?: boolean;
  readonly paddingMode?: PaddingMode;
  readonly transposed: boolean;
}

/** The options of each convolution. */
export const convKinds = () => ({
  stride: K.sizeOrSizes,
  dilation: K.sizeOrSizes,
  groups: K.integer,
  bias: K.flag,
  ...layerKinds,
});

/** What the constructors of convolutions take. */
export const convTakes = (options: K.Kind) => ({
  inChannels: K.count,
  outChannels: K.count,
  kernelSize: K.sizeOrSizes,
  options,
});

/** A number for each of `rank` dimensions. */
export function forEach(caller: string, what: string, value: PerDimension, rank: number): Shape {
  if (typeof value === 'number') return Array<number>(rank).fill(value);
  if (value.length === rank) return [...value];
  throw new ShapeError(
    `${caller}: expected ${what} to be a number or ${rank} of them, got [${value.join(', ')}]`,
  );
}

/** What convolutions of any number of dimensions share, transposed ones too. */
export abstract class ConvBase<
  P extends Shape | 'valid' | 'same',
  Call extends [Tensor, ...unknown[]],
> extends Module<Call, Tensor> {
  declare readonly [rank]: number;
  /** Channels of x. */
  readonly inChannels: number;
  /** Channels of y. */
  readonly outChannels: number;
  /** Sizes of a window, one for each dimension, as are the following. */
  readonly kernelSize: Shape;
  /** From one window to the next. */
  readonly stride: Shape;
  /** Entries beyond each side. */
  readonly padding: P;
  /** From one entry of a window to the next. */
  readonly dilation: Shape;
  /** Entries added at the end of a transposed convolution's result. */
  readonly outputPadding: Shape;
  /** Into how many groups channels are cut. */
  readonly groups: number;
  /** What stands beyond the sides. */
  readonly paddingMode: PaddingMode;
  /** The weights: (out, in / groups, ...kernel), transposed ones (in, out / groups, ...kernel). */
  weight: Parameter;
  /** (out,), or `null` where nothing is added. */
  bias: Parameter | null;

  constructor(given: ConvArguments) {
    super();
    const { inChannels, outChannels, groups = 1, paddingMode = 'zeros', padding = 0, transposed } = given;
    const caller = new.target.name;
    if (groups <= 0) throw new ValueError(`${caller}: groups must be a positive integer, got ${groups}`);
    for (const [what, channels] of Object.entries({ in_channels: inChannels, out_channels: outChannels })) {
      if (channels % groups !== 0)
        throw new ValueError(`${caller}: ${what} must be divisible by groups, got ${channels} and ${groups}`);
    }
    const each = (what: string, value: PerDimension): Shape => forEach(caller, what, value, this[rank]);
    this.inChannels = inChannels;
    this.outChannels = outChannels;
    this.kernelSize = each('kernelSize', given.kernelSize);
    if (this.kernelSize.some((size) => size < 0))
      throw new ValueError(`${caller}: kernelSize must not be negative, got [${this.kernelSize.join(', ')}]`);
    this.stride = each('stride', given.stride ?? 1);
    this.padding = (typeof padding === 'string' ? padding : each('padding', padding)) as P;
    this.dilation = each('dilation', given.dilation ?? 1);
    this.outputPadding = each('outputPadding', given.outputPadding ?? 0);
    this.groups = groups;
    this.paddingMode = paddingMode;
    if (padding === 'same' && this.stride.some((s) => s !== 1))
      throw new ValueError(`${caller}: padding='same' is not supported for strided convolutions`);
    const [first, second] = transposed ? [inChannels, outChannels] : [outChannels, inChannels];
    this.weight = emptyParameter([first, second / groups, ...this.kernelSize], given);
    this.bias = (given.bias ?? true) ? emptyParameter([outChannels], given) : null;
    this.resetParameters();
  }

  /** Draws the parameters anew. */
  resetParameters(): void {
    // Of no inputs PyTorch draws no bias here, but does in a linear layer.
    drawAffine(this.weight, this.weight.count === 0 ? null : this.bias);
  }

  override extraRepr(): string {
    const { kernelSize, stride, padding, dilation, outputPadding, groups, paddingMode } = this;
    const unless = (value: number, name: string, sizes: Shape): string =>
      sizes.every((n) => n === value) ? '' : `, ${name}=${pyTuple(sizes)}`;
    return [
      `${this.inChannels}, ${this.outChannels}, kernel_size=${pyTuple(kernelSize)}, stride=${pyTuple(stride)}`,
      typeof padding === 'string' ? `, padding=${padding}` : unless(0, 'padding', padding),
      unless(1, 'dilation', dilation),
      unless(0, 'output_padding', outputPadding),
      groups === 1 ? '' : `, groups=${groups}`,
      this.bias === null ? `, bias=${pyBool(false)}` : '',
      paddingMode === 'zeros' ? '' : `, padding_mode=${paddingMode}`,
    ].join('');
  }
}
