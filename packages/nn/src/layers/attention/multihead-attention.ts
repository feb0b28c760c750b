import {
  cat,
  checkArguments,
  type DType,
  formatShape,
  K,
  linear,
  pad,
  ShapeError,
  sameShape,
  scaledDotProductAttention,
  steps,
  type Tensor,
  ValueError,
  zeros,
} from '@kindling/core';
import { constant_ } from '../../init/fills.ts';
import { xavierNormal_, xavierUniform_ } from '../../init/scaled.ts';
import { Module } from '../../module/module.ts';
import type { Parameter } from '../../module/parameter.ts';
import { dropout } from '../dropout.ts';
import { emptyParameter, type LayerOptions, layerKinds } from '../factory.ts';
import { Linear } from '../linear.ts';
import { additive, checkAdded, checkMasks } from './masks.ts';

/** Options of {@link MultiheadAttention}. */
export interface MultiheadAttentionOptions extends LayerOptions {
  /** The probability of dropping a weight in training. Default: 0. */
  readonly dropout?: number;
  /** Whether the projections add something. Default: true. */
  readonly bias?: boolean;
  /** Whether a learned key and value are added to those given. Default: false. */
  readonly addBiasKv?: boolean;
  /** Whether a key and a value of zeros are added to those given. Default: false. */
  readonly addZeroAttn?: boolean;
  /** The last size of the keys. Default: `embedDim`. */
  readonly kdim?: number | null;
  /** The last size of the values. Default: `embedDim`. */
  readonly vdim?: number | null;
  /** Whether inputs and the output are (N, L, E), not (L, N, E). Default: false. */
  readonly batchFirst?: boolean;
}

/** Options of a call of {@link MultiheadAttention}. */
export interface MultiheadAttentionCall {
  /**
   * (N, S), or (S) without a batch: bools, `true` for keys that are left out, or numbers that are added to the scores.
   */
  readonly keyPaddingMask?: Tensor | null;
  /** Whether the weights are returned too, which costs memory and time. Default: true. */
  readonly needWeights?: boolean;
  /** (L, S) or (N heads, L, S): bools, `true` for what a query may not see, or numbers that are added to the scores. */
  readonly attnMask?: Tensor | null;
  /** Whether the weights are averaged over the heads. Default: true. */
  readonly averageAttnWeights?: boolean;
  /**
   * A hint that `attnMask` is the causal one, which is then not read where weights are not asked for. Default: false.
   */
  readonly isCausal?: boolean;
}

const callKinds = {
  query: K.tensor,
  key: K.tensor,
  value: K.tensor,
  options: /* @__PURE__ */ K.options<MultiheadAttentionCall>({
    keyPaddingMask: /* @__PURE__ */ K.nullable(K.tensor),
    needWeights: K.flag,
    attnMask: /* @__PURE__ */ K.nullable(K.tensor),
    averageAttnWeights: K.flag,
    isCausal: K.flag,
  }),
};

/** A mask for one key more, which all may see. */
const widened = (mask: Tensor | null): Tensor | null => mask && pad(mask, [0, 1]);

/**
 * Attention by several heads: queries, keys and values are projected, cut into `numHeads` parts,
 * {@link scaledDotProductAttention} of each, put together and projected again. Shapes: query (L, N, E), key (S, N,
 * kdim), value (S, N, vdim), or (N, L, E) and so on with `batchFirst`, or without N; gives the output, like the query,
 * and the weights, (N, L, S), (N, heads, L, S) without averaging, or `null`. Follows `torch.nn.MultiheadAttention`.
 * @throws ValueError when the sizes are not positive, or `embedDim` cannot be divided by `numHeads`
 * @throws ShapeError when inputs or masks do not fit; DTypeError for masks of integers
 * @example
 * ```ts
 * const attention = new nn.MultiheadAttention(8, 2, { batchFirst: true });
 * const x = randn([4, 5, 8]);
 * const [y, weights] = attention(x, x, x);
 * y.shape; // [ 4, 5, 8 ]
 * weights?.shape; // [ 4, 5, 5 ]
 * ```
 */
export class MultiheadAttention extends Module<
  [Tensor, Tensor, Tensor, MultiheadAttentionCall?],
  [Tensor, Tensor | null]
