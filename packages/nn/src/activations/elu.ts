import { E, ValueError } from '@kindling/core';
import { activation, activationClass, type InplaceOptions, overInput } from './activation.ts';

const { select } = E;

/** Options of {@link elu} and {@link celu}. */
export interface AlphaInplaceOptions extends InplaceOptions {
  /** The limit for x towards -Infinity, negated. Default: 1. */
  readonly alpha?: number;
}

/** negative * (e^(inner * x) - 1) below 0, positive * x above; `slope` is what the gradient has for `inner`. */
const exponentialUnit = {
  defaults: { alpha: 1, inplace: false },
  expression: (x, negative, positive, inner) =>
    select(E.lt(x, 0), E.mul(E.expm1(E.mul(x, inner)), negative), E.mul(x, positive)),
  gradient({ g }, x, negative, positive, _inner, slope) {
    const steepest = E.mul(slope, negative);
    // At 0 a constant: there is no second derivative there in PyTorch.
    const left = select(E.eq(x, 0), steepest, E.mul(steepest, E.exp(E.mul(x, slope))));
    return E.mul(g, select(E.gt(x, 0), positive, left));
  },
} satisfies Omit<Parameters<typeof activation<AlphaInplaceOptions>>[0], 'name'>;

/**
 * x where positive, alpha * (e^x - 1) elsewhere. Follows `torch.nn.functional.elu`.
 * @throws DTypeError when x is not floating.
 * @example F.elu(tensor([-1, 2.5]), { alpha: 0.5 }); // tensor([-0.3161,  2.5000])
 */
export const elu = /* @__PURE__ */ activation<AlphaInplaceOptions>({
  ...exponentialUnit,
  name: 'elu',
  params: ({ alpha }) => [alpha, 1, 1, 1],
});
/** {@link elu} over its input. Follows `torch.nn.functional.elu_`. */
export const elu_ = /* @__PURE__ */ overInput('elu_', elu);
/** x where positive, alpha * (e^x - 1) elsewhere: {@link elu}. Follows `torch.nn.ELU`. */
export class ELU extends /* @__PURE__ */ activationClass(elu) {}

/**
 * max(0, x) + min(0, alpha * (e^(x / alpha) - 1)). Follows `torch.nn.functional.celu`.
 * @throws DTypeError when x is not floating.
 * @throws ValueError when alpha is 0.
 */
export const celu = /* @__PURE__ */ activation<AlphaInplaceOptions>({
  ...exponentialUnit,
  name: 'celu',
  params({ alpha }) {
    if (alpha === 0) throw new ValueError('celu: ZeroDivisionError: alpha cannot be 0 for CELU');
    // PyTorch's gradient rounds alpha to float32, in float64 too.
    return [alpha, 1, 1 / alpha, 1 / Math.fround(alpha)];
  },
});
/** {@link celu} over its input. Follows `torch.nn.functional.celu_`. */
export const celu_ = /* @__PURE__ */ overInput('celu_', celu);
/** max(0, x) + min(0, alpha * (e^(x / alpha) - 1)): {@link celu}. Follows `torch.nn.CELU`. */
export class CELU extends /* @__PURE__ */ activationClass(celu) {}

const seluAlpha = 1.6732632423543772;
const seluScale = 1.0507009873554805;

/**
 * scale * elu(x, alpha) with the constants that keep mean 0 and variance 1. Follows `torch.nn.functional.selu`.
 * @throws DTypeError when x is not floating.
 * @example F.selu(tensor([-1, 2.5])); // tensor([-1.1113,  2.6268])
 */
export const selu = /* @__PURE__ */ activation<InplaceOptions>({
  ...exponentialUnit,
  name: 'elu',
  caller: 'selu',
  defaults: { inplace: false },
  params: () => [seluAlpha * seluScale, seluScale, 1, 1],
});
/** {@link selu} over its input. Follows `torch.nn.functional.selu_`. */
export const selu_ = /* @__PURE__ */ overInput('selu_', selu);
/** ELU scaled to keep mean 0 and variance 1: {@link selu}. Follows `torch.nn.SELU`. */
export class SELU extends /* @__PURE__ */ activationClass(selu) {}
