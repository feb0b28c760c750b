import {
  addTableRows,
  apply,
  checkArguments,
  definePrimitive,
  K,
  noGrad,
  type Primitive,
  readTableRows,
  signature,
  type Tensor,
  ValueError,
} from '@kindling/core';
import { normal_ } from '../init/fills.ts';
import { Module } from '../module/module.ts';
import { type Full, withDefaults } from '../module/options.ts';
import type { Parameter } from '../module/parameter.ts';
import { pyFloat } from '../module/print.ts';
import { emptyParameter } from './factory.ts';
import { checkEmbedding, refuseBad, renormalise } from './lookup.ts';
import { paddingRow } from './padding-row.ts';
import { givenTable, sizesOfTable, type TableOptions, tableKinds } from './table.ts';

/** Options of {@link embedding}. */
export interface EmbeddingFunctionOptions {
  /** A row that is looked up but gets no gradient. Negative: from the end. Default: none. */
  readonly paddingIdx?: number | null;
  /** Rows looked up whose norm is larger are shortened to it, in the table itself. Default: none. */
  readonly maxNorm?: number | null;
  /** The p of that norm. Default: 2. */
  readonly normType?: number;
  /** Divide the gradient of a row by how often it was looked up. Default: false. */
  readonly scaleGradByFreq?: boolean;
  /** Taken for PyTorch's sake: gradients are dense all the same. Default: false. */
  readonly sparse?: boolean;
}

const defaults: Full<EmbeddingFunctionOptions> = {
  paddingIdx: null,
  maxNorm: null,
  normType: 2,
  scaleGradByFreq: false,
  sparse: false,
};

interface Lookup {
  /** How many rows the table has. */
  readonly rows: number;
  /** The row that gets no gradient, -1 for none. */
  readonly paddingIdx: number;
  readonly scaleGradByFreq: boolean;
  /** Whether that row reads as zeros: in the second derivative. */
  readonly zeroPadding: boolean;
}

/** Rows of a table: (*) indices and a table (V, D) give (*, D). */
const lookupPrimitive: Primitive<Lookup, [Tensor, Tensor]> = definePrimitive({
  name: 'embedding',
  saves: 1 << 1,
  keepsNothing: true,
  infer: ([weight, indices]) => ({ shape: [...indices.shape, weight.size(1)], dtype: weight.dtype }),
  kernel([weight, indices], { rows, paddingIdx, zeroPadding }, out) {
    refuseBad(indices, rows, readTableRows(weight, indices, out, zeroPadding ? paddingIdx : -1));
  },
  derivative: (g, node) => [
    node.needs(0) ? apply(gatherBackPrimitive, [g, node.input(1)], node.attrs) : null,
    null,
  ],
});

/** The gradient of the table: each row the sum of the gradients of where it was looked up. */
const gatherBackPrimitive: Primitive<Lookup, [Tensor, Tensor]> = definePrimitive({
  name: 'embedding_dense_backward',
  saves: 1 << 1,
  infer: ([g], { rows }) => ({ shape: [rows, g.size(-1)], dtype: g.dtype }),
  kernel: ([g, indices], { paddingIdx, scaleGradByFreq }, out) =>
    addTableRows(g, indices, out, { skipped: paddingIdx, byFrequency: scaleGradByFreq }),
  derivative(gg, node) {
    if (!node.needs(0)) return [null, null];
    if (node.attrs.scaleGradByFreq) {
      throw new ValueError('embedding: the second derivative is not implemented with scaleGradByFreq');
    }
    return [apply(lookupPrimitive, [gg, node.input(1)], { ...node.attrs, zeroPadding: true }), null];
  },
});

const embeddingKinds = (): K.Kinds<EmbeddingFunctionOptions> => ({
  paddingIdx: K.nullable(K.integer),
  maxNorm: K.nullable(K.number),
  normType: K.number,
  scaleGradByFreq: K.flag,
  sparse: K.flag,
});
const embeddingTakes = /* @__PURE__ */ signature('embedding', () => ({
  input: K.tensor,
  weight: K.tensor,
  options: K.options(embeddingKinds()),
}));

/**
 * Looks up rows of a table: `input` holds indices of any shape (*), `weight` has shape (V, D), the result (*, D).
 * Follows `torch.nn.functional.embedding`.
 * @throws IndexError when an index is not in [0, V); it names the index and its place.
 * @throws DTypeError when the indices are not int32.
 * @throws ShapeError when the table is not a matrix.
 * @throws ValueError when `paddingIdx` is no row of the table.
 * @example
 * ```ts
 * const table = tensor([[0.5, 1], [1.5, 2]]);
 * F.embedding(tensor([1, 0]), table); // tensor([[1.5000, 2.0000],
 * //         [0.5000, 1.0000]])
 * ```
 */
export function embedding(input: Tensor, weight: Tensor, options: EmbeddingFunctionOptions = {}): Tensor {
  embeddingTakes(arguments);
  const { maxNorm, normType, scaleGradByFreq, ...rest } = withDefaults(defaults, options);
  checkEmbedding(input, weight);
  const rows = weight.size(0);
  const paddingIdx = paddingRow('embedding', rest.paddingIdx, rows) ?? -1;
  if (maxNorm !== null) renormalise(input, weight, maxNorm, normType);
  return apply(lookupPrimitive, [weight, input], { rows, paddingIdx, scaleGradByFreq, zeroPadding: false });
}

