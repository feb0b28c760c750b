import {
  applyBinary,
  checkArguments,
  composition,
  logSoftmax as coreLogSoftmax,
  softmax as coreSoftmax,
  type DType,
  E,
  ElementwiseOp,
  emptyLike,
  type Generator,
  K,
  refuseExcess,
  ShapeError,
  scatter,
  signature,
  type Tensor,
  zerosLike,
} from '@kindling/core';
import { checkInput } from '../module/arguments.ts';
import { Module } from '../module/module.ts';
import { drawOptions } from '../module/options.ts';
import { floatsOnly } from './activation.ts';

/** Options of the softmax functions. */
export interface SoftmaxOptions {
  /** Convert the input to this dtype first. */
  readonly dtype?: DType;
}

const warned = new Set<string>();

/** PyTorch's choice where no dimension is given, which it deprecates: 0 for 0, 1 and 3 dimensions, else 1. */
function softmaxDim(name: string, x: Tensor, dim: number | null | undefined): number {
  if (dim !== null && dim !== undefined) return dim;
  if (!warned.has(name)) {
    warned.add(name);
    console.warn(
      `Implicit dimension choice for ${name} has been deprecated. Change the call to include dim as an argument.`,
    );
  }
  return x.ndim === 0 || x.ndim === 1 || x.ndim === 3 ? 0 : 1;
}

const converted = (x: Tensor, options: SoftmaxOptions): Tensor =>
  options.dtype === undefined ? x : x.to(options.dtype);

/** A module that works along a dimension. */
interface AlongDim<D> extends Module<[Tensor], Tensor> {
  /** Along which dimension. */
  readonly dim: D;
}

/** The class of modules that call `f` along a dimension. */
function alongDim<D extends number | null>(
  f: (x: Tensor, dim: D) => Tensor,
  standard: D,
): new (
  dim?: D,
) => AlongDim<D> {
  return class extends Module<[Tensor], Tensor> {
    readonly dim: D;

    constructor(dim: D = standard) {
      checkArguments(new.target.name, { dim: K.nullable(K.integer) }, arguments);
      super();
      this.dim = dim;
    }

    override forward(x: Tensor): Tensor {
      return f(x, this.dim);
    }

    override extraRepr(): string {
      return `dim=${this.dim ?? 'None'}`;
    }
  };
}

const softmaxParameters = () => ({
  x: K.tensor,
  dim: K.nullable(K.integer),
  options: K.options<SoftmaxOptions>({ dtype: K.dtype }),
});
const softmaxTakes = /* @__PURE__ */ signature('softmax', softmaxParameters);

/**
 * e^x / sum(e^x) along `dim`. Without it PyTorch's deprecated choice is made, with a warning: 0 for 0, 1 and 3
 * dimensions, else 1. Follows `torch.nn.functional.softmax`.
 * @throws IndexError when `dim` is out of range.
 * @throws DTypeError when x is not floating and no dtype is given.
 * @example F.softmax(tensor([[1.5, 0.5]]), 1); // tensor([[0.7311, 0.2689]])
 */
export const softmax = function (x: Tensor, dim?: number | null, options: SoftmaxOptions = {}): Tensor {
  softmaxTakes(arguments);
  return coreSoftmax(converted(x, options), softmaxDim('softmax', x, dim));
};

/** e^x / sum(e^x) along `dim`: {@link softmax}. Follows `torch.nn.Softmax`. */
export class Softmax extends /* @__PURE__ */ alongDim<number | null>(softmax, null) {}

/** softmax(-x) along `dim`, as {@link softmax} otherwise. Follows `torch.nn.functional.softmin`. */
export const softmin = /* @__PURE__ */ composition(
  'softmin',
  softmaxParameters,
  (x: Tensor, dim?: number | null, options: SoftmaxOptions = {}): Tensor =>
    coreSoftmax(converted(x.neg(), options), softmaxDim('softmin', x, dim)),
);
/** softmax(-x) along `dim`: {@link softmin}. Follows `torch.nn.Softmin`. */
export class Softmin extends /* @__PURE__ */ alongDim<number | null>(softmin, null) {}

const logSoftmaxTakes = /* @__PURE__ */ signature('logSoftmax', softmaxParameters);

/**
 * log(softmax(x)) along `dim`, computed without leaving logarithms, as {@link softmax} otherwise.
 * Follows `torch.nn.functional.log_softmax`.
 */
export const logSoftmax = function (x: Tensor, dim?: number | null, options: SoftmaxOptions = {}): Tensor {
  logSoftmaxTakes(arguments);
  return coreLogSoftmax(converted(x, options), softmaxDim('log_softmax', x, dim));
};

