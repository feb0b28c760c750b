import {
  checkArguments,
  type DType,
  full,
  isGradEnabled,
  K,
  ShapeError,
  type Tensor,
  ValueError,
} from '@kindling/core';
import { GELU, gelu } from '../../activations/gelu.ts';
import { ReLU, relu } from '../../activations/relu.ts';
import { ModuleList } from '../../containers/module-list.ts';
import { xavierUniform_ } from '../../init/scaled.ts';
import { moduleKind } from '../../module/arguments.ts';
import { deepcopy } from '../../module/deepcopy.ts';
import { Module } from '../../module/module.ts';
import { checkLayers } from '../factory.ts';
import { LayerNorm } from '../normalization/layer-norm.ts';
import { decoderCall, maskKind, transformerLayerKinds } from './kinds.ts';
import {
  type DecoderCall,
  TransformerDecoderLayer,
  TransformerEncoderLayer,
  type TransformerLayerOptions,
} from './transformer-layers.ts';

/** Options of a call of {@link TransformerEncoder}. */
export interface EncoderCall {
  /** (S, S) or (N heads, S, S): bools, `true` for what may not be seen, or numbers that are added to the scores. */
  readonly mask?: Tensor | null;
  /** (N, S): bools, `true` for keys that are left out, or numbers that are added to the scores. */
  readonly srcKeyPaddingMask?: Tensor | null;
  /** A hint that the mask is the causal one. Default: false. */
  readonly isCausal?: boolean;
}

/** Options of {@link TransformerDecoder}. */
export interface StackOptions {
  /** What normalises the output. Default: `null`, nothing. */
  readonly norm?: Module<[Tensor], Tensor> | null;
}

/** Options of {@link TransformerEncoder}. */
export interface EncoderOptions extends StackOptions {
  /**
   * Whether elements that `srcKeyPaddingMask` leaves out become zeros in front of `norm`, outside of training and where
   * no gradient is wanted, as those of PyTorch's nested tensors: of layers with `batchFirst`, without `normFirst`, with
   * biases, an even number of heads and `'relu'` or `'gelu'`, of a batch without a `mask`. Default: true.
   */
  readonly enableNestedTensor?: boolean;
  /** Whether that holds only where what is left out stands behind the rest in each row. Default: true. */
  readonly maskCheck?: boolean;
}

const stackKinds: K.Kinds<StackOptions> = { norm: /* @__PURE__ */ K.nullable(moduleKind) };

const encoderCall = /* @__PURE__ */ K.options<EncoderCall>({
  mask: maskKind,
  srcKeyPaddingMask: maskKind,
  isCausal: K.flag,
});

/** Layers one after the other, and a norm behind the last. */
abstract class Stack<L extends Module<never, Tensor>, I extends unknown[]> extends Module<I, Tensor> {
  /** Copies of the layer given. */
  layers: ModuleList<L>;
  /** How many there are. */
  readonly numLayers: number;
  /** What normalises the output, or `null`. */
  norm: Module<[Tensor], Tensor> | null;

  constructor(
    given: IArguments,
    kinds: Readonly<Record<string, K.Kind>>,
    layer: L,
    numLayers: number,
    options: StackOptions,
  ) {
    const takes = { layer: moduleKind, numLayers: K.count, options: K.options(kinds) };
    checkArguments(new.target.name, takes, given);
    checkLayers(new.target.name, numLayers, [...layer.parameters()].length || 1);
    super();
    this.layers = new ModuleList(Array.from({ length: numLayers }, () => deepcopy(layer)));
    this.numLayers = numLayers;
    this.norm = options.norm ?? null;
  }

  /** What the layers make of x, one after the other. */
  protected through(x: Tensor, call: (layer: L, x: Tensor) => Tensor): Tensor {
    if (this.layers.length === 0)
      throw new ValueError(`${this.constructor.name}: expected at least one layer, has none`);
    return [...this.layers].reduce((part, layer) => call(layer, part), x);
  }

  /** What comes out of the last layer, normalised. */
  protected normalised(y: Tensor): Tensor {
    return this.norm === null ? y : this.norm(y);
  }
}

/** Whether PyTorch takes its short way through such layers, in which what is padding is not computed. */
function isNestable(layer: TransformerEncoderLayer | null, src: Tensor): boolean {
  if (!(layer instanceof TransformerEncoderLayer) || layer.training || layer.normFirst) return false;
  const { selfAttn, norm1, norm2, linear1, linear2, activation } = layer;
  const { outProj, inProjWeight, inProjBias } = selfAttn;
  if (!selfAttn.batchFirst || inProjWeight === null || inProjBias === null || selfAttn.numHeads % 2 === 1)
    return false;
  const isKnown =
    [relu, gelu].includes(activation) || activation instanceof ReLU || activation instanceof GELU;
  if (!isKnown || norm1.eps !== norm2.eps) return false;
  const parts = [outProj, norm1, norm2, linear1, linear2].flatMap(({ weight, bias }) => [weight, bias]);
  return !isGradEnabled() || ![src, inProjWeight, inProjBias, ...parts].some((x) => x?.requiresGrad);
}

