import {
  checkArguments,
  composition,
  DTypeError,
  E,
  K,
  refuseExcess,
  signature,
  type Tensor,
  ValueError,
} from '@kindling/core';
import { pyFloat, pyNumber } from '../module/print.ts';
import { activation, activationClass, type InplaceOptions, overInput } from './activation.ts';

const { add, div, mul, select, sub } = E;

/** Options of {@link hardtanh}. */
export interface HardtanhOptions extends InplaceOptions {
  /** The least result. Default: -1. */
  readonly minVal?: number;
  /** The largest result. Default: 1. */
  readonly maxVal?: number;
}

/**
 * x clamped to [minVal, maxVal], with gradient 0 at both ends. Follows `torch.nn.functional.hardtanh`.
 * @throws ValueError when minVal is above maxVal.
 * @throws DTypeError when x is bool.
 * @example F.hardtanh(tensor([-2, 0.5, 3])); // tensor([-1.0000,  0.5000,  1.0000])
 */
export const hardtanh = /* @__PURE__ */ activation<HardtanhOptions>({
  name: 'hardtanh',
  defaults: { minVal: -1, maxVal: 1, inplace: false },
  params({ minVal, maxVal }) {
    if (minVal > maxVal)
      throw new ValueError(`hardtanh: min_val cannot be greater than max_val, got ${minVal} and ${maxVal}`);
    return [minVal, maxVal];
  },
  expression: (x, min, max) => E.pmin(E.pmax(x, min), max),
  gradient: ({ g }, x, min, max) => select(E.and(E.gt(x, min), E.lt(x, max)), g, 0),
  check(dtype) {
    if (dtype === 'bool') throw new DTypeError('hardtanh: bool inputs are not supported');
  },
});

/** {@link hardtanh} over its input. Follows `torch.nn.functional.hardtanh_`. */
export const hardtanh_ = /* @__PURE__ */ overInput('hardtanh_', hardtanh);
/**
 * x clamped to [minVal, maxVal]: {@link hardtanh}. Follows `torch.nn.Hardtanh`.
 * @throws ValueError when minVal is not below maxVal.
 */
export class Hardtanh extends /* @__PURE__ */ activationClass(hardtanh) {
  constructor(options: HardtanhOptions = {}) {
    if (arguments.length > 1) refuseExcess(new.target.name, ['options'], arguments);
    super(options);
    const { minVal, maxVal } = this;
    if (!(maxVal > minVal)) {
      throw new ValueError(`Hardtanh: max_val (${maxVal}) must be greater than min_val (${minVal})`);
    }
  }
}

const inplaceOptions = () => K.options<InplaceOptions>({ inplace: K.flag });

/**
 * min(max(x, 0), 6). Follows `torch.nn.functional.relu6`.
 * @throws DTypeError when x is bool.
 */
export const relu6 = /* @__PURE__ */ composition(
  'relu6',
  () => ({ x: K.tensor, options: inplaceOptions() }),
  (x: Tensor, options: InplaceOptions = {}): Tensor =>
    hardtanh(x, { minVal: 0, maxVal: 6, inplace: options.inplace }),
);
/** min(max(x, 0), 6): {@link relu6}. Follows `torch.nn.ReLU6`. */
export class ReLU6 extends /* @__PURE__ */ activationClass<InplaceOptions>(relu6, { inplace: false }) {}

/** min(max(x + 3, 0), 6) */
const clampedShift = (x: E.Expr): E.Expr => E.pmin(E.pmax(add(x, 3), 0), 6);

/** PyTorch's constant, which is of single precision in its float64 kernel too. */
const sixth = Math.fround(1 / 6);

/**
 * A sigmoid of three lines: min(max(x + 3, 0), 6) / 6. Follows `torch.nn.functional.hardsigmoid`.
 * @throws DTypeError when x is not floating.
 */
export const hardsigmoid = /* @__PURE__ */ activation<InplaceOptions>({
  name: 'hardsigmoid',
  defaults: { inplace: false },
  expression: (x) => div(clampedShift(x), 6),
  gradient: ({ g }, x) => select(E.and(E.gt(x, -3), E.lt(x, 3)), mul(g, sixth), 0),
});

/** A sigmoid of three lines, 0 up to -3, 1 from 3 on: {@link hardsigmoid}. Follows `torch.nn.Hardsigmoid`. */
export class Hardsigmoid extends /* @__PURE__ */ activationClass(hardsigmoid) {
  /** PyTorch prints no option here. */
  override extraRepr(): string {
    return '';
  }
}

/** The gradient of x * hardsigmoid(x), g that of the result. */
const hardswishGradient = (g: E.Expr, x: E.Expr): E.Expr =>
  select(E.le(x, -3), 0, select(E.ge(x, 3), g, mul(g, add(div(x, 3), 0.5))));

/**
 * x * hardsigmoid(x). Follows `torch.nn.functional.hardswish`.
 * @throws DTypeError when x is not floating.
 */
