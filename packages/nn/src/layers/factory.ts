import { type DType, empty, getDefaultDtype, K, ValueError } from '@kindling/core';
import { calculateFans } from '../init/fans.ts';
import { uniform_ } from '../init/fills.ts';
import { kaimingUniform_ } from '../init/scaled.ts';
import { Parameter } from '../module/parameter.ts';

/** A model knows each of its parameters by name in a Map, which has room for so many. */
const mostParameters = 2 ** 24;

/** Refuses numbers of layers, each with so many parameters, that no model can hold. */
export function checkLayers(name: string, numLayers: number, parametersEach: number): void {
  const most = Math.floor(mostParameters / parametersEach);
  if (numLayers > most)
    throw new ValueError(
      `${name}: numLayers: expected at most ${most}, whose parameters a model has room for, got ${numLayers}`,
    );
}

/** Options of every layer that has parameters. */
export interface LayerOptions {
  /** Of the parameters and buffers. Default: the default dtype, float32. */
  readonly dtype?: DType;
}

/** @internal What {@link LayerOptions} take. */
export const layerKinds: K.Kinds<LayerOptions> = { dtype: K.dtype };

/** @internal A parameter that the layer fills. */
export const emptyParameter = (shape: readonly number[], options: LayerOptions): Parameter =>
  new Parameter(empty(shape, { dtype: options.dtype ?? getDefaultDtype() }));

/**
 * @internal Draws what a linear layer or a convolution multiplies by and adds: both uniform in ±1 / sqrt(fan in), as in
 * PyTorch, where it is a Kaiming draw with this slope.
 */
export function drawAffine(weight: Parameter, bias: Parameter | null): void {
  kaimingUniform_(weight, { a: Math.sqrt(5) });
  if (bias === null) return;
  const { fanIn } = calculateFans(weight);
  const bound = fanIn > 0 ? 1 / Math.sqrt(fanIn) : 0;
  // Not -bound: a bias of no inputs is 0, not -0.
  uniform_(bias, { a: 0 - bound, b: bound });
}