/**
 * `numLayers` copies of an encoder layer, one after the other. Shapes as of {@link TransformerEncoderLayer}. Follows
 * `torch.nn.TransformerEncoder`.
 * @throws ShapeError when input or masks do not fit; ValueError when it is called without layers
 * @example
 * ```ts
 * const layer = new nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 16 });
 * const encoder = new nn.TransformerEncoder(layer, 3);
 * encoder(randn([5, 4, 8])).shape; // [ 5, 4, 8 ]
 * ```
 */
export class TransformerEncoder extends Stack<TransformerEncoderLayer, [Tensor, EncoderCall?]> {
  /** Whether elements that are left out become zeros where PyTorch uses nested tensors. */
  readonly enableNestedTensor: boolean;
  /** Whether that holds only where they stand behind the rest. */
  readonly maskCheck: boolean;

  constructor(layer: TransformerEncoderLayer, numLayers: number, options: EncoderOptions = {}) {
    super(
      arguments,
      { ...stackKinds, enableNestedTensor: K.flag, maskCheck: K.flag },
      layer,
      numLayers,
      options,
    );
    this.enableNestedTensor = options.enableNestedTensor ?? true;
    this.maskCheck = options.maskCheck ?? true;
  }

  override forward(src: Tensor, options: EncoderCall = {}): Tensor {
    checkArguments('forward', { src: K.tensor, options: encoderCall }, arguments);
    const { mask = null, srcKeyPaddingMask = null, isCausal = false } = options;
    const y = this.through(src, (layer, x) => layer(x, { srcMask: mask, srcKeyPaddingMask, isCausal }));
    const isNested =
      srcKeyPaddingMask !== null &&
      mask === null &&
      this.enableNestedTensor &&
      src.ndim === 3 &&
      isNestable([...this.layers][0] ?? null, src);
    return this.normalised(isNested ? this.withoutPadding(y, srcKeyPaddingMask) : y);
  }

  /** Zeros where the mask leaves elements out; with `maskCheck` only where none of them stands before another. */
  private withoutPadding(y: Tensor, padding: Tensor): Tensor {
    const last = y.size(1) - 1;
    if (last < 0) return y;
    const left = padding.ne(0);
    const begins = left.narrow(1, 0, last).logicalAnd(left.narrow(1, 1, last).logicalNot());
    const hidden = this.maskCheck ? left.logicalAnd(begins.any().logicalNot()) : left;
    return y.maskedFill(hidden.unsqueeze(2), 0);
  }
}

/**
 * `numLayers` copies of a decoder layer, one after the other. Shapes as of {@link TransformerDecoderLayer}. Follows
 * `torch.nn.TransformerDecoder`.
 * @throws ShapeError when inputs or masks do not fit; ValueError when it is called without layers
 */
export class TransformerDecoder extends Stack<TransformerDecoderLayer, [Tensor, Tensor, DecoderCall?]> {
  constructor(layer: TransformerDecoderLayer, numLayers: number, options: StackOptions = {}) {
    super(arguments, stackKinds, layer, numLayers, options);
  }

  override forward(tgt: Tensor, memory: Tensor, options: DecoderCall = {}): Tensor {
    checkArguments('forward', { tgt: K.tensor, memory: K.tensor, options: decoderCall }, arguments);
    return this.normalised(this.through(tgt, (layer, x) => layer(x, memory, options)));
  }
}

/** Options of {@link Transformer}. */
export interface TransformerOptions extends TransformerLayerOptions {
  /** The size of each element, E. Default: 512. */
  readonly dModel?: number;
  /** How many heads attention has. Default: 8. */
  readonly nhead?: number;
  /** How many layers the encoder has. Default: 6. */
  readonly numEncoderLayers?: number;
  /** How many layers the decoder has. Default: 6. */
  readonly numDecoderLayers?: number;
  /** Another encoder. Default: `null`. */
  readonly customEncoder?: Module<[Tensor, EncoderCall?], Tensor> | null;
  /** Another decoder. Default: `null`. */
  readonly customDecoder?: Module<[Tensor, Tensor, DecoderCall?], Tensor> | null;
}

/** Options of a call of {@link Transformer}. */
export interface TransformerCall extends DecoderCall {
  /** (S, S) or (N heads, S, S): bools, `true` for what may not be seen, or numbers that are added to the scores. */
  readonly srcMask?: Tensor | null;
  /** (N, S): bools, `true` for keys that are left out, or numbers that are added to the scores. */
  readonly srcKeyPaddingMask?: Tensor | null;
  /** A hint that `srcMask` is the causal one. Default: false. */
  readonly srcIsCausal?: boolean;
}

const transformerCall = /* @__PURE__ */ K.options<TransformerCall>({
  srcMask: maskKind,
  tgtMask: maskKind,
  memoryMask: maskKind,
  srcKeyPaddingMask: maskKind,
  tgtKeyPaddingMask: maskKind,
  memoryKeyPaddingMask: maskKind,
  srcIsCausal: K.flag,
  tgtIsCausal: K.flag,
  memoryIsCausal: K.flag,
});

