import {
  applyUnary,
  composed,
  E,
  ElementwiseOp,
  K,
  sigmoid,
  signature,
  type Tensor,
  tanh,
} from '@kindling/core';
import { activation, activationClass, type InplaceOptions } from './activation.ts';

const { add, div, exp, mul, neg, select, sub } = E;

export { sigmoid, tanh };
/** 1 / (1 + e^-x). Follows `torch.nn.Sigmoid`. */
export class Sigmoid extends /* @__PURE__ */ activationClass(sigmoid) {}
/** The hyperbolic tangent. Follows `torch.nn.Tanh`. */
export class Tanh extends /* @__PURE__ */ activationClass(tanh) {}

/**
 * x * sigmoid(x), also called swish. Follows `torch.nn.functional.silu`.
 * @throws DTypeError when x is not floating.
 * @example F.silu(tensor([-1, 2.5])); // tensor([-0.2689,  2.3104])
 */
export const silu = /* @__PURE__ */ activation<InplaceOptions>({
  name: 'silu',
  defaults: { inplace: false },
  expression: (x) => mul(x, E.sigmoid(x)),
  gradient({ g }, x) {
    const s = E.sigmoid(x);
    return mul(g, mul(s, add(1, mul(x, sub(1, s)))));
  },
});
/** x * sigmoid(x), also called swish: {@link silu}. Follows `torch.nn.SiLU`. */
export class SiLU extends /* @__PURE__ */ activationClass(silu) {}

/**
 * x * tanh(softplus(x)). Follows `torch.nn.functional.mish`.
 * @throws DTypeError when x is not floating.
 */
export const mish = /* @__PURE__ */ activation<InplaceOptions>({
  name: 'mish',
  defaults: { inplace: false },
  expression: (x) => mul(x, E.tanh(E.log1p(exp(x)))),
  gradient({ g }, x) {
    const t = E.tanh(E.log1p(exp(x)));
    return mul(g, add(t, mul(x, mul(E.sigmoid(x), sub(1, mul(t, t))))));
  },
});
/** x * tanh(softplus(x)): {@link mish}. Follows `torch.nn.Mish`. */
export class Mish extends /* @__PURE__ */ activationClass(mish) {}

/** Options of {@link softplus}. */
export interface SoftplusOptions {
  /** How steep the bend at 0 is. Default: 1. */
  readonly beta?: number;
  /** Above it, beta * x is so large that the result is x itself. Default: 20. */
  readonly threshold?: number;
}

/**
 * log(1 + e^(beta x)) / beta; x itself where beta * x is above `threshold`. Follows `torch.nn.functional.softplus`.
 * @throws DTypeError when x is not floating.
 * @example F.softplus(tensor([-1, 0.5])); // tensor([0.3133, 0.9741])
 */
export const softplus = /* @__PURE__ */ activation<SoftplusOptions>({
  name: 'softplus',
  defaults: { beta: 1, threshold: 20 },
  params: ({ beta, threshold }) => [beta, threshold],
  expression(x, beta, threshold) {
    const z = mul(x, beta);
    return select(E.gt(z, threshold), x, div(E.log1p(exp(z)), beta));
  },
  gradient({ g }, x, beta, threshold) {
    const z = mul(x, beta);
    // At the threshold a constant: there is no second derivative there in PyTorch.
    const e = exp(select(E.ge(z, threshold), threshold, z));
    return select(E.gt(z, threshold), g, div(mul(g, e), add(e, 1)));
  },
});
/**
 * log(1 + e^(beta x)) / beta; x itself where beta * x is above `threshold`: {@link softplus}. Follows
 * `torch.nn.Softplus`.
 */
export class Softplus extends /* @__PURE__ */ activationClass(softplus) {}

/**
 * log(sigmoid(x)), exact for large |x| too. Follows `torch.nn.functional.logsigmoid`.
 * @throws DTypeError when x is not floating.
 */
export const logSigmoid: (x: Tensor) => Tensor = /* @__PURE__ */ activation({
  name: 'log_sigmoid',
  expression: (x) => sub(E.min(x, 0), E.log1p(exp(neg(E.abs(x))))),
  gradient({ g }, x) {
    // At 0 the slope of -x, not that of the kink of |x|, for the second derivative.
    const z = exp(select(E.lt(x, 0), x, neg(x)));
    const tail = div(z, add(1, z));
    return mul(g, select(E.lt(x, 0), sub(1, tail), tail));
  },
});
/** PyTorch's name of {@link logSigmoid}. Follows `torch.nn.functional.logsigmoid`. */
export const logsigmoid: typeof logSigmoid = logSigmoid;
/** log(sigmoid(x)), exact for large |x| too: {@link logSigmoid}. Follows `torch.nn.LogSigmoid`. */
export class LogSigmoid extends /* @__PURE__ */ activationClass(logSigmoid) {}

const softsignOp = /* @__PURE__ */ new ElementwiseOp({
  name: 'softsign',
  arity: 1,
  dtype: 'float',
  expression: (x) => div(x, add(1, E.abs(x))),
  gradient({ g }, x) {
    const d = add(1, E.abs(x));
    // PyTorch's is a difference, which NaN is of infinities.
    const isFinite = E.and(E.isFinite(g), E.isFinite(x));
    return [select(isFinite, div(div(g, d), d), mul(mul(g, x), Number.NaN))];
  },
});

const softsignParameters = () => ({ x: K.tensor });
const softsignTakes = /* @__PURE__ */ signature('softsign', softsignParameters);

/** x / (1 + |x|); of integers in float32. Follows `torch.nn.functional.softsign`. */
export const softsign = function (x: Tensor): Tensor {
  softsignTakes(arguments);
  return composed('div', applyUnary(softsignOp, x), x);
};
/** x / (1 + |x|): {@link softsign}. Follows `torch.nn.Softsign`. */
export class Softsign extends /* @__PURE__ */ activationClass(softsign) {}

const tanhshrinkOp = /* @__PURE__ */ new ElementwiseOp({
  name: 'tanhshrink',
  arity: 1,
  dtype: 'float',
  expression: (x) => sub(x, E.tanh(x)),
  gradient({ g }, x) {
    const t = E.tanh(x);
    // PyTorch's is a difference, which NaN is of infinities.
    return [select(E.isFinite(g), mul(g, mul(t, t)), Number.NaN)];
  },
});

const tanhshrinkTakes = /* @__PURE__ */ signature('tanhshrink', softsignParameters);

/** x - tanh(x); of integers in float32. Follows `torch.nn.functional.tanhshrink`. */
export const tanhshrink = function (x: Tensor): Tensor {
  tanhshrinkTakes(arguments);
  return composed('sub', applyUnary(tanhshrinkOp, x), x);
};
/** x - tanh(x): {@link tanhshrink}. Follows `torch.nn.Tanhshrink`. */
export class Tanhshrink extends /* @__PURE__ */ activationClass(tanhshrink) {}
