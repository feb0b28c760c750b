import { checkArguments, formatShape, K, ShapeError, sameShape, type Tensor, zeros } from '@kindling/core';
import { uniform_ } from '../../init/fills.ts';
import { Module } from '../../module/module.ts';
import type { Parameter } from '../../module/parameter.ts';
import { pyBool } from '../../module/print.ts';
import { emptyParameter, type LayerOptions, layerKinds } from '../factory.ts';
import { gatesOf, type Mode, type State, step } from './sequence.ts';

/** Options of {@link GRUCell} and its kin. */
export interface RecurrentCellOptions extends LayerOptions {
  /** Whether gates add something. Default: true. */
  readonly bias?: boolean;
}

/** Options of {@link RNNCell}. */
export interface RNNCellOptions extends RecurrentCellOptions {
  /** What the step ends with. Default: `'tanh'`. */
  readonly nonlinearity?: 'tanh' | 'relu';
}

const cellKinds: K.Kinds<RecurrentCellOptions> = { bias: K.flag, ...layerKinds };

/** What the cells share. */
abstract class Cell<H, G = H> extends Module<[Tensor, (G | null)?], H> {
  static override readonly stateNames = {
    weightIh: 'weight_ih',
    weightHh: 'weight_hh',
    biasIh: 'bias_ih',
    biasHh: 'bias_hh',
  };

  /** The last size of the input, I. */
  readonly inputSize: number;
  /** The size of the state, H. */
  readonly hiddenSize: number;
  /** The gates' weights of the input, (gates * H, I). */
  weightIh: Parameter;
  /** The gates' weights of the state, (gates * H, H). */
  weightHh: Parameter;
  /** What the gates add, (gates * H,), or `null`. */
  biasIh: Parameter | null;
  /** What the gates add once more, (gates * H,), or `null`. */
  biasHh: Parameter | null;

  constructor(inputSize: number, hiddenSize: number, options: RecurrentCellOptions, gates: number) {
    super();
    const rows = gates * hiddenSize;
    const bias = options.bias ?? true;
    this.inputSize = inputSize;
    this.hiddenSize = hiddenSize;
    this.weightIh = emptyParameter([rows, inputSize], options);
    this.weightHh = emptyParameter([rows, hiddenSize], options);
    this.biasIh = bias ? emptyParameter([rows], options) : null;
    this.biasHh = bias ? emptyParameter([rows], options) : null;
    this.resetParameters();
  }

  /** Draws the weights anew, uniform in +-1 / sqrt(H). */
  resetParameters(): void {
    const bound = this.hiddenSize > 0 ? 1 / Math.sqrt(this.hiddenSize) : 0;
    for (const p of this.parameters()) uniform_(p, { a: -bound, b: bound });
  }

  /** One step of (N, I), or of (I,), from the state given; else from `parts` of zeros. */
  protected step(mode: Mode, input: Tensor, given: State | null, parts: number): State {
    const { name } = this.constructor;
    if (input.ndim !== 1 && input.ndim !== 2)
      throw new ShapeError(`${name}: Expected input to be 1D or 2D, got ${input.ndim}D instead`);
    if (input.size(-1) !== this.inputSize) {
      throw new ShapeError(
        `${name}: input has inconsistent input_size: got ${input.size(-1)} expected ${this.inputSize}`,
      );
    }
    const shape = [...input.shape.slice(0, -1), this.hiddenSize];
    for (const x of given ?? []) {
      if (sameShape(x.shape, shape)) continue;
      throw new ShapeError(
        `${name}: Expected hidden to be of shape ${formatShape(shape)}, got ${formatShape(x.shape)}`,
      );
    }
    const state = given ?? Array.from({ length: parts }, () => zeros(shape, { dtype: input.dtype }));
    const weights = {
      byInput: this.weightIh,
      byState: this.weightHh,
      inputBias: this.biasIh,
      stateBias: this.biasHh,
      projection: null,
    };
    if (input.ndim === 2) return step(mode, weights, input, state);
    const wide = state.map((x) => x.unsqueeze(0));
    const next = step(mode, weights, input.unsqueeze(0), wide);
    return next.map((x) => x.squeeze(0));
  }

