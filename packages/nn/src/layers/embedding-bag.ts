import {
  addTableRows,
  apply,
  arange,
  checkArguments,
  composed,
  composition,
  DTypeError,
  definePrimitive,
  elementsOf,
  formatShape,
  greatestTableRows,
  IndexError,
  K,
  numberBags,
  ones,
  type Primitive,
  ShapeError,
  sameShape,
  type Tensor,
  ValueError,
  where,
  zeros,
} from '@kindling/core';
import { normal_ } from '../init/fills.ts';
import { Module } from '../module/module.ts';
import type { Parameter } from '../module/parameter.ts';
import { pyFloat } from '../module/print.ts';
import { embedding } from './embedding.ts';
import { emptyParameter } from './factory.ts';
import { checkEmbedding, checkedPrimitive, refuseBad, renormalise } from './lookup.ts';
import { paddingRow } from './padding-row.ts';
import { givenTable, sizesOfTable, type TableOptions, tableKinds } from './table.ts';

type BagMode = 'sum' | 'mean' | 'max';

/** What {@link embeddingBag} and {@link EmbeddingBag} share. */
interface BagSettings {
  /** Rows looked up whose norm is larger are shortened to it, in the table itself. Default: none. */
  readonly maxNorm?: number | null;
  /** The p of that norm. Default: 2. */
  readonly normType?: number;
  /** Divide the gradient of a row by how often it was looked up. Default: false. */
  readonly scaleGradByFreq?: boolean;
  /** What becomes of the rows of a bag. Default: `'mean'`. */
  readonly mode?: BagMode;
  /** Taken for PyTorch's sake: gradients are dense all the same. Default: false. */
  readonly sparse?: boolean;
  /** Whether the last offset is the end of the last bag, not the start of another. Default: false. */
  readonly includeLastOffset?: boolean;
  /** A row that counts for nothing in a bag, and gets no gradient. Negative: from the end. Default: none. */
  readonly paddingIdx?: number | null;
}

/** The bags of a call. */
export interface BagOptions {
  /** Where each bag begins in an input of one dimension. */
  readonly offsets?: Tensor | null;
  /** A factor for each row, with mode `'sum'`. */
  readonly perSampleWeights?: Tensor | null;
}

/** Options of {@link embeddingBag}. */
export interface EmbeddingBagFunctionOptions extends BagSettings, BagOptions {}

const settingKinds: K.Kinds<BagSettings> = {
  maxNorm: /* @__PURE__ */ K.nullable(K.number),
  normType: K.number,
  scaleGradByFreq: K.flag,
  mode: /* @__PURE__ */ K.oneOf('sum', 'mean', 'max'),
  sparse: K.flag,
  includeLastOffset: K.flag,
  paddingIdx: /* @__PURE__ */ K.nullable(K.integer),
};
const bagKinds: K.Kinds<BagOptions> = {
  offsets: /* @__PURE__ */ K.nullable(K.tensor),
  perSampleWeights: /* @__PURE__ */ K.nullable(K.tensor),
};

function checkBags(
  input: Tensor,
  { offsets = null, perSampleWeights = null, ...rest }: EmbeddingBagFunctionOptions,
): void {
  const { mode = 'mean', scaleGradByFreq = false } = rest;
  const fail = (problem: string): never => {
    throw new ShapeError(`embeddingBag: ${problem}`);
  };
  if (input.ndim !== 1 && input.ndim !== 2)
    fail(`input has to be 1D or 2D, but got ${input.ndim} dimensions`);
  if (input.ndim === 2 && offsets !== null)
    fail('if input is 2D, offsets has to be null, as input is a mini-batch of bags of one length');
  if (input.ndim === 1 && offsets?.ndim !== 1)
    fail(
      `offsets has to be a 1D tensor for an input of 1 dimension, but got ${offsets === null ? 'null' : formatShape(offsets.shape)}`,
    );
  if (perSampleWeights !== null && !sameShape(perSampleWeights.shape, input.shape))
    fail(
      `perSampleWeights must have the shape of the input, ${formatShape(input.shape)}, got ${formatShape(perSampleWeights.shape)}`,
    );
  if (perSampleWeights !== null && mode !== 'sum')
    throw new ValueError(
      `embeddingBag: perSampleWeights is only supported for mode 'sum' (got mode '${mode}')`,
    );
  if (mode === 'max' && scaleGradByFreq)
    throw new ValueError('embeddingBag: max mode does not support scaling the gradient by the frequency');
}

