import {
  applyBinary,
  logSoftmax as coreLogSoftmax,
  softmax as coreSoftmax,
  type DType,
  E,
  ElementwiseOp,
  emptyLike,
  type Generator,
  ShapeError,
  scatter,
  type Tensor,
  zerosLike,
} from '@kindling/core';
import { floatsOnly } from './elementwise.ts';

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

/** e^x / sum(e^x) along `dim`. Follows `torch.nn.functional.softmax`. */
export const softmax = (x: Tensor, dim?: number | null, options: SoftmaxOptions = {}): Tensor =>
  coreSoftmax(converted(x, options), softmaxDim('softmax', x, dim));

/** softmax(-x). Follows `torch.nn.functional.softmin`. */
export const softmin = (x: Tensor, dim?: number | null, options: SoftmaxOptions = {}): Tensor =>
  coreSoftmax(converted(x.neg(), options), softmaxDim('softmin', x, dim));

/** log(softmax(x)) along `dim`, computed without leaving logarithms. Follows `torch.nn.functional.log_softmax`. */
export const logSoftmax = (x: Tensor, dim?: number | null, options: SoftmaxOptions = {}): Tensor =>
  coreLogSoftmax(converted(x, options), softmaxDim('log_softmax', x, dim));

/** Options of {@link gumbelSoftmax}. */
export interface GumbelSoftmaxOptions {
  /** Temperature. Default: 1. */
  readonly tau?: number;
  /** Give one-hot samples, differentiated as if they were the soft ones. Default: false. */
  readonly hard?: boolean;
  /** Default: -1. */
  readonly dim?: number;
  readonly generator?: Generator;
}

/** Samples of the Gumbel-softmax distribution of unnormalised log-probabilities. Follows `torch.nn.functional.gumbel_softmax`. */
export function gumbelSoftmax(logits: Tensor, options: GumbelSoftmaxOptions = {}): Tensor {
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
}

const gluOp = new ElementwiseOp({
  name: 'glu',
  arity: 2,
  expression: (a, b) => E.mul(a, E.sigmoid(b)),
  gradient: ({ g }, a, b) => {
    const s = E.sigmoid(b);
    return [E.mul(g, s), E.mul(g, E.mul(a, E.mul(s, E.sub(1, s))))];
  },
  check: floatsOnly('glu'),
});

/** a * sigmoid(b), a and b being the halves of x along `dim`. Follows `torch.nn.functional.glu`. */
export function glu(x: Tensor, dim = -1): Tensor {
  if (x.ndim === 0) throw new ShapeError('glu does not support 0-dimensional tensors');
  const size = x.size(dim);
  if (size % 2 !== 0) {
    const d = dim < 0 ? dim + x.ndim : dim;
    throw new ShapeError(`glu: Halving dimension must be even, but dimension ${d} is size ${size}`);
  }
  return applyBinary(gluOp, x.narrow(dim, 0, size / 2), x.narrow(dim, size / 2, size / 2));
}
