import { type DType, empty, getDefaultDtype, K } from '@kindling/core';
import { Parameter } from '../module/parameter.ts';

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