> {
  static override readonly stateNames = {
    inProjWeight: 'in_proj_weight',
    qProjWeight: 'q_proj_weight',
    kProjWeight: 'k_proj_weight',
    vProjWeight: 'v_proj_weight',
    inProjBias: 'in_proj_bias',
    outProj: 'out_proj',
    biasK: 'bias_k',
    biasV: 'bias_v',
  };

  /** The last size of queries and of the output, E. */
  readonly embedDim: number;
  /** The last size of the keys. */
  readonly kdim: number;
  /** The last size of the values. */
  readonly vdim: number;
  /** How many parts are looked at apart. */
  readonly numHeads: number;
  /** The probability of dropping a weight in training. */
  dropout: number;
  /** Whether the batch comes first. */
  readonly batchFirst: boolean;
  /** Whether a key and a value of zeros are added. */
  readonly addZeroAttn: boolean;
  /** The projections of queries, keys and values, (3 E, E), where all have the size E. */
  inProjWeight: Parameter | null;
  /** (E, E), where the sizes differ. */
  qProjWeight: Parameter | null;
  /** (E, kdim), where the sizes differ. */
  kProjWeight: Parameter | null;
  /** (E, vdim), where the sizes differ. */
  vProjWeight: Parameter | null;
  /** What the projections add, (3 E,), or `null`. */
  inProjBias: Parameter | null;
  /** A key, (1, 1, E), or `null`. */
  biasK: Parameter | null;
  /** A value, (1, 1, E), or `null`. */
  biasV: Parameter | null;
  /** The projection of the output. */
  outProj: Linear;

  constructor(embedDim: number, numHeads: number, options: MultiheadAttentionOptions = {}) {
    checkArguments(
      new.target.name,
      {
        embedDim: K.positiveCount,
        numHeads: K.positiveCount,
        options: K.options<MultiheadAttentionOptions>({
          dropout: K.probability,
          bias: K.flag,
          addBiasKv: K.flag,
          addZeroAttn: K.flag,
          kdim: K.nullable(K.positiveCount),
          vdim: K.nullable(K.positiveCount),
          batchFirst: K.flag,
          ...layerKinds,
        }),
      },
      arguments,
    );
    if (embedDim % numHeads !== 0) {
      throw new ValueError(
        `${new.target.name}: embedDim must be divisible by numHeads, got ${embedDim} and ${numHeads}`,
      );
    }
    super();
    const { bias = true, addBiasKv = false, dtype } = options;
    this.embedDim = embedDim;
    this.kdim = options.kdim ?? embedDim;
    this.vdim = options.vdim ?? embedDim;
    this.numHeads = numHeads;
    this.dropout = options.dropout ?? 0;
    this.batchFirst = options.batchFirst ?? false;
    this.addZeroAttn = options.addZeroAttn ?? false;
    const alike = this.kdim === embedDim && this.vdim === embedDim;
    const part = (size: number): Parameter | null =>
      alike ? null : emptyParameter([embedDim, size], options);
    this.qProjWeight = part(embedDim);
    this.kProjWeight = part(this.kdim);
    this.vProjWeight = part(this.vdim);
    this.inProjWeight = alike ? emptyParameter([3 * embedDim, embedDim], options) : null;
    this.inProjBias = bias ? emptyParameter([3 * embedDim], options) : null;
    this.outProj = new NonDynamicallyQuantizableLinear(embedDim, embedDim, { bias, ...(dtype && { dtype }) });
    this.biasK = addBiasKv ? emptyParameter([1, 1, embedDim], options) : null;
    this.biasV = addBiasKv ? emptyParameter([1, 1, embedDim], options) : null;
    this.resetParameters();
  }

  /** Draws the projections anew; what the projection of the output is, stays. */
  resetParameters(): void {
    for (const weight of [this.inProjWeight, this.qProjWeight, this.kProjWeight, this.vProjWeight])
      if (weight !== null) xavierUniform_(weight);
    if (this.inProjBias !== null) {
      constant_(this.inProjBias, 0);
      if (this.outProj.bias !== null) constant_(this.outProj.bias, 0);
    }
    for (const added of [this.biasK, this.biasV]) if (added !== null) xavierNormal_(added);
  }

  override forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    options: MultiheadAttentionCall = {},
  ): [Tensor, Tensor | null] {
    checkArguments('forward', callKinds, arguments);
    const batched = this.checkShapes(query, key, value, options);
    const { batchDim } = this;
    const inside = (x: Tensor): Tensor => (batched ? x : x.unsqueeze(batchDim));
    // Self-attention is told by identity, which views of the same tensor would lose.
    const q = inside(query);
    const k = key === query ? q : inside(key);
    const v = value === key ? k : inside(value);
    const padding = options.keyPaddingMask ?? null;
    const [y, weights] = this.attend(q, k, v, {
      ...options,
      keyPaddingMask: padding !== null && !batched ? padding.unsqueeze(0) : padding,
    });
    return batched ? [y, weights] : [y.squeeze(batchDim), weights?.squeeze(0) ?? null];
  }

  /** Where the batch stands; the sequence is the other one of the first two dimensions. */
  private get batchDim(): 0 | 1 {
    return this.batchFirst ? 0 : 1;
  }

  /** Whether there is a batch. */
  private checkShapes(query: Tensor, key: Tensor, value: Tensor, options: MultiheadAttentionCall): boolean {
    const { name } = this.constructor;
    const { keyPaddingMask, attnMask } = options;
    if (query.ndim !== 2 && query.ndim !== 3) {
      throw new ShapeError(
        `${name}: query should be unbatched 2D or batched 3D tensor but received ${query.ndim}-D query tensor`,
      );
    }
    const rank = query.ndim;
    const expectation = `${name}: For ${rank === 3 ? 'batched (3-D)' : 'unbatched (2-D)'} \`query\`, expected`;
    if (key.ndim !== rank || value.ndim !== rank) {
      throw new ShapeError(
        `${expectation} \`key\` and \`value\` to be ${rank}-D but found ${key.ndim}-D and ${value.ndim}-D tensors respectively`,
      );
    }
    if (keyPaddingMask != null && keyPaddingMask.ndim !== rank - 1) {
      throw new ShapeError(
        `${expectation} \`keyPaddingMask\` to be null or ${rank - 1}-D but found ${keyPaddingMask.ndim}-D tensor instead`,
      );
    }
    if (attnMask != null && attnMask.ndim !== 2 && attnMask.ndim !== 3) {
      throw new ShapeError(
        `${expectation} \`attnMask\` to be null, 2-D or 3-D but found ${attnMask.ndim}-D tensor instead`,
      );
    }
    if (rank === 2 && attnMask?.ndim === 3)
      checkMasks(name, attnMask, null, [1, this.numHeads, query.size(0), key.size(0)]);
    for (const [what, x, size] of [
      ['query', query, this.embedDim],
      ['key', key, this.kdim],
      ['value', value, this.vdim],
    ] as const) {
      if (x.size(-1) !== size)
        throw new ShapeError(
          `${name}: was expecting ${what} with last size ${size}, but got ${formatShape(x.shape)}`,
        );
    }
    if (!sameShape(key.shape.slice(0, -1), value.shape.slice(0, -1))) {
      throw new ShapeError(
        `${name}: key's sequence and batch dims ${formatShape(key.shape.slice(0, -1))} do not match value's ` +
          formatShape(value.shape.slice(0, -1)),
      );
    }
    const { batchDim } = this;
    if (rank === 3 && query.size(batchDim) !== key.size(batchDim)) {
      throw new ShapeError(
        `${name}: expected query, key and value of one batch size, got ${query.size(batchDim)} and ${key.size(batchDim)}`,
      );
    }
    return rank === 3;
  }

  /** The projections of queries, keys and values. */
  private project(q: Tensor, k: Tensor, v: Tensor): readonly Tensor[] {
    const { inProjWeight: packed, inProjBias: bias, embedDim } = this;
    const sizes = [embedDim, embedDim, embedDim];
    if (packed !== null && q === k && k === v) return steps(linear(q, packed, bias), sizes, { dim: -1 });
    const weights =
      packed === null ? [this.qProjWeight, this.kProjWeight, this.vProjWeight] : steps(packed, sizes);
    const biases = bias && steps(bias, sizes);
    return [q, k, v].map((x, i) => {
      const weight = weights[i];
      return weight == null ? x : linear(x, weight, biases?.[i] ?? null);
    });
  }

  /** What is added to the keys and values given: a learned pair, and zeros. */
  private ownKeys(batch: number, dtype: DType): (readonly [key: Tensor, value: Tensor])[] {
    const { biasK, biasV, batchDim, embedDim } = this;
    const shape = batchDim === 0 ? [batch, 1, embedDim] : [1, batch, embedDim];
    const pairs: [Tensor, Tensor][] = [];
    if (biasK !== null && biasV !== null) pairs.push([biasK.expand(shape), biasV.expand(shape)]);
    if (this.addZeroAttn) {
      const none = zeros(shape, { dtype });
      pairs.push([none, none]);
    }
    return pairs;
  }

  private attend(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    options: MultiheadAttentionCall,
  ): [Tensor, Tensor | null] {
    const { name } = this.constructor;
    const { numHeads, embedDim, batchDim } = this;
    const sequenceDim = 1 - batchDim;
    const { needWeights = true, averageAttnWeights = true } = options;
    const [length, batch] = [query.size(sequenceDim), query.size(batchDim)];
    const given = options.attnMask ?? null;
    const isCausal = this.isCausal(options);
    const added = given && additive(name, 'attnMask', given, query);
    let mask = isCausal ? null : added;
    let padding = options.keyPaddingMask ?? null;
    if (padding !== null) padding = additive(name, 'keyPaddingMask', padding, query);
    checkMasks(name, mask, padding, [batch, numHeads, length, key.size(sequenceDim)]);
    const [q = query, projectedK = key, projectedV = value] = this.project(query, key, value);
    let [k, v] = [projectedK, projectedV];
    for (const [ownKey, ownValue] of this.ownKeys(batch, k.dtype)) {
      k = cat([k, ownKey], sequenceDim);
      v = cat([v, ownValue], sequenceDim);
      mask = widened(mask);
      padding = widened(padding);
    }
    const keys = k.size(sequenceDim);
    const inHeads = (x: Tensor): Tensor =>
      x
        .reshape([...x.shape.slice(0, 2), numHeads, embedDim / numHeads])
        .permute([batchDim, 2, sequenceDim, 3]);
    if (mask?.ndim === 3) mask = mask.reshape([batch, numHeads, length, keys]);
    if (padding !== null) {
      const wide = padding.reshape([batch, 1, 1, keys]);
      mask = mask === null ? wide : mask.add(wide);
    }
    const dropoutP = this.training ? this.dropout : 0;
    // PyTorch's output lies with the sequence first, wherever the batch is, and a dropout of it draws in the order of
    // memory.
    const sequenceFirst = batchDim === 1 || dropoutP > 0;
    const together = (x: Tensor): Tensor => {
      const joined = x.permute(sequenceFirst ? [2, 0, 1, 3] : [0, 2, 1, 3]).flatten(-2);
      const y = this.outProj(joined);
      return sequenceFirst && batchDim === 0 ? y.transpose(0, 1) : y;
    };
    if (!needWeights) {
      const found = scaledDotProductAttention(inHeads(q), inHeads(k), inHeads(v), {
        attnMask: mask,
        dropoutP,
        isCausal,
      });
      return [together(found), null];
    }
    if (mask !== null) checkAdded(name, mask, q);
    const scaled = inHeads(q).mul(Math.sqrt(numHeads / embedDim));
    const scores = scaled.matmul(inHeads(k).transpose(-2, -1));
    let weights = (mask === null ? scores : scores.add(mask)).softmax(-1);
    if (dropoutP > 0) weights = dropout(weights, { p: dropoutP });
    return [together(weights.matmul(inHeads(v))), averageAttnWeights ? weights.mean(1) : weights];
  }

  /** Whether the causal mask needs not be read. */
  private isCausal({
    isCausal = false,
    attnMask,
    keyPaddingMask,
    needWeights = true,
  }: MultiheadAttentionCall): boolean {
    if (isCausal && attnMask == null) {
      throw new ValueError(`${this.constructor.name}: Need attnMask if specifying the isCausal hint.`);
    }
    return isCausal && keyPaddingMask == null && !needWeights;
  }
}

/** Called so by PyTorch, whose printed form shows it. */
class NonDynamicallyQuantizableLinear extends Linear {}
