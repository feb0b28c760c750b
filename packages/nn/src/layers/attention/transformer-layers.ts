import { checkArguments, K, type Tensor } from '@kindling/core';
import { gelu } from '../../activations/gelu.ts';
import { relu } from '../../activations/relu.ts';
import { Module } from '../../module/module.ts';
import { Dropout } from '../dropout.ts';
import type { LayerOptions } from '../factory.ts';
import { Linear } from '../linear.ts';
import { LayerNorm } from '../normalization/layer-norm.ts';
import { decoderCall, encoderLayerCall, transformerLayerKinds } from './kinds.ts';
import { MultiheadAttention } from './multihead-attention.ts';

/** Options of the layers of a transformer. */
export interface TransformerLayerOptions extends LayerOptions {
  /** How many features there are between the two linear layers. Default: 2048. */
  readonly dimFeedforward?: number;
  /** The probability of dropping in training. Default: 0.1. */
  readonly dropout?: number;
  /** What comes between the two linear layers. Default: `'relu'`. */
  readonly activation?: 'relu' | 'gelu' | ((x: Tensor) => Tensor);
  /** Added to the variance where it normalises. Default: 1e-5. */
  readonly layerNormEps?: number;
  /** Whether inputs are (N, S, E), not (S, N, E). Default: false. */
  readonly batchFirst?: boolean;
  /** Whether what goes into attention and linear layers is normalised, not what comes out. Default: false. */
  readonly normFirst?: boolean;
  /** Whether linear layers and norms add something. Default: true. */
  readonly bias?: boolean;
}

/** Options of a call of {@link TransformerEncoderLayer}. */
export interface EncoderLayerCall {
  /** (S, S) or (N heads, S, S): bools, `true` for what may not be seen, or numbers that are added to the scores. */
  readonly srcMask?: Tensor | null;
  /** (N, S): bools, `true` for keys that are left out, or numbers that are added to the scores. */
  readonly srcKeyPaddingMask?: Tensor | null;
  /** A hint that the mask is the causal one. Default: false. */
  readonly isCausal?: boolean;
}

/** Options of a call of {@link TransformerDecoderLayer} and {@link TransformerDecoder}. */
export interface DecoderCall {
  /** (T, T) or (N heads, T, T): bools, `true` for what may not be seen, or numbers that are added to the scores. */
  readonly tgtMask?: Tensor | null;
  /** (T, S) or (N heads, T, S), of the same kinds. */
  readonly memoryMask?: Tensor | null;
  /** (N, T): bools, `true` for keys that are left out, or numbers that are added to the scores. */
  readonly tgtKeyPaddingMask?: Tensor | null;
  /** (N, S), of the same kinds. */
  readonly memoryKeyPaddingMask?: Tensor | null;
  /** A hint that `tgtMask` is the causal one. Default: false. */
  readonly tgtIsCausal?: boolean;
  /** A hint that `memoryMask` is the causal one. Default: false. */
  readonly memoryIsCausal?: boolean;
}

/** What both layers have: attention to itself, two linear layers, and what stands around them. */
abstract class TransformerLayer<I extends unknown[]> extends Module<I, Tensor> {
  /** Whether what goes in is normalised, not what comes out. */
  readonly normFirst: boolean;
  /** What comes between the two linear layers. */
  readonly activation: (x: Tensor) => Tensor;

  constructor(given: IArguments, options: TransformerLayerOptions) {
    checkArguments(
      new.target.name,
      {
        dModel: K.positiveCount,
        nhead: K.positiveCount,
        options: K.options<TransformerLayerOptions>(transformerLayerKinds),
      },
      given,
    );
    super();
    const { activation = 'relu', normFirst = false } = options;
    this.normFirst = normFirst;
    this.activation = typeof activation === 'string' ? { relu, gelu }[activation] : activation;
  }

  /** The first linear layer. */
  abstract linear1: Linear;
  /** Between the linear layers. */
  abstract dropout: Dropout;
  /** The second linear layer. */
  abstract linear2: Linear;

  /** The linear layers, and what stands between them. */
  protected feedForward(x: Tensor): Tensor {
    return this.linear2(this.dropout(this.activation(this.linear1(x))));
  }

  /** x and what is made of it, normalised before or after. */
  protected residual(x: Tensor, norm: LayerNorm, block: (x: Tensor) => Tensor): Tensor {
    return this.normFirst ? x.add(block(norm(x))) : norm(x.add(block(x)));
  }
}

const attend = (
  attention: MultiheadAttention,
  [x, memory]: readonly [Tensor, Tensor],
  attnMask: Tensor | null,
  keyPaddingMask: Tensor | null,
  isCausal: boolean,
): Tensor => attention(x, memory, memory, { attnMask, keyPaddingMask, isCausal, needWeights: false })[0];

const partsOf = (dModel: number, options: TransformerLayerOptions) => {
  const {
    dimFeedforward = 2048,
    dropout = 0.1,
    layerNormEps = 1e-5,
    batchFirst = false,
    bias = true,
  } = options;
  const shared = { bias, ...(options.dtype && { dtype: options.dtype }) };
  return {
    attention: { dropout, batchFirst, ...shared },
    norm: () => new LayerNorm(dModel, { eps: layerNormEps, ...shared }),
    inner: () => new Linear(dModel, dimFeedforward, shared),
    outer: () => new Linear(dimFeedforward, dModel, shared),
    dropout: () => new Dropout({ p: dropout }),
  };
};

