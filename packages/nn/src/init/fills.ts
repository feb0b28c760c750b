import { K, noGrad, ShapeError, signature, type Tensor, ValueError } from '@kindling/core';
import { drawFrom, drawKinds, type GeneratorOptions } from './generator.ts';

/** Options of {@link uniform_}. */
export interface UniformOptions extends GeneratorOptions {
  /** The least number. Default: 0. */
  readonly a?: number;
  /** Beyond the largest number. Default: 1. */
  readonly b?: number;
}

const uniformInPlaceTakes = /* @__PURE__ */ signature('uniform_', () =>
  drawKinds<UniformOptions>({ a: K.number, b: K.number }),
);

/**
 * Uniform numbers in [a, b). Defaults: 0 and 1. Follows `torch.nn.init.uniform_`.
 * @throws DTypeError when `x` holds integers or bools.
 * @example init.uniform_(empty([3]), { a: -1, b: 1 }); // tensor([-0.0075,  0.5364, -0.8230])
 */
export function uniform_(x: Tensor, options: UniformOptions = {}): Tensor {
  uniformInPlaceTakes(arguments);
  return noGrad(() => x.uniform_(options.a ?? 0, options.b ?? 1, drawFrom(options)));
}

/** Options of {@link normal_}. */
export interface NormalOptions extends GeneratorOptions {
  /** Default: 0. */
  readonly mean?: number;
  /** Default: 1. */
  readonly std?: number;
}

const normalInPlaceTakes = /* @__PURE__ */ signature('normal_', () =>
  drawKinds<NormalOptions>({ mean: K.number, std: K.number }),
);

/**
 * Normal numbers. Defaults: mean 0, std 1. Follows `torch.nn.init.normal_`.
 * @throws DTypeError when `x` holds integers or bools.
 * @example init.normal_(empty([3]), { std: 0.02 });
 */
export function normal_(x: Tensor, options: NormalOptions = {}): Tensor {
  normalInPlaceTakes(arguments);
  return noGrad(() => x.normal_(options.mean ?? 0, options.std ?? 1, drawFrom(options)));
}

const constantInPlaceTakes = /* @__PURE__ */ signature('constant_', () => ({ x: K.tensor, value: K.number }));

/** `value` everywhere. Follows `torch.nn.init.constant_`. */
export const constant_ = function (x: Tensor, value: number): Tensor {
  constantInPlaceTakes(arguments);
  return noGrad(() => x.fill_(value));
};

const onesInPlaceParameters = () => ({ x: K.tensor });
const onesInPlaceTakes = /* @__PURE__ */ signature('ones_', onesInPlaceParameters);

/** Ones. Follows `torch.nn.init.ones_`. */
export const ones_ = function (x: Tensor): Tensor {
  onesInPlaceTakes(arguments);
  return constant_(x, 1);
};

const zerosInPlaceTakes = /* @__PURE__ */ signature('zeros_', onesInPlaceParameters);

/** Zeros. Follows `torch.nn.init.zeros_`. */
export const zeros_ = function (x: Tensor): Tensor {
  zerosInPlaceTakes(arguments);
  return constant_(x, 0);
};

const eyeInPlaceTakes = /* @__PURE__ */ signature('eye_', onesInPlaceParameters);

/**
 * The identity matrix, as far as the shape goes. Follows `torch.nn.init.eye_`.
 * @throws ShapeError when `x` is not a matrix.
 */
export function eye_(x: Tensor): Tensor {
  eyeInPlaceTakes(arguments);
  if (x.ndim !== 2) throw new ShapeError(`eye_: Only tensors with 2 dimensions are supported, got ${x.ndim}`);
  return noGrad(() => {
    x.zero_();
    x.diagonal().fill_(1);
    return x;
  });
}

const diracInPlaceTakes = /* @__PURE__ */ signature('dirac_', () => ({
  x: K.tensor,
  options: K.options<{ readonly groups?: number }>({ groups: K.integer }),
}));

/**
 * Makes the weight of a convolution pass its input through: a 1 in the middle of the kernel from channel i to channel
 * i, group by group. `x` has 3, 4 or 5 dimensions: (out, in / groups, ...). Follows `torch.nn.init.dirac_`.
 * @throws ShapeError when `x` has another number of dimensions.
 * @throws ValueError when `groups` does not divide the number of output channels.
 */
export function dirac_(x: Tensor, options: { readonly groups?: number } = {}): Tensor {
  diracInPlaceTakes(arguments);
  const { groups = 1 } = options;
  if (x.ndim < 3 || x.ndim > 5) {
    throw new ShapeError(`dirac_: Only tensors with 3, 4, or 5 dimensions are supported, got ${x.ndim}`);
  }
  const outChannels = x.size(0);
  if (outChannels % groups !== 0) {
    throw new ValueError(`dirac_: dim 0 must be divisible by groups, got ${outChannels} and ${groups}`);
  }
  const perGroup = outChannels / groups;
  const passed = Math.min(perGroup, x.size(1));
  return noGrad(() => {
    x.zero_();
    for (let g = 0; g < groups; g++) {
      for (let c = 0; c < passed; c++) {
        let tap = x.select(0, g * perGroup + c).select(0, c);
        while (tap.ndim > 0) tap = tap.select(0, Math.floor(tap.size(0) / 2));
        tap.fill_(1);
      }
    }
    return x;
  });
}