/** The number of the bag that each entry of a flat input is in, and how many bags there are. */
function bagsOf(
  input: Tensor,
  offsets: Tensor | null,
  includeLast: boolean,
): { bags: Tensor; count: number } {
  if (offsets === null) {
    const [count = 0, length = 0] = input.shape;
    const numbers = arange(0, count, { dtype: 'int32' }).unsqueeze(1).expand([count, length]);
    return { bags: numbers.reshape([count * length]), count };
  }
  const count = offsets.count - (includeLast ? 1 : 0);
  if (count < 0)
    throw new ShapeError('embeddingBag: includeLastOffset: number of offset should be at least 1');
  return { bags: apply(bagsPrimitive, [offsets], { length: input.count, includeLast }), count };
}

interface Bags {
  /** How many entries there are. */
  readonly length: number;
  /** Whether the last offset ends the last bag: what comes behind is in none, and has its number. */
  readonly includeLast: boolean;
}

/** Of offsets the number of the bag that each entry is in. */
const bagsPrimitive = /* @__PURE__ */ definePrimitive<Bags>({
  name: 'bags_of_offsets',
  saves: 0,
  infer([{ dtype }], { length }) {
    if (dtype !== 'int32')
      throw new DTypeError(
        `embeddingBag: Expected offsets of dtype int32, got ${dtype}; convert with to('int32')`,
      );
    return { shape: [length], dtype };
  },
  kernel([offsets], { length, includeLast }, out) {
    const refuse = (problem: string): never => {
      throw new IndexError(`embeddingBag: ${problem}`);
    };
    if (!includeLast && offsets.count === 0 && length > 0) refuse('there are entries, but no offsets');
    const bad = numberBags(offsets, out);
    if (bad < 0) return;
    const starts = elementsOf(offsets);
    const start = starts[bad] ?? 0;
    if (bad === 0)
      refuse(
        `offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start from position 0. However, got ${start}`,
      );
    if (start > length)
      refuse(`offsets can not be greater than input's length ${length} but got offsets[${bad}] of ${start}`);
    refuse(
      `offsets have to ascend, but got offsets[${bad - 1}] of ${starts[bad - 1]} and offsets[${bad}] of ${start}`,
    );
  },
});

/**
 * Rows of a table added up: each of `from` is one that goes to the row that stands beside it in `to`. Its derivative
 * goes the other way.
 */
const bagSumPrimitive: Primitive<{ readonly rows: number }, [Tensor, Tensor, Tensor]> =
  /* @__PURE__ */ definePrimitive({
    name: 'embedding_bag',
    saves: (1 << 1) | (1 << 2),
    keepsNothing: true,
    infer: ([x], { rows }) => ({ shape: [rows, x.size(1)], dtype: x.dtype }),
    kernel: ([x, from, to], _, out) => addTableRows(x, to, out, { skipped: -1, byFrequency: false, from }),
    derivative(g, node) {
      const rows = node.shape(0)[0] ?? 0;
      return [apply(bagSumPrimitive, [g, node.input(2), node.input(1)], { rows }), null, null];
    },
  });

/** The number of the row that has the greatest element of each bag and column, -1 in a bag without rows. */
const greatestPrimitive = /* @__PURE__ */ definePrimitive<
  { readonly rows: number },
  [Tensor, Tensor, Tensor]
>({
  name: 'greatest_of_bags',
  infer: ([table], { rows }) => ({ shape: [rows, table.size(1)], dtype: 'int32' }),
  kernel: ([table, indices, bags], _, out) =>
    refuseBad(indices, table.size(0), greatestTableRows(table, indices, bags, out)),
});

/**
 * The greatest of the rows in each bag, column by column: of equal ones the first, which alone has the gradient; 0
 * where there are none. Nothing is greater than NaN, nor NaN than anything, so that it is the greatest where a bag
 * begins with it, and nowhere else.
 */
function firstGreatest(table: Tensor, indices: Tensor, bags: Tensor, rows: number): Tensor {
  const found = apply(greatestPrimitive, [table, indices, bags], { rows });
  const isEmpty = found.lt(0);
  return where(isEmpty, 0, table.gather(0, where(isEmpty, 0, found)));
}

