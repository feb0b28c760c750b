import {
  cat,
  checkArguments,
  formatShape,
  K,
  ShapeError,
  sameShape,
  stack,
  type Tensor,
  ValueError,
  zeros,
} from '@kindling/core';
import { uniform_ } from '../../init/fills.ts';
import { Module } from '../../module/module.ts';
import type { Parameter } from '../../module/parameter.ts';
import { pyNumber } from '../../module/print.ts';
import { dropout } from '../dropout.ts';
import { checkLayers, emptyParameter, type LayerOptions, layerKinds } from '../factory.ts';
import { inOrder } from './order.ts';
import { PackedSequence } from './packed-sequence.ts';
import { gatesOf, goThrough, type Mode, type State, type Weights } from './sequence.ts';

/** What a recurrent layer goes through: (T, N, I), with `batchFirst` (N, T, I), without a batch (T, I), or packed. */
export type Sequence = Tensor | PackedSequence;

/** Options of {@link GRU} and its kin. */
export interface RecurrentOptions extends LayerOptions {
  /** How many layers there are, each of which goes through what the one before gives. Default: 1. */
  readonly numLayers?: number;
  /** Whether gates add something. Default: true. */
  readonly bias?: boolean;
  /** Whether sequences are (N, T, I), not (T, N, I). Default: false. */
  readonly batchFirst?: boolean;
  /** The probability of dropping between layers in training. Default: 0. */
  readonly dropout?: number;
  /** Whether each layer goes both ways. Default: false. */
  readonly bidirectional?: boolean;
}

/** Options of {@link RNN}. */
export interface RNNOptions extends RecurrentOptions {
  /** What a step ends with. Default: `'tanh'`. */
  readonly nonlinearity?: 'tanh' | 'relu';
}

/** Options of {@link LSTM}. */
export interface LSTMOptions extends RecurrentOptions {
  /** The size to which the state is brought; 0: not. Default: 0. */
  readonly projSize?: number;
}

const recurrentKinds: K.Kinds<RecurrentOptions> = {
  numLayers: K.positiveCount,
  bias: K.flag,
  batchFirst: K.flag,
  dropout: K.probability,
  bidirectional: K.flag,
  ...layerKinds,
};

const sequence = /* @__PURE__ */ K.either(K.tensor, /* @__PURE__ */ K.instanceOf(PackedSequence));

/** What recurrent layers share: their weights, and the way through layers and directions. */
abstract class Recurrent<H> extends Module<[Sequence, (H | null)?], [Sequence, H]> {
  /**
   * By PyTorch's names: `weight_ih_l0` of the first layer, `weight_hh_l1_reverse` of the second one backwards,
   * `weight_hr_l0`.
   */
  [weight: `weight_${string}`]: Parameter;
  /** By PyTorch's names: `bias_ih_l0`, `bias_hh_l0`. */
  [bias: `bias_${string}`]: Parameter;

  /** The last size of the input, I. */
  readonly inputSize: number;
  /** The size of the state, H. */
  readonly hiddenSize: number;
  /** The size to which the state of an LSTM is brought, or 0. */
  readonly projSize: number;
  /** How many layers there are. */
  readonly numLayers: number;
  /** Whether gates add something. */
  readonly bias: boolean;
  /** Whether the batch comes first. */
  readonly batchFirst: boolean;
  /** The probability of dropping between layers in training. */
  dropout: number;
  /** Whether each layer goes both ways. */
  readonly bidirectional: boolean;

  constructor(inputSize: number, hiddenSize: number, options: RecurrentOptions & LSTMOptions, mode: Mode) {
    super();
    const { numLayers = 1, bias = true, batchFirst = false, bidirectional = false, projSize = 0 } = options;
    if (projSize >= hiddenSize)
      throw new ValueError(`${new.target.name}: projSize has to be smaller than hiddenSize`);
    checkLayers(new.target.name, numLayers, (bidirectional ? 2 : 1) * ((bias ? 4 : 2) + Math.sign(projSize)));
    this.inputSize = inputSize;
    this.hiddenSize = hiddenSize;
    this.projSize = projSize;
    this.numLayers = numLayers;
    this.bias = bias;
    this.batchFirst = batchFirst;
    this.dropout = options.dropout ?? 0;
    this.bidirectional = bidirectional;
    if (this.dropout > 0 && numLayers === 1) {
      console.warn(
        `Warning: ${new.target.name}: dropout is added after all but the last layer, so it expects numLayers greater than 1, but got ` +
          `dropout=${this.dropout} and numLayers=1`,
      );
    }
    const rows = gatesOf[mode] * hiddenSize;
    const out = projSize || hiddenSize;
    for (const suffix of this.suffixes()) {
      const size = suffix.startsWith('l0') ? inputSize : out * this.directions;
      const shapes: Record<string, number[]> = { weight_ih: [rows, size], weight_hh: [rows, out] };
      if (bias) Object.assign(shapes, { bias_ih: [rows], bias_hh: [rows] });
      if (projSize > 0) shapes.weight_hr = [projSize, hiddenSize];
      for (const [name, shape] of Object.entries(shapes))
        this.registerParameter(`${name}_${suffix}`, emptyParameter(shape, options));
    }
    this.resetParameters();
  }

