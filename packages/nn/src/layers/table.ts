/** What the layers over a table of rows share: a table that is given, in place of one that is drawn. */
import { formatShape, K, ShapeError, sameShape, type Tensor } from '@kindling/core';
import { Parameter } from '../module/parameter.ts';
import { type LayerOptions, layerKinds } from './factory.ts';

/** Options of layers over a table. */
export interface TableOptions extends LayerOptions {
  /** The table, whose memory the layer shares; `dtype` counts for nothing then. Default: one that is drawn. */
  readonly _weight?: Tensor | null;
}

/** @internal What {@link TableOptions} take. */
export const tableKinds: K.Kinds<TableOptions> = {
  ...layerKinds,
  _weight: /* @__PURE__ */ K.nullable(K.tensor),
};

/**
 * @internal The parameter over the table that is given, `null` where none is.
 * @throws ShapeError when it has another shape; DTypeError when gradients are asked of integers
 */
export function givenTable(
  name: string,
  shape: readonly [rows: number, columns: number],
  { _weight = null }: TableOptions,
  requiresGrad: boolean,
): Parameter | null {
  if (_weight === null) return null;
  if (!sameShape(_weight.shape, shape)) {
    throw new ShapeError(
      `${name}: Shape of weight does not match numEmbeddings and embeddingDim: expected ${formatShape(shape)}, got ` +
        formatShape(_weight.shape),
    );
  }
  return new Parameter(_weight, { requiresGrad });
}

/** @internal How many rows and columns a table has: of a matrix, and of nothing else. */
export function sizesOfTable(embeddings: Tensor): readonly [rows: number, columns: number] {
  if (embeddings.ndim !== 2) {
    throw new ShapeError(
      `Embeddings parameter is expected to be 2-dimensional, got ${formatShape(embeddings.shape)}`,
    );
  }
  return [embeddings.size(0), embeddings.size(1)];
}