/** log(softmax(x)) along `dim`: {@link logSoftmax}. Follows `torch.nn.LogSoftmax`. */
export class LogSoftmax extends /* @__PURE__ */ alongDim<number | null>(logSoftmax, null) {}

/**
 * Softmax over the channels of (N, C, H, W) or (C, H, W). Follows `torch.nn.Softmax2d`.
 * @throws ShapeError when the input has another number of dimensions; ValueError for an argument
 */
export class Softmax2d extends Module<[Tensor], Tensor> {
  constructor() {
    super();
    if (arguments.length > 0) refuseExcess(new.target.name, [], arguments);
  }

  override forward(x: Tensor): Tensor {
    checkInput(this, x);
    if (x.ndim !== 3 && x.ndim !== 4) {
      throw new ShapeError(`Softmax2d: expected input to be 3D or 4D, got ${x.ndim}D instead`);
    }
    return softmax(x, -3);
  }
}

/** Options of {@link gumbelSoftmax}. */
export interface GumbelSoftmaxOptions {
  /** Temperature: the lower, the nearer to one-hot. Default: 1. */
  readonly tau?: number;
  /** Give one-hot samples, differentiated as if they were the soft ones. Default: false. */
  readonly hard?: boolean;
  /** Taken for PyTorch's sake: of no effect, there as here. Default: 1e-10. */
  readonly eps?: number;
  /** Along which dimension. Default: -1. */
  readonly dim?: number;
  /** Where the random numbers come from. Default: the default generator. */
  readonly generator?: Generator;
}

/**
 * Samples of the Gumbel-softmax distribution of unnormalised log-probabilities: softmax((logits + gumbels) / tau).
 * Follows `torch.nn.functional.gumbel_softmax`, with its random numbers.
 * @throws DTypeError when the logits are not floating.
 * @throws IndexError when `dim` is out of range.
 */
export const gumbelSoftmax = /* @__PURE__ */ composition(
  'gumbelSoftmax',
  () => ({
    logits: K.tensor,
    options: drawOptions<GumbelSoftmaxOptions>({
      tau: K.number,
      hard: K.flag,
      eps: K.number,
      dim: K.integer,
    }),
  }),
  (logits: Tensor, options: GumbelSoftmaxOptions = {}): Tensor => {
    const { tau = 1, hard = false, dim = -1, generator } = options;
    const gumbels = emptyLike(logits)
      .exponential_(1, generator === undefined ? undefined : { generator })
      .log()
      .neg();
    const soft = coreSoftmax(logits.add(gumbels).div(tau), dim);
    if (!hard) return soft;
    const index = soft.detach().argmax(dim, { keepdim: true });
    const oneHot = scatter(zerosLike(logits), dim, index, 1);
    return oneHot.sub(soft.detach()).add(soft);
  },
);

const gluOp = /* @__PURE__ */ new ElementwiseOp({
  name: 'glu',
  arity: 2,
  expression: (a, b) => E.mul(a, E.sigmoid(b)),
  gradient: ({ g }, a, b) => {
    const s = E.sigmoid(b);
    return [E.mul(g, s), E.mul(g, E.mul(a, E.mul(s, E.sub(1, s))))];
  },
  check: floatsOnly('glu'),
});

/**
 * a * sigmoid(b), a and b being the halves of x along `dim`. Follows `torch.nn.functional.glu`.
 * @throws ShapeError when x has no dimensions, or an odd size along `dim`.
 * @throws DTypeError when x is not floating.
 * @throws IndexError when a dimension is out of range
 * @example F.glu(tensor([1.5, 0])); // tensor([0.7500])
 */
export const glu = /* @__PURE__ */ composition(
  'glu',
  () => ({ x: K.tensor, dim: K.integer }),
  (x: Tensor, dim = -1): Tensor => {
    if (x.ndim === 0) throw new ShapeError('glu does not support 0-dimensional tensors');
    const size = x.size(dim);
    if (size % 2 !== 0) {
      const d = dim < 0 ? dim + x.ndim : dim;
      throw new ShapeError(`glu: Halving dimension must be even, but dimension ${d} is size ${size}`);
    }
    return applyBinary(gluOp, x.narrow(dim, 0, size / 2), x.narrow(dim, size / 2, size / 2));
  },
);
/** a * sigmoid(b), a and b being the halves of x along `dim`: {@link glu}. Follows `torch.nn.GLU`. */
export class GLU extends /* @__PURE__ */ alongDim<number>(glu, -1) {}