/**
 * A layer of a transformer's encoder: attention of the sequence to itself, then two linear layers for each element,
 * each with a residual connection and {@link LayerNorm}. Shapes: src (S, N, E), or (N, S, E) with `batchFirst`, or (S,
 * E). Follows `torch.nn.TransformerEncoderLayer`.
 * @throws ValueError when `dModel` cannot be divided by `nhead`
 * @throws ShapeError when input or masks do not fit
 * @example
 * ```ts
 * const layer = new nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 16, batchFirst: true });
 * layer(randn([4, 5, 8])).shape; // [ 4, 5, 8 ]
 * ```
 */
export class TransformerEncoderLayer extends TransformerLayer<[Tensor, EncoderLayerCall?]> {
  static override readonly stateNames = { selfAttn: 'self_attn' };

  /** The attention of the sequence to itself. */
  selfAttn: MultiheadAttention;
  /** The first linear layer. */
  linear1: Linear;
  /** Between the linear layers. */
  dropout: Dropout;
  /** The second linear layer. */
  linear2: Linear;
  /** The norm at the attention. */
  norm1: LayerNorm;
  /** The norm at the linear layers. */
  norm2: LayerNorm;
  /** Behind the attention. */
  dropout1: Dropout;
  /** Behind the linear layers. */
  dropout2: Dropout;

  constructor(dModel: number, nhead: number, options: TransformerLayerOptions = {}) {
    super(arguments, options);
    const parts = partsOf(dModel, options);
    this.selfAttn = new MultiheadAttention(dModel, nhead, parts.attention);
    this.linear1 = parts.inner();
    this.dropout = parts.dropout();
    this.linear2 = parts.outer();
    this.norm1 = parts.norm();
    this.norm2 = parts.norm();
    this.dropout1 = parts.dropout();
    this.dropout2 = parts.dropout();
  }

  override forward(src: Tensor, options: EncoderLayerCall = {}): Tensor {
    checkArguments('forward', { src: K.tensor, options: encoderLayerCall }, arguments);
    const { srcMask = null, srcKeyPaddingMask = null, isCausal = false } = options;
    const x = this.residual(src, this.norm1, (y) =>
      this.dropout1(attend(this.selfAttn, [y, y], srcMask, srcKeyPaddingMask, isCausal)),
    );
    return this.residual(x, this.norm2, (y) => this.dropout2(this.feedForward(y)));
  }
}

/**
 * A layer of a transformer's decoder: attention of the sequence to itself, attention to what the encoder gave, then two
 * linear layers, each with a residual connection and {@link LayerNorm}. Shapes: tgt (T, N, E), memory (S, N, E), or
 * with the batch first, or without. Follows `torch.nn.TransformerDecoderLayer`.
 * @throws ValueError when `dModel` cannot be divided by `nhead`
 * @throws ShapeError when inputs or masks do not fit
 * @example
 * ```ts
 * const layer = new nn.TransformerDecoderLayer(8, 2, { dimFeedforward: 16, batchFirst: true });
 * layer(randn([4, 3, 8]), randn([4, 5, 8])).shape; // [ 4, 3, 8 ]
 * ```
 */
export class TransformerDecoderLayer extends TransformerLayer<[Tensor, Tensor, DecoderCall?]> {
  static override readonly stateNames = { selfAttn: 'self_attn', multiheadAttn: 'multihead_attn' };

  /** The attention of the sequence to itself. */
  selfAttn: MultiheadAttention;
  /** The attention to what the encoder gave. */
  multiheadAttn: MultiheadAttention;
  /** The first linear layer. */
  linear1: Linear;
  /** Between the linear layers. */
  dropout: Dropout;
  /** The second linear layer. */
  linear2: Linear;
  /** The norm at the attention to itself. */
  norm1: LayerNorm;
  /** The norm at the attention to the encoder's. */
  norm2: LayerNorm;
  /** The norm at the linear layers. */
  norm3: LayerNorm;
  /** Behind the attention to itself. */
  dropout1: Dropout;
  /** Behind the attention to the encoder's. */
  dropout2: Dropout;
  /** Behind the linear layers. */
  dropout3: Dropout;

  constructor(dModel: number, nhead: number, options: TransformerLayerOptions = {}) {
    super(arguments, options);
    const parts = partsOf(dModel, options);
    this.selfAttn = new MultiheadAttention(dModel, nhead, parts.attention);
    this.multiheadAttn = new MultiheadAttention(dModel, nhead, parts.attention);
    this.linear1 = parts.inner();
    this.dropout = parts.dropout();
    this.linear2 = parts.outer();
    this.norm1 = parts.norm();
    this.norm2 = parts.norm();
    this.norm3 = parts.norm();
    this.dropout1 = parts.dropout();
    this.dropout2 = parts.dropout();
    this.dropout3 = parts.dropout();
  }

  override forward(tgt: Tensor, memory: Tensor, options: DecoderCall = {}): Tensor {
    checkArguments('forward', { tgt: K.tensor, memory: K.tensor, options: decoderCall }, arguments);
    const { tgtMask = null, tgtKeyPaddingMask = null, tgtIsCausal = false } = options;
    const { memoryMask = null, memoryKeyPaddingMask = null, memoryIsCausal = false } = options;
    const own = this.residual(tgt, this.norm1, (y) =>
      this.dropout1(attend(this.selfAttn, [y, y], tgtMask, tgtKeyPaddingMask, tgtIsCausal)),
    );
    const x = this.residual(own, this.norm2, (y) =>
      this.dropout2(
        attend(this.multiheadAttn, [y, memory], memoryMask, memoryKeyPaddingMask, memoryIsCausal),
      ),
    );
    return this.residual(x, this.norm3, (y) => this.dropout3(this.feedForward(y)));
  }
}