/**
 * Encoder and decoder: of a sequence src, (S, N, E), and what came out so far, tgt, (T, N, E), the next, (T, N, E);
 * with `batchFirst` (N, S, E) and (N, T, E). Follows `torch.nn.Transformer`.
 * @throws ShapeError when the batches or the sizes of src and tgt do not fit
 * @example
 * ```ts
 * const model = new nn.Transformer({ dModel: 8, nhead: 2, numEncoderLayers: 1, numDecoderLayers: 1, dimFeedforward: 16 });
 * const tgtMask = nn.Transformer.generateSquareSubsequentMask(3);
 * model(randn([5, 4, 8]), randn([3, 4, 8]), { tgtMask }).shape; // [ 3, 4, 8 ]
 * ```
 */
export class Transformer extends Module<[Tensor, Tensor, TransformerCall?], Tensor> {
  /** Of the sequence that is read. */
  encoder: Module<[Tensor, EncoderCall?], Tensor>;
  /** Of the sequence that is written. */
  decoder: Module<[Tensor, Tensor, DecoderCall?], Tensor>;
  /** The size of each element, E. */
  readonly dModel: number;
  /** How many heads attention has. */
  readonly nhead: number;
  /** Whether the batch comes first. */
  readonly batchFirst: boolean;

  constructor(options: TransformerOptions = {}) {
    checkArguments(
      new.target.name,
      {
        options: K.options<TransformerOptions>({
          dModel: K.positiveCount,
          nhead: K.positiveCount,
          numEncoderLayers: K.count,
          numDecoderLayers: K.count,
          customEncoder: K.nullable(moduleKind),
          customDecoder: K.nullable(moduleKind),
          ...transformerLayerKinds,
        }),
      },
      arguments,
    );
    super();
    const { dModel = 512, nhead = 8, numEncoderLayers = 6, numDecoderLayers = 6 } = options;
    const { customEncoder = null, customDecoder = null, ...rest } = options;
    const { dModel: _d, nhead: _n, numEncoderLayers: _e, numDecoderLayers: _c, ...ofLayers } = rest;
    const { layerNormEps = 1e-5, bias = true, dtype, batchFirst = false } = ofLayers;
    const norm = () => new LayerNorm(dModel, { eps: layerNormEps, bias, ...(dtype && { dtype }) });
    this.encoder =
      customEncoder ??
      new TransformerEncoder(new TransformerEncoderLayer(dModel, nhead, ofLayers), numEncoderLayers, {
        norm: norm(),
      });
    this.decoder =
      customDecoder ??
      new TransformerDecoder(new TransformerDecoderLayer(dModel, nhead, ofLayers), numDecoderLayers, {
        norm: norm(),
      });
    for (const p of this.parameters()) if (p.ndim > 1) xavierUniform_(p);
    this.dModel = dModel;
    this.nhead = nhead;
    this.batchFirst = batchFirst;
  }

  /**
   * The mask by which an element sees those before it and itself: zeros, and -Infinity above the diagonal, (size,
   * size). Follows `torch.nn.Transformer.generate_square_subsequent_mask`.
   * @throws ValueError for a size that is no integer >= 0
   * @example nn.Transformer.generateSquareSubsequentMask(2); // tensor([[0., -inf], [0., 0.]])
   */
  static generateSquareSubsequentMask(size: number, options: { readonly dtype?: DType } = {}): Tensor {
    const takes = { size: K.count, options: K.options<{ dtype?: DType }>({ dtype: K.dtype }) };
    checkArguments('Transformer.generateSquareSubsequentMask', takes, arguments);
    return full([size, size], -Infinity, options).triu({ diagonal: 1 });
  }

  override forward(src: Tensor, tgt: Tensor, options: TransformerCall = {}): Tensor {
    const { name } = this.constructor;
    checkArguments('forward', { src: K.tensor, tgt: K.tensor, options: transformerCall }, arguments);
    const { srcMask = null, srcKeyPaddingMask = null, srcIsCausal = false, ...ofDecoder } = options;
    const batch = this.batchFirst ? 0 : 1;
    if (src.ndim === 3 && src.size(batch) !== tgt.size(batch))
      throw new ShapeError(
        `${name}: the batch number of src and tgt must be equal, got ${src.size(batch)} and ${tgt.size(batch)}`,
      );
    if (src.size(-1) !== this.dModel || tgt.size(-1) !== this.dModel) {
      throw new ShapeError(
        `${name}: the feature number of src and tgt must be equal to dModel=${this.dModel}, got ${src.size(-1)} and ${tgt.size(-1)}`,
      );
    }
    const memory = this.encoder(src, { mask: srcMask, srcKeyPaddingMask, isCausal: srcIsCausal });
    return this.decoder(tgt, memory, ofDecoder);
  }
}
