import { formatShape, noGrad, ShapeError, type Tensor } from '@kindling/core';
import {
  embedding,
  type EmbeddingOptions as LookupOptions,
  resolvePadding,
} from '../functional/embedding.ts';
import { normal_ } from '../init/fills.ts';
import { Module } from '../module/module.ts';
import { Parameter } from '../module/parameter.ts';
import { pyFloat } from '../module/print.ts';
import { emptyParameter, type LayerOptions } from './factory.ts';

/** Options of {@link Embedding}. */
export interface EmbeddingOptions extends LookupOptions, LayerOptions {}

/** Options of {@link Embedding.fromPretrained}. */
export interface FromPretrainedOptions extends LookupOptions {
  /** Leave the table as it is in training. Default: true. */
  readonly freeze?: boolean;
}

/**
 * A table of learned rows, looked up by index. Shapes: input (*) of int32, `weight` (numEmbeddings, embeddingDim), result
 * (*, embeddingDim). Rows start normal, that of `paddingIdx` zero. Follows `torch.nn.Embedding`.
 *
 * @throws IndexError where an index is out of range; it names the index and its place.
 * @example
 * ```ts
 * const words = new nn.Embedding(1000, 16, { paddingIdx: 0 });
 * words(tensor([[1, 2, 0]])).shape; // [1, 3, 16]
 * ```
 */
export class Embedding extends Module<[Tensor], Tensor> {
  readonly numEmbeddings: number;
  readonly embeddingDim: number;
  readonly paddingIdx: number | null;
  readonly maxNorm: number | null;
  readonly normType: number;
  readonly scaleGradByFreq: boolean;
  readonly sparse: boolean;
  weight: Parameter;

  constructor(numEmbeddings: number, embeddingDim: number, options: EmbeddingOptions = {}) {
    super();
    const {
      paddingIdx = null,
      maxNorm = null,
      normType = 2,
      scaleGradByFreq = false,
      sparse = false,
    } = options;
    this.numEmbeddings = numEmbeddings;
    this.embeddingDim = embeddingDim;
    this.paddingIdx = paddingIdx === null ? null : resolvePadding(paddingIdx, numEmbeddings);
    this.maxNorm = maxNorm;
    this.normType = normType;
    this.scaleGradByFreq = scaleGradByFreq;
    this.sparse = sparse;
    this.weight = emptyParameter([numEmbeddings, embeddingDim], options);
    this.resetParameters();
  }

  /** A layer over a given table (numEmbeddings, embeddingDim), whose memory it shares. */
  static fromPretrained(embeddings: Tensor, options: FromPretrainedOptions = {}): Embedding {
    if (embeddings.ndim !== 2) {
      throw new ShapeError(
        `Embeddings parameter is expected to be 2-dimensional, got ${formatShape(embeddings.shape)}`,
      );
    }
    const [rows, width] = embeddings.shape as [number, number];
    // An empty table first: nothing is drawn from the generator for one that is replaced.
    const { freeze = true, paddingIdx, ...rest } = options;
    const layer = new Embedding(0, width, rest);
    const own = layer as { numEmbeddings: number; paddingIdx: number | null };
    own.numEmbeddings = rows;
    own.paddingIdx = paddingIdx == null ? null : resolvePadding(paddingIdx, rows);
    layer.weight = new Parameter(embeddings, { requiresGrad: !freeze });
    return layer;
  }

  /** Draws the table anew. */
  resetParameters(): void {
    normal_(this.weight);
    const { paddingIdx } = this;
    if (paddingIdx !== null) noGrad(() => this.weight.select(0, paddingIdx).zero_());
  }

  override forward(input: Tensor): Tensor {
    return embedding(input, this.weight, this);
  }

  override extraRepr(): string {
    let text = `${this.numEmbeddings}, ${this.embeddingDim}`;
    if (this.paddingIdx !== null) text += `, padding_idx=${this.paddingIdx}`;
    if (this.maxNorm !== null) text += `, max_norm=${pyFloat(this.maxNorm)}`;
    if (this.normType !== 2) text += `, norm_type=${pyFloat(this.normType)}`;
    if (this.scaleGradByFreq) text += ', scale_grad_by_freq=True';
    if (this.sparse) text += ', sparse=True';
    return text;
  }
}
