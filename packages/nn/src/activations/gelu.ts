import { E, K, signature, type Tensor } from '@kindling/core';
import type { Full } from '../module/options.ts';
import { activation, activationClass } from './activation.ts';

const { add, exp, mul, sub } = E;

const inverseSqrtTwoPi = 1 / Math.sqrt(2 * Math.PI);

const exact = /* @__PURE__ */ activation({
  name: 'gelu',
  expression: (x) => mul(x, E.normalCdf(x)),
  gradient: ({ g }, x) =>
    mul(g, add(E.normalCdf(x), mul(x, mul(exp(mul(mul(x, x), -0.5)), inverseSqrtTwoPi)))),
});

const beta = Math.sqrt(2 / Math.PI);
const kappa = 0.044715;
const inner = (x: E.Expr): E.Expr => mul(beta, add(x, mul(kappa, mul(mul(x, x), x))));

const byTanh = /* @__PURE__ */ activation({
  name: 'gelu',
  expression: (x) => mul(mul(0.5, x), add(1, E.tanh(inner(x)))),
  gradient({ g }, x) {
    const t = E.tanh(inner(x));
    const left = mul(0.5, add(1, t));
    const right = mul(mul(0.5, x), mul(sub(1, mul(t, t)), mul(beta, add(1, mul(3 * kappa, mul(x, x))))));
    return mul(g, add(left, right));
  },
});

/** Options of {@link gelu}. */
export interface GeluOptions {
  /** `'none'`: exact, with erf. `'tanh'`: the approximation of the paper. Default: `'none'`. */
  readonly approximate?: 'none' | 'tanh';
}

const defaults: Full<GeluOptions> = { approximate: 'none' };

const geluTakes = /* @__PURE__ */ signature('gelu', () => ({
  x: K.tensor,
  options: K.options<GeluOptions>({ approximate: K.oneOf('tanh', 'none') }),
}));

/**
 * x * Phi(x), with Phi the normal distribution function, or about
 * 0.5 * x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3))). Follows `torch.nn.functional.gelu`.
 * @throws DTypeError when x is not floating.
 * @throws ValueError when `approximate` is neither.
 * @example F.gelu(tensor([-1, 0.5])); // tensor([-0.1587,  0.3457])
 */
export function gelu(x: Tensor, options: GeluOptions = {}): Tensor {
  geluTakes(arguments);
  const { approximate = defaults.approximate } = options;
  return approximate === 'none' ? exact(x) : byTanh(x);
}
/** x * Phi(x), exact or by the tanh approximation: {@link gelu}. Follows `torch.nn.GELU`. */
export class GELU extends /* @__PURE__ */ activationClass(gelu, defaults) {}