/** Options of {@link Embedding}. */
export interface EmbeddingOptions extends EmbeddingFunctionOptions, TableOptions {
  /** Leave the table as it is in training. Default: false. */
  readonly _freeze?: boolean;
}

/** Options of {@link Embedding.fromPretrained}. */
export interface FromPretrainedOptions extends EmbeddingFunctionOptions {
  /** Leave the table as it is in training. Default: true. */
  readonly freeze?: boolean;
}

/**
 * A table of learned rows, looked up by index: {@link embedding}. Shapes: input (*) of int32, result (*, embeddingDim).
 * Rows start normal, that of `paddingIdx` zero. Follows `torch.nn.Embedding`.
 * @throws IndexError when an index is out of range; it names the index and its place.
 * @throws ShapeError when `_weight` has another shape than (numEmbeddings, embeddingDim).
 * @throws ValueError when `paddingIdx` is no row of the table.
 * @example
 * ```ts
 * const words = new nn.Embedding(1000, 16, { paddingIdx: 0 });
 * words(tensor([[1, 2, 0]])).shape; // [ 1, 3, 16 ]
 * ```
 */
export class Embedding extends Module<[Tensor], Tensor> {
  /** How many rows the table has. */
  readonly numEmbeddings: number;
  /** How long a row is. */
  readonly embeddingDim: number;
  /** The row that gets no gradient, counted from the start, or `null`. */
  readonly paddingIdx: number | null;
  /** To which norm rows are shortened, or `null`. */
  readonly maxNorm: number | null;
  /** The p of that norm. */
  readonly normType: number;
  /** Whether the gradient of a row is divided by how often it was looked up. */
  readonly scaleGradByFreq: boolean;
  /** Of no effect. */
  readonly sparse: boolean;
  /** The table, (numEmbeddings, embeddingDim). */
  weight: Parameter;

  constructor(numEmbeddings: number, embeddingDim: number, options: EmbeddingOptions = {}) {
    checkArguments(
      new.target.name,
      {
        numEmbeddings: K.count,
        embeddingDim: K.count,
        options: K.options<EmbeddingOptions>({ ...embeddingKinds(), ...tableKinds, _freeze: K.flag }),
      },
      arguments,
    );
    super();
    const { paddingIdx, maxNorm, normType, scaleGradByFreq, sparse } = withDefaults(defaults, options);
    this.numEmbeddings = numEmbeddings;
    this.embeddingDim = embeddingDim;
    this.paddingIdx = paddingRow('embedding', paddingIdx, numEmbeddings);
    this.maxNorm = maxNorm;
    this.normType = normType;
    this.scaleGradByFreq = scaleGradByFreq;
    this.sparse = sparse;
    const { _freeze = false } = options;
    const given = givenTable(new.target.name, [numEmbeddings, embeddingDim], options, !_freeze);
    this.weight = given ?? emptyParameter([numEmbeddings, embeddingDim], options);
    if (given !== null) return;
    this.weight.requiresGrad = !_freeze;
    this.resetParameters();
  }

  /**
   * A layer over a given table (numEmbeddings, embeddingDim), whose memory it shares. Follows
   * `torch.nn.Embedding.from_pretrained`.
   * @throws ShapeError when it is not a matrix.
   * @throws ValueError when `paddingIdx` is no row of it.
   */
  static fromPretrained(embeddings: Tensor, options: FromPretrainedOptions = {}): Embedding {
    const kinds = K.options<FromPretrainedOptions>({ ...embeddingKinds(), freeze: K.flag });
    checkArguments('Embedding.fromPretrained', { embeddings: K.tensor, options: kinds }, arguments);
    const [numEmbeddings, embeddingDim] = sizesOfTable(embeddings);
    const { freeze = true, ...rest } = options;
    return new Embedding(numEmbeddings, embeddingDim, { ...rest, _weight: embeddings, _freeze: freeze });
  }

  /** Draws the table anew. */
  resetParameters(): void {
    normal_(this.weight);
    const { paddingIdx } = this;
    if (paddingIdx !== null) noGrad(() => this.weight.select(0, paddingIdx).zero_());
  }

  override forward(input: Tensor): Tensor {
    const { weight, paddingIdx, maxNorm, normType, scaleGradByFreq, sparse } = this;
    return embedding(input, weight, { paddingIdx, maxNorm, normType, scaleGradByFreq, sparse });
  }

  override extraRepr(): string {
    let text = `${this.numEmbeddings}, ${this.embeddingDim}`;
    if (this.paddingIdx !== null) text += `, padding_idx=${this.paddingIdx}`;
    if (this.maxNorm !== null) text += `, max_norm=${pyFloat(this.maxNorm)}`;
    if (this.normType !== defaults.normType) text += `, norm_type=${pyFloat(this.normType)}`;
    if (this.scaleGradByFreq) text += ', scale_grad_by_freq=True';
    if (this.sparse) text += ', sparse=True';
    return text;
  }
}