  /** Which cell is repeated. */
  protected abstract get mode(): Mode;

  private get directions(): number {
    return this.bidirectional ? 2 : 1;
  }

  /** How the names of the weights of each layer and direction end. */
  private suffixes(): string[] {
    return Array.from({ length: this.numLayers }, (_, i) => [
      `l${i}`,
      ...(this.bidirectional ? [`l${i}_reverse`] : []),
    ]).flat();
  }

  /** Draws the weights anew, uniform in +-1 / sqrt(H). */
  resetParameters(): void {
    const bound = this.hiddenSize > 0 ? 1 / Math.sqrt(this.hiddenSize) : 0;
    for (const p of this.parameters()) uniform_(p, { a: -bound, b: bound });
  }

  /**
   * The weights of each layer and direction, in the order of PyTorch's `all_weights`. Follows
   * `torch.nn.RNNBase.all_weights`.
   */
  get allWeights(): Parameter[][] {
    return this.suffixes().map((suffix) =>
      (['weight_ih', 'weight_hh', 'bias_ih', 'bias_hh', 'weight_hr'] as const).flatMap(
        (name) => this[`${name}_${suffix}`] ?? [],
      ),
    );
  }

  private weightsOf(suffix: string): Weights {
    const [byInput, byState] = [this[`weight_ih_${suffix}`], this[`weight_hh_${suffix}`]];
    if (byInput === undefined || byState === undefined)
      throw new ValueError(`${this.constructor.name}: the weights of ${suffix} are gone`);
    return {
      byInput,
      byState,
      inputBias: this[`bias_ih_${suffix}`] ?? null,
      stateBias: this[`bias_hh_${suffix}`] ?? null,
      projection: this[`weight_hr_${suffix}`] ?? null,
    };
  }

  /** The sizes of the parts of the state. */
  protected stateSizes(): readonly number[] {
    return [this.projSize || this.hiddenSize];
  }

  /** Goes through a sequence from the state given, each part (layers * directions, N, H). */
  protected through<S extends Sequence>(sequence: S, given: State | null): [S, State] {
    const { name } = this.constructor;
    const input: Sequence = sequence;
    if (input instanceof PackedSequence) {
      const { data, batchSizes, sortedIndices, unsortedIndices } = input;
      this.checkSize(data);
      const initial = this.initial(given, batchSizes[0] ?? 0, data).map((x) => inOrder(x, 1, sortedIndices));
      const [outputs, state] = this.layers(data, batchSizes, initial);
      return [input.withData(outputs) as S, state.map((x) => inOrder(x, 1, unsortedIndices))];
    }
    if (input.ndim !== 2 && input.ndim !== 3)
      throw new ShapeError(`${name}: Expected input to be 2D or 3D, got ${input.ndim}D instead`);
    this.checkSize(input);
    const isBatched = input.ndim === 3;
    const batched = isBatched ? (this.batchFirst ? input.transpose(0, 1) : input) : input.unsqueeze(1);
    const [length = 0, batch = 0] = batched.shape;
    if (length === 0) throw new ShapeError(`${name}: Expected sequence length to be larger than 0 in RNN`);
    if (given?.some((x) => x.ndim !== input.ndim)) {
      const what = isBatched ? 'batched 3-D' : 'unbatched 2-D';
      throw new ShapeError(
        `${name}: For ${what} input, hx and cx should also be ${input.ndim}-D but got ` +
          given.map((x) => `${x.ndim}-D`).join(', '),
      );
    }
    const wide = isBatched ? given : (given?.map((x) => x.unsqueeze(1)) ?? null);
    const sizes = new Array<number>(length).fill(batch);
    const rows = batched.reshape([length * batch, this.inputSize]);
    const [outputs, state] = this.layers(rows, sizes, this.initial(wide, batch, input));
    const steps = outputs.reshape([length, batch, outputs.size(1)]);
    const output = isBatched ? (this.batchFirst ? steps.transpose(0, 1) : steps) : steps.squeeze(1);
    return [output as S, isBatched ? state : state.map((x) => x.squeeze(1))];
  }