/**
 * The sum, mean or greatest of the rows of a table, (V, D), in each bag: a row of input (B, N), or, in an input of one
 * dimension, what begins at each of `offsets`, (B,). Gives (B, D); an empty bag gives zeros. Follows
 * `torch.nn.functional.embedding_bag`.
 * @throws ShapeError when input, offsets or weights do not fit; IndexError when an index is no row, or an offset beyond
 * the input; DTypeError for indices or offsets that are not int32
 * @throws ValueError for weights without mode `'sum'`
 * @example
 * ```ts
 * const table = tensor([[1, 2], [3, 4], [5, 6]], { dtype: 'float32' });
 * F.embeddingBag(tensor([0, 2, 1]), table, { offsets: tensor([0, 2]) }); // tensor([[3., 4.], [3., 4.]])
 * ```
 */
export const embeddingBag = /* @__PURE__ */ composition(
  'embeddingBag',
  () => ({
    input: K.tensor,
    weight: K.tensor,
    options: K.options<EmbeddingBagFunctionOptions>({ ...settingKinds, ...bagKinds }),
  }),
  (input: Tensor, weight: Tensor, options: EmbeddingBagFunctionOptions = {}): Tensor => {
    checkBags(input, options);
    const { mode = 'mean', offsets = null, perSampleWeights = null, paddingIdx = null } = options;
    const { maxNorm = null, normType = 2, scaleGradByFreq = false, includeLastOffset = false } = options;
    checkEmbedding(input, weight, input.ndim === 1 && maxNorm === null);
    const flat = input.reshape([input.count]);
    const padding = paddingRow('embeddingBag', paddingIdx, weight.size(0));
    const counts = padding === null ? null : flat.ne(padding);
    const { bags, count } = bagsOf(input, offsets, includeLastOffset);
    // Behind the bags is one for what is in none: what comes after a last offset that ends a bag, and rows that do not
    // count.
    const all = count + 1;
    const kept = counts === null ? bags : where(counts, bags, count);
    const named = (y: Tensor): Tensor => composed('embedding_bag', y, weight);
    const inBags = (x: Tensor): Tensor => x.narrow(0, 0, count);
    const sumOf = (): Tensor => {
      if (perSampleWeights === null && !scaleGradByFreq) {
        if (maxNorm !== null) renormalise(flat, weight, maxNorm, normType);
        const rows = apply(checkedPrimitive, [flat], { rows: weight.size(0) });
        return inBags(apply(bagSumPrimitive, [weight, rows, kept], { rows: all }));
      }
      const rows = embedding(flat, weight, { maxNorm, normType, scaleGradByFreq, paddingIdx });
      const each = perSampleWeights === null ? rows : rows.mul(perSampleWeights.reshape([input.count, 1]));
      return inBags(zeros([all, weight.size(1)], { dtype: weight.dtype }).indexAdd(0, kept, each));
    };
    if (mode === 'max' && input.count > 0) {
      if (maxNorm !== null) renormalise(flat, weight, maxNorm, normType);
      return named(inBags(firstGreatest(weight, flat, kept, all)));
    }
    const sums = sumOf();
    if (mode !== 'mean') return named(sums);
    if (input.ndim === 2 && counts === null) return named(sums.div(Math.max(input.size(1), 1)));
    const each = ones([input.count], { dtype: weight.dtype });
    const sizes = inBags(zeros([all], { dtype: weight.dtype }).indexAdd(0, kept, each));
    return named(sums.div(sizes.clampMin(1).unsqueeze(1)));
  },
);

/** Options of {@link EmbeddingBag}. */
export interface EmbeddingBagOptions extends BagSettings, TableOptions {}

/** Options of {@link EmbeddingBag.fromPretrained}. */
export interface BagsFromPretrainedOptions extends BagSettings {
  /** Leave the table as it is in training. Default: true. */
  readonly freeze?: boolean;
}

/**
 * A table of learned rows, of which it gives the sum, mean or greatest of each bag: {@link embeddingBag}. Rows start
 * normal, that of `paddingIdx` zero. Follows `torch.nn.EmbeddingBag`.
 * @throws ShapeError when the input or its bags do not fit; IndexError when an index is no row
 * @throws ValueError when `paddingIdx` is no row of the table
 * @example
 * ```ts
 * const bags = new nn.EmbeddingBag(10, 3, { mode: 'sum' });
 * bags(tensor([1, 2, 4, 5]), { offsets: tensor([0, 3]) }).shape; // [ 2, 3 ]
 * ```
 */