export const hardswish = /* @__PURE__ */ activation<InplaceOptions>({
  name: 'hardswish',
  defaults: { inplace: false },
  expression: (x) => div(mul(x, clampedShift(x)), 6),
  gradient: ({ g }, x) => hardswishGradient(g, x),
  // 0 where x is NaN, unlike the derivative of the gradient.
  second: ({ h, g }, x) => [
    hardswishGradient(h, x),
    select(E.and(E.gt(x, -3), E.lt(x, 3)), div(mul(h, g), 3), 0),
  ],
});

/** x * hardsigmoid(x): {@link hardswish}. Follows `torch.nn.Hardswish`. */
export class Hardswish extends /* @__PURE__ */ activationClass(hardswish) {
  /** PyTorch prints no option here. */
  override extraRepr(): string {
    return '';
  }
}

/** Options of {@link hardshrink} and {@link softshrink}. */
export interface ShrinkOptions {
  /** Half the width of the interval that becomes 0. Default: 0.5. */
  readonly lambd?: number;
}

const beyond = (x: E.Expr, limit: E.Expr): E.Expr => E.or(E.lt(x, E.neg(limit)), E.gt(x, limit));

/**
 * x outside [-lambd, lambd], 0 within. Follows `torch.nn.functional.hardshrink`.
 * @throws DTypeError when x is not floating.
 */
export const hardshrink = /* @__PURE__ */ activation<ShrinkOptions>({
  name: 'hardshrink',
  defaults: { lambd: 0.5 },
  params: ({ lambd }) => [lambd],
  expression: (x, limit) => select(E.and(E.ge(x, E.neg(limit)), E.le(x, limit)), 0, x),
  gradient: ({ g }, x, limit) => select(beyond(x, limit), g, 0),
});

/** x outside [-lambd, lambd], 0 within: {@link hardshrink}. Follows `torch.nn.Hardshrink`. */
export class Hardshrink extends /* @__PURE__ */ activationClass(hardshrink) {
  override extraRepr(): string {
    return pyFloat(this.lambd);
  }
}

/**
 * x moved towards 0 by lambd, 0 within [-lambd, lambd]. Follows `torch.nn.functional.softshrink`.
 * @throws DTypeError when x is not floating.
 * @throws ValueError when lambd is negative.
 */
export const softshrink = /* @__PURE__ */ activation<ShrinkOptions>({
  name: 'softshrink',
  defaults: { lambd: 0.5 },
  params({ lambd }) {
    if (!(lambd >= 0)) {
      throw new ValueError(`softshrink: lambda must be in range [0, 3.40282e+38], but found ${lambd}`);
    }
    return [lambd];
  },
  // Within the interval it is 0, unless it is NaN: PyTorch's whole vectors lose the sign of x there.
  expression: (x, limit) =>
    select(E.gt(x, limit), sub(x, limit), select(E.lt(x, E.neg(limit)), add(x, limit), add(mul(x, 0), 0))),
  gradient: ({ g }, x, limit) => select(beyond(x, limit), g, 0),
});

/** x moved towards 0 by lambd, 0 within [-lambd, lambd]: {@link softshrink}. Follows `torch.nn.Softshrink`. */
export class Softshrink extends /* @__PURE__ */ activationClass(softshrink) {
  override extraRepr(): string {
    return pyFloat(this.lambd);
  }
}

const above = /* @__PURE__ */ activation<
  InplaceOptions & { readonly threshold?: number; readonly value?: number }
>({
  name: 'threshold',
  defaults: { threshold: 0, value: 0, inplace: false },
  params: ({ threshold, value }) => [threshold, value],
  expression: (x, limit, value) => select(E.le(x, limit), value, x),
  gradient: ({ g }, x, limit) => select(E.le(x, limit), 0, g),
  check: () => {},
});

const thresholdTakes = /* @__PURE__ */ signature('threshold', () => ({
  x: K.tensor,
  limit: K.number,
  value: K.number,
  options: inplaceOptions(),
}));

/** x where above `limit`, `value` elsewhere. Follows `torch.nn.functional.threshold`. */
export const threshold = function (
  x: Tensor,
  limit: number,
  value: number,
  options: InplaceOptions = {},
): Tensor {
  thresholdTakes(arguments);
  return above(x, { threshold: limit, value, inplace: options.inplace });
};
const thresholdInPlaceTakes = /* @__PURE__ */ signature('threshold_', () => ({
  x: K.tensor,
  limit: K.number,
  value: K.number,
}));

/** {@link threshold} over its input. Follows `torch.nn.functional.threshold_`. */
export const threshold_ = function (x: Tensor, limit: number, value: number): Tensor {
  thresholdInPlaceTakes(arguments);
  return threshold(x, limit, value, { inplace: true });
};

/**
 * x where above `threshold`, `value` elsewhere: {@link threshold}. Follows `torch.nn.Threshold`.
 * @throws ValueError for what are no numbers
 */
export class Threshold extends /* @__PURE__ */ activationClass(above) {
  constructor(limit: number, value: number, options: InplaceOptions = {}) {
    checkArguments(
      new.target.name,
      { threshold: K.number, value: K.number, options: inplaceOptions() },
      arguments,
    );
    super({ threshold: limit, value, inplace: options.inplace });
  }

  override extraRepr(): string {
    const inplace = this.inplace ? ', inplace=True' : '';
    return `threshold=${pyNumber(this.threshold)}, value=${pyNumber(this.value)}${inplace}`;
  }
}
