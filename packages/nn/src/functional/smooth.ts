import {
  applyUnary,
  composed,
  sigmoid as coreSigmoid,
  tanh as coreTanh,
  E,
  ElementwiseOp,
  type Tensor,
  ValueError,
} from '@kindling/core';
import { activate, activation, type InplaceOptions } from './elementwise.ts';

const { add, div, exp, mul, neg, select, sub } = E;

/** 1 / (1 + e^-x). Follows `torch.sigmoid`. */
export const sigmoid = (x: Tensor): Tensor => coreSigmoid(x);

/** The hyperbolic tangent. Follows `torch.tanh`. */
export const tanh = (x: Tensor): Tensor => coreTanh(x);

const siluOp = activation(
  'silu',
  (x) => mul(x, E.sigmoid(x)),
  ({ g }, x) => {
    const s = E.sigmoid(x);
    return mul(g, mul(s, add(1, mul(x, sub(1, s)))));
  },
);

/** x * sigmoid(x), also called swish. Follows `torch.nn.functional.silu`. */
export const silu = (x: Tensor, options?: InplaceOptions): Tensor => activate(siluOp, x, options);

const mishOp = activation(
  'mish',
  (x) => mul(x, E.tanh(E.log1p(exp(x)))),
  ({ g }, x) => {
    const t = E.tanh(E.log1p(exp(x)));
    return mul(g, add(t, mul(x, mul(E.sigmoid(x), sub(1, mul(t, t))))));
  },
);

/** x * tanh(softplus(x)). Follows `torch.nn.functional.mish`. */
export const mish = (x: Tensor, options?: InplaceOptions): Tensor => activate(mishOp, x, options);

const sqrtHalf = Math.SQRT1_2;
const inverseSqrtTwoPi = 1 / Math.sqrt(2 * Math.PI);
const cdf = (x: E.Expr): E.Expr => mul(0.5, add(1, E.erf(mul(x, sqrtHalf))));

const geluOp = activation(
  'gelu',
  (x) => mul(x, cdf(x)),
  ({ g }, x) => mul(g, add(cdf(x), mul(x, mul(exp(mul(mul(x, x), -0.5)), inverseSqrtTwoPi)))),
);

const beta = Math.sqrt(2 / Math.PI);
const kappa = 0.044715;
const geluInner = (x: E.Expr): E.Expr => mul(beta, add(x, mul(kappa, mul(mul(x, x), x))));

const geluTanhOp = activation(
  'gelu',
  (x) => mul(mul(0.5, x), add(1, E.tanh(geluInner(x)))),
  ({ g }, x) => {
    const t = E.tanh(geluInner(x));
    const left = mul(0.5, add(1, t));
    const right = mul(mul(0.5, x), mul(sub(1, mul(t, t)), mul(beta, add(1, mul(3 * kappa, mul(x, x))))));
    return mul(g, add(left, right));
  },
);

/** Options of {@link gelu}. */
export interface GeluOptions {
  /** `'none'`: exact, with erf. `'tanh'`: the approximation of the paper. Default: `'none'`. */
  readonly approximate?: 'none' | 'tanh';
}

/** x * Phi(x), with Phi the normal distribution function. Follows `torch.nn.functional.gelu`. */
export function gelu(x: Tensor, options: GeluOptions = {}): Tensor {
  const { approximate = 'none' } = options;
  if (approximate !== 'none' && approximate !== 'tanh') {
    throw new ValueError(
      `gelu: approximate argument must be either none or tanh, got ${String(approximate)}`,
    );
  }
  return applyUnary(approximate === 'none' ? geluOp : geluTanhOp, x);
}

const softplusOp = activation(
  'softplus',
  (x, b, limit) => {
    const z = mul(x, b);
    return select(E.gt(z, limit), x, div(E.log1p(exp(z)), b));
  },
  ({ g }, x, b, limit) => {
    const z = mul(x, b);
    const e = exp(z);
    return select(E.gt(z, limit), g, div(mul(g, e), add(e, 1)));
  },
);

/** Options of {@link softplus}. */
export interface SoftplusOptions {
  /** Default: 1. */
  readonly beta?: number;
  /** Above it, beta * x is so large that the result is x itself. Default: 20. */
  readonly threshold?: number;
}

/** log(1 + e^(beta x)) / beta. Follows `torch.nn.functional.softplus`. */
export function softplus(x: Tensor, options: SoftplusOptions = {}): Tensor {
  return applyUnary(softplusOp, x, [options.beta ?? 1, options.threshold ?? 20]);
}

const logSigmoidOp = activation(
  'log_sigmoid',
  (x) => sub(E.min(x, 0), E.log1p(exp(neg(E.abs(x))))),
  ({ g }, x) => {
    const z = exp(neg(E.abs(x)));
    const tail = div(z, add(1, z));
    return mul(g, select(E.lt(x, 0), sub(1, tail), tail));
  },
);

/** log(sigmoid(x)), exact for large |x| too. Follows `torch.nn.functional.logsigmoid`. */
export const logSigmoid = (x: Tensor): Tensor => applyUnary(logSigmoidOp, x);

const softsignOp = new ElementwiseOp({
  name: 'softsign',
  arity: 1,
  dtype: 'float',
  expression: (x) => div(x, add(1, E.abs(x))),
  gradient: ({ g }, x) => {
    const d = add(1, E.abs(x));
    return [div(div(g, d), d)];
  },
});

/** x / (1 + |x|). Follows `torch.nn.functional.softsign`. */
export const softsign = (x: Tensor): Tensor => composed('div', applyUnary(softsignOp, x), x);

const tanhshrinkOp = new ElementwiseOp({
  name: 'tanhshrink',
  arity: 1,
  dtype: 'float',
  expression: (x) => sub(x, E.tanh(x)),
  gradient: ({ g }, x) => {
    const t = E.tanh(x);
    return [mul(g, mul(t, t))];
  },
});

/** x - tanh(x). Follows `torch.nn.functional.tanhshrink`. */
export const tanhshrink = (x: Tensor): Tensor => composed('sub', applyUnary(tanhshrinkOp, x), x);
