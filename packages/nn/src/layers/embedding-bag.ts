import {
  apply,
  checkArguments,
  composition,
  DTypeError,
  definePrimitive,
  elementsOf,
  formatShape,
  full,
  IndexError,
  K,
  ones,
  ShapeError,
  sameShape,
  type Tensor,
  ValueError,
  where,
  worksInJavaScript,
  zeros,
} from '@kindling/core';
import { normal_ } from '../init/fills.ts';
import { Module } from '../module/module.ts';
import type { Parameter } from '../module/parameter.ts';
import { pyFloat } from '../module/print.ts';
import { embedding } from './embedding.ts';
import { emptyParameter, type LayerOptions, layerKinds } from './factory.ts';
import { paddingRow } from './padding-row.ts';

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
    const numbers = ones([count, length], { dtype: 'int32' }).cumsum(0).sub(1).to('int32');
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
    worksInJavaScript('in JavaScript, as it looks where bags begin');
    const [starts, bags] = [elementsOf(offsets), elementsOf(out)];
    const first = starts[0] ?? 0;
    const refuse = (problem: string): never => {
      throw new IndexError(`embeddingBag: ${problem}`);
    };
    if (first !== 0)
      refuse(
        `offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start from position 0. However, got ${first}`,
      );
    for (const [i, start] of starts.entries()) {
      if (start > length)
        refuse(`offsets can not be greater than input's length ${length} but got offsets[${i}] of ${start}`);
      if (start < (starts[i - 1] ?? 0))
        refuse(
          `offsets have to ascend, but got offsets[${i - 1}] of ${starts[i - 1]} and offsets[${i}] of ${start}`,
        );
      bags.fill(i, start);
    }
    if (!includeLast && starts.length === 0 && length > 0) refuse('there are entries, but no offsets');
  },
});

/** The number of no row. */
const noRow = 2 ** 31 - 1;

/**
 * The greatest of the rows in each bag, column by column: of equal ones the first, which alone has the gradient; `none` where there are
 * none. Nothing is greater than NaN, nor NaN than anything, so that it is the greatest where a bag begins with it, and nowhere else.
 */
function firstGreatest(none: Tensor, bags: Tensor, rows: Tensor, counts: Tensor | null): Tensor {
  if (rows.size(0) === 0) return none.indexAdd(0, bags, rows);
  const numbers = ones(rows.shape, { dtype: 'int32' }).cumsum(0).sub(1).to('int32');
  const firstOf = (those: Tensor): Tensor =>
    full(none.shape, noRow, { dtype: 'int32' }).indexReduce(0, bags, where(those, numbers, noRow), 'amin');
  const begins = firstOf(counts === null ? numbers.ge(0) : counts.unsqueeze(1).expand(rows.shape));
  const values = rows.detach();
  const atStart = numbers.eq(begins.indexSelect(0, bags));
  const ordered = where(values.isnan(), where(atStart, Infinity, -Infinity), values);
  const greatest = none.indexReduce(0, bags, ordered, 'amax', { includeSelf: false });
  const first = firstOf(ordered.eq(greatest.indexSelect(0, bags)));
  const isEmpty = first.eq(noRow);
  return where(isEmpty, greatest, rows.gather(0, where(isEmpty, 0, first)));
}

/**
 * The sum, mean or greatest of the rows of a table, (V, D), in each bag: a row of input (B, N), or, in an input of one dimension, what
 * begins at each of `offsets`, (B,). Gives (B, D); an empty bag gives zeros. Follows `torch.nn.functional.embedding_bag`.
 * @throws ShapeError when input, offsets or weights do not fit; IndexError when an index is no row, or an offset beyond the input;
 * DTypeError for indices or offsets that are not int32
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
    const flat = input.reshape([input.count]);
    const rows = embedding(flat, weight, { maxNorm, normType, scaleGradByFreq, paddingIdx });
    const { bags, count } = bagsOf(input, offsets, includeLastOffset);
    // Those behind the last offset, where it ends the last bag, are left out in the end.
    const all = count + (includeLastOffset && offsets !== null ? 1 : 0);
    const inBags = (x: Tensor): Tensor => (all === count ? x : x.narrow(0, 0, count));
    const none = zeros([all, weight.size(1)], { dtype: weight.dtype });
    const padding = paddingRow('embeddingBag', paddingIdx, weight.size(0));
    const counts = padding === null ? null : flat.ne(padding);
    if (mode === 'max') {
      const kept = counts === null ? rows : where(counts.unsqueeze(1), rows, -Infinity);
      const found = firstGreatest(none, bags, kept, counts);
      return inBags(counts === null ? found : where(found.eq(-Infinity), 0, found));
    }
    const kept = counts === null ? rows : where(counts.unsqueeze(1), rows, 0);
    const factors = perSampleWeights?.reshape([input.count, 1]);
    const sums = none.indexAdd(0, bags, factors === undefined ? kept : kept.mul(factors));
    if (mode === 'sum') return inBags(sums);
    const each = counts === null ? ones([input.count], { dtype: weight.dtype }) : counts.to(weight.dtype);
    const sizes = zeros([all], { dtype: weight.dtype }).indexAdd(0, bags, each);
    return inBags(sums.div(sizes.clampMin(1).unsqueeze(1)));
  },
);

/** Options of {@link EmbeddingBag}. */
export interface EmbeddingBagOptions extends BagSettings, LayerOptions {}

/**
 * A table of learned rows, of which it gives the sum, mean or greatest of each bag: {@link embeddingBag}. Rows start normal, that of
 * `paddingIdx` zero. Follows `torch.nn.EmbeddingBag`.
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
        options: K.options<EmbeddingBagOptions>({ ...settingKinds, ...layerKinds }),
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
    this.weight = emptyParameter([numEmbeddings, embeddingDim], options);
    this.resetParameters();
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