  override extraRepr(): string {
    const bias = this.biasIh === null ? `, bias=${pyBool(false)}` : '';
    return `${this.inputSize}, ${this.hiddenSize}${bias}`;
  }
}

/** Checks what the constructor of a cell is given. */
function checkCell(name: string, kinds: Readonly<Record<string, K.Kind>>, given: IArguments): void {
  checkArguments(name, { inputSize: K.count, hiddenSize: K.count, options: K.options(kinds) }, given);
}

const stateKinds = { input: K.tensor, hx: /* @__PURE__ */ K.nullable(K.tensor) };

/**
 * One step of {@link RNN}: h' = tanh(W_ih x + b_ih + W_hh h + b_hh), or relu. Shapes: x (N, I) or (I,), h and h' (N, H)
 * or (H,). Follows `torch.nn.RNNCell`.
 * @throws ShapeError when input or state do not fit
 * @example
 * ```ts
 * const cell = new nn.RNNCell(10, 20);
 * cell(randn([3, 10])).shape; // [ 3, 20 ]
 * ```
 */
export class RNNCell extends Cell<Tensor> {
  /** What the step ends with. */
  readonly nonlinearity: 'tanh' | 'relu';

  constructor(inputSize: number, hiddenSize: number, options: RNNCellOptions = {}) {
    checkCell(new.target.name, { nonlinearity: K.oneOf('tanh', 'relu'), ...cellKinds }, arguments);
    const { nonlinearity = 'tanh' } = options;
    super(inputSize, hiddenSize, options, gatesOf.RNN_TANH);
    this.nonlinearity = nonlinearity;
  }

  override forward(input: Tensor, hx: Tensor | null = null): Tensor {
    checkArguments('forward', stateKinds, arguments);
    const mode = this.nonlinearity === 'tanh' ? 'RNN_TANH' : 'RNN_RELU';
    return this.step(mode, input, hx === null ? null : [hx], 1)[0] as Tensor;
  }

  override extraRepr(): string {
    const other = this.nonlinearity === 'tanh' ? '' : `, nonlinearity=${this.nonlinearity}`;
    return super.extraRepr() + other;
  }
}

/**
 * One step of {@link GRU}. Shapes: x (N, I) or (I,), h and h' (N, H) or (H,). Follows `torch.nn.GRUCell`.
 * @throws ShapeError when input or state do not fit
 */
export class GRUCell extends Cell<Tensor> {
  constructor(inputSize: number, hiddenSize: number, options: RecurrentCellOptions = {}) {
    checkCell(new.target.name, cellKinds, arguments);
    super(inputSize, hiddenSize, options, gatesOf.GRU);
  }

  override forward(input: Tensor, hx: Tensor | null = null): Tensor {
    checkArguments('forward', stateKinds, arguments);
    return this.step('GRU', input, hx === null ? null : [hx], 1)[0] as Tensor;
  }
}

/**
 * One step of {@link LSTM}, from and to `[h, c]`. Shapes: x (N, I) or (I,), h and c (N, H) or (H,). Follows
 * `torch.nn.LSTMCell`.
 * @throws ShapeError when input or state do not fit
 * @example
 * ```ts
 * const cell = new nn.LSTMCell(10, 20);
 * let [h, c] = cell(randn([3, 10]));
 * [h, c] = cell(randn([3, 10]), [h, c]);
 * h.shape; // [ 3, 20 ]
 * ```
 */
export class LSTMCell extends Cell<[Tensor, Tensor], readonly [Tensor, Tensor]> {
  constructor(inputSize: number, hiddenSize: number, options: RecurrentCellOptions = {}) {
    checkCell(new.target.name, cellKinds, arguments);
    super(inputSize, hiddenSize, options, gatesOf.LSTM);
  }

  override forward(input: Tensor, hx: readonly [Tensor, Tensor] | null = null): [Tensor, Tensor] {
    checkArguments('forward', { input: K.tensor, hx: K.nullable(K.tensors) }, arguments);
    const [h, c] = this.step('LSTM', input, hx, 2);
    return [h as Tensor, c as Tensor];
  }
}