  private checkSize(x: Tensor): void {
    if (x.size(-1) === this.inputSize) return;
    throw new ShapeError(
      `${this.constructor.name}: input.size(-1) must be equal to inputSize. Expected ${this.inputSize}, got ${x.size(-1)}`,
    );
  }

  /** The state given, or zeros. */
  private initial(given: State | null, batch: number, like: Tensor): State {
    const shapes = this.stateSizes().map((size) => [this.numLayers * this.directions, batch, size]);
    if (given === null) return shapes.map((shape) => zeros(shape, { dtype: like.dtype }));
    return shapes.map((shape, i) => {
      const x = given[i];
      if (x === undefined || !sameShape(x.shape, shape)) {
        throw new ShapeError(
          `${this.constructor.name}: Expected hidden[${i}] size ${formatShape(shape)}, got ${formatShape(x?.shape ?? [])}`,
        );
      }
      return x;
    });
  }

  private layers(rows: Tensor, sizes: readonly number[], initial: State): [Tensor, State] {
    const { directions, numLayers, training, mode } = this;
    const suffixes = this.suffixes();
    const last: State[] = [];
    let x = rows;
    for (let layer = 0; layer < numLayers; layer++) {
      const ways = Array.from({ length: directions }, (_, way) => {
        const number = layer * directions + way;
        const weights = this.weightsOf(suffixes[number] ?? '');
        const from = initial.map((part) => part.select(0, number));
        return goThrough(mode, weights, x, sizes, from, way === 1);
      });
      last.push(...ways.map(({ state }) => state));
      const [only] = ways;
      x =
        ways.length === 1 && only !== undefined
          ? only.outputs
          : cat(
              ways.map(({ outputs }) => outputs),
              1,
            );
      if (this.dropout > 0 && layer < numLayers - 1) x = dropout(x, { p: this.dropout, training });
    }
    const state = initial.map((_, part) =>
      stack(
        last.flatMap((of) => of[part] ?? []),
        0,
      ),
    );
    return [x, state];
  }

  override extraRepr(): string {
    const shown = [`${this.inputSize}, ${this.hiddenSize}`];
    if (this.projSize !== 0) shown.push(`proj_size=${this.projSize}`);
    if (this.numLayers !== 1) shown.push(`num_layers=${this.numLayers}`);
    if (!this.bias) shown.push('bias=False');
    if (this.batchFirst) shown.push('batch_first=True');
    if (this.dropout !== 0) shown.push(`dropout=${pyNumber(this.dropout)}`);
    if (this.bidirectional) shown.push('bidirectional=True');
    return shown.join(', ');
  }
}

/** Checks what the constructor of a layer is given. */
function checkLayer(name: string, kinds: Readonly<Record<string, K.Kind>>, given: IArguments): void {
  checkArguments(
    name,
    { inputSize: K.positiveCount, hiddenSize: K.positiveCount, options: K.options(kinds) },
    given,
  );
}

/** A layer whose state is one tensor. */
abstract class Plain extends Recurrent<Tensor> {
  override forward<S extends Sequence>(input: S, hx: Tensor | null = null): [S, Tensor] {
    checkArguments('forward', { input: sequence, hx: K.nullable(K.tensor) }, arguments);
    const [output, [h]] = this.through(input, hx === null ? null : [hx]);
    return [output, h as Tensor];
  }
}

/**
 * A plain recurrent net: h' = tanh(W_ih x + b_ih + W_hh h + b_hh), or relu, for each element x of a sequence. Takes (T,
 * N, I), or (N, T, I) with `batchFirst`, or (T, I), or a {@link PackedSequence}, and the state to begin with, (layers,
 * N, H); gives the states of the last layer at all steps, and the last ones of all layers. Follows `torch.nn.RNN`.
 * @throws ShapeError when input or state do not fit; DTypeError for an input of another dtype than the weights
 * @throws ValueError for sizes or options that cannot be
 * @example
 * ```ts
 * const rnn = new nn.RNN(10, 20, { numLayers: 2 });
 * const [output, hn] = rnn(randn([5, 3, 10]));
 * output.shape; // [ 5, 3, 20 ]
 * hn.shape; // [ 2, 3, 20 ]
 * ```
 */