export class EmbeddingBag extends Module<[Tensor, BagOptions?], Tensor> {
  /** How many rows the table has. */
  readonly numEmbeddings: number;
  /** How long a row is. */
  readonly embeddingDim: number;
  /** To which norm rows are shortened, or `null`. */
  readonly maxNorm: number | null;
  /** The p of that norm. */
  readonly normType: number;
  /** Whether the gradient of a row is divided by how often it was looked up. */
  readonly scaleGradByFreq: boolean;
  /** What becomes of the rows of a bag. */
  readonly mode: BagMode;
  /** Of no effect. */
  readonly sparse: boolean;
  /** Whether the last offset is the end of the last bag. */
  readonly includeLastOffset: boolean;
  /** The row that counts for nothing, counted from the start, or `null`. */
  readonly paddingIdx: number | null;
  /** The table, (numEmbeddings, embeddingDim). */
  weight: Parameter;

  constructor(numEmbeddings: number, embeddingDim: number, options: EmbeddingBagOptions = {}) {
    checkArguments(
      new.target.name,
      {
        numEmbeddings: K.count,
        embeddingDim: K.count,
        options: K.options<EmbeddingBagOptions>({ ...settingKinds, ...tableKinds }),
      },
      arguments,
    );
    const { paddingIdx = null } = options;
    const padding = paddingRow(new.target.name, paddingIdx, numEmbeddings);
    super();
    this.numEmbeddings = numEmbeddings;
    this.embeddingDim = embeddingDim;
    this.maxNorm = options.maxNorm ?? null;
    this.normType = options.normType ?? 2;
    this.scaleGradByFreq = options.scaleGradByFreq ?? false;
    this.mode = options.mode ?? 'mean';
    this.sparse = options.sparse ?? false;
    this.includeLastOffset = options.includeLastOffset ?? false;
    this.paddingIdx = padding;
    const given = givenTable(new.target.name, [numEmbeddings, embeddingDim], options, true);
    this.weight = given ?? emptyParameter([numEmbeddings, embeddingDim], options);
    if (given === null) this.resetParameters();
  }

  /**
   * A layer over a given table (numEmbeddings, embeddingDim), whose memory it shares. Follows
   * `torch.nn.EmbeddingBag.from_pretrained`.
   * @throws ShapeError when it is not a matrix.
   * @throws ValueError when `paddingIdx` is no row of it.
   */
  static fromPretrained(embeddings: Tensor, options: BagsFromPretrainedOptions = {}): EmbeddingBag {
    const kinds = K.options<BagsFromPretrainedOptions>({ ...settingKinds, freeze: K.flag });
    checkArguments('EmbeddingBag.fromPretrained', { embeddings: K.tensor, options: kinds }, arguments);
    const [numEmbeddings, embeddingDim] = sizesOfTable(embeddings);
    const { freeze = true, ...rest } = options;
    const layer = new EmbeddingBag(numEmbeddings, embeddingDim, { ...rest, _weight: embeddings });
    layer.weight.requiresGrad = !freeze;
    return layer;
  }

  /** Draws the table anew. */
  resetParameters(): void {
    normal_(this.weight);
    if (this.paddingIdx !== null) this.weight.detach().select(0, this.paddingIdx).zero_();
  }

  override forward(input: Tensor, options: BagOptions = {}): Tensor {
    const kinds = { input: K.tensor, options: K.options<BagOptions>(bagKinds) };
    checkArguments('forward', kinds, arguments);
    const { weight, maxNorm, normType, scaleGradByFreq, mode, sparse, includeLastOffset, paddingIdx } = this;
    const settings = { maxNorm, normType, scaleGradByFreq, mode, sparse, includeLastOffset, paddingIdx };
    return embeddingBag(input, weight, { ...settings, ...options });
  }

  override extraRepr(): string {
    let text = `${this.numEmbeddings}, ${this.embeddingDim}`;
    if (this.maxNorm !== null) text += `, max_norm=${pyFloat(this.maxNorm)}`;
    if (this.normType !== 2) text += `, norm_type=${pyFloat(this.normType)}`;
    if (this.scaleGradByFreq) text += ', scale_grad_by_freq=True';
    text += `, mode='${this.mode}'`;
    if (this.paddingIdx !== null) text += `, padding_idx=${this.paddingIdx}`;
    return text;
  }
}