export class RNN extends Plain {
  /** What a step ends with. */
  readonly nonlinearity: 'tanh' | 'relu';

  constructor(inputSize: number, hiddenSize: number, options: RNNOptions = {}) {
    checkLayer(new.target.name, { nonlinearity: K.oneOf('tanh', 'relu'), ...recurrentKinds }, arguments);
    const { nonlinearity = 'tanh' } = options;
    super(inputSize, hiddenSize, options, 'RNN_TANH');
    this.nonlinearity = nonlinearity;
  }

  protected get mode(): Mode {
    return this.nonlinearity === 'tanh' ? 'RNN_TANH' : 'RNN_RELU';
  }
}

// Calls give what `forward` does: a packed sequence for a packed one.
export interface RNN {
  (input: Tensor, hx?: Tensor | null): [Tensor, Tensor];
  (input: PackedSequence, hx?: Tensor | null): [PackedSequence, Tensor];
}

/**
 * Gated recurrent units: r = σ(W_ir x + b_ir + W_hr h + b_hr), z likewise, n = tanh(W_in x + b_in + r (W_hn h + b_hn)),
 * and h' = (1 - z) n + z h. Inputs and results as of {@link RNN}. Follows `torch.nn.GRU`.
 * @throws ShapeError when input or state do not fit; DTypeError for an input of another dtype than the weights
 * @throws ValueError for sizes or options that cannot be
 * @example
 * ```ts
 * const gru = new nn.GRU(10, 20, { bidirectional: true, batchFirst: true });
 * const [output] = gru(randn([3, 5, 10]));
 * output.shape; // [ 3, 5, 40 ]
 * ```
 */
export class GRU extends Plain {
  constructor(inputSize: number, hiddenSize: number, options: RecurrentOptions = {}) {
    checkLayer(new.target.name, recurrentKinds, arguments);
    super(inputSize, hiddenSize, options, 'GRU');
  }

  protected get mode(): Mode {
    return 'GRU';
  }
}

// Calls give what `forward` does: a packed sequence for a packed one.
export interface GRU {
  (input: Tensor, hx?: Tensor | null): [Tensor, Tensor];
  (input: PackedSequence, hx?: Tensor | null): [PackedSequence, Tensor];
}

/**
 * Long short-term memory: gates i, f, o = σ(W x + b + U h + b'), g = tanh(...), the cell c' = f c + i g, the state h' =
 * o tanh(c'). Takes a sequence as {@link RNN}, and `[h, c]` to begin with, each (layers, N, H); gives the states of the
 * last layer at all steps, and `[h, c]` at the end. Follows `torch.nn.LSTM`.
 * @throws ShapeError when input or state do not fit; DTypeError for an input of another dtype than the weights
 * @throws ValueError for sizes or options that cannot be, such as a `projSize` that is not smaller than `hiddenSize`
 * @example
 * ```ts
 * const lstm = new nn.LSTM(10, 20);
 * const [output, [h, c]] = lstm(randn([5, 3, 10]));
 * output.shape; // [ 5, 3, 20 ]
 * h.shape; // [ 1, 3, 20 ]
 * c.shape; // [ 1, 3, 20 ]
 * ```
 */
export class LSTM extends Recurrent<[Tensor, Tensor]> {
  constructor(inputSize: number, hiddenSize: number, options: LSTMOptions = {}) {
    checkLayer(new.target.name, { ...recurrentKinds, projSize: K.count }, arguments);
    super(inputSize, hiddenSize, options, 'LSTM');
  }

  protected get mode(): Mode {
    return 'LSTM';
  }

  protected override stateSizes(): readonly number[] {
    return [...super.stateSizes(), this.hiddenSize];
  }

  override forward<S extends Sequence>(
    input: S,
    hx: readonly [Tensor, Tensor] | null = null,
  ): [S, [Tensor, Tensor]] {
    checkArguments('forward', { input: sequence, hx: K.nullable(K.tensors) }, arguments);
    const [output, [h, c]] = this.through(input, hx);
    return [output, [h as Tensor, c as Tensor]];
  }
}

// Calls give what `forward` does: a packed sequence for a packed one.
export interface LSTM {
  (input: Tensor, hx?: readonly [Tensor, Tensor] | null): [Tensor, [Tensor, Tensor]];
  (input: PackedSequence, hx?: readonly [Tensor, Tensor] | null): [PackedSequence, [Tensor, Tensor]];
}
