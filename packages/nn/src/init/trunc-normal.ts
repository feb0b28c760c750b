import { composition, emptyLike, K, noGrad, type Tensor, valuesOf, where } from '@kindling/core';
import { drawFrom, drawKinds, type GeneratorOptions } from './generator.ts';

/** Options of {@link truncNormal_}. */
export interface TruncNormalOptions extends GeneratorOptions {
  /** Of the distribution before it is cut. Default: 0. */
  readonly mean?: number;
  /** Of the distribution before it is cut. Default: 1. */
  readonly std?: number;
  /** The least number. Default: -2. */
  readonly a?: number;
  /** The largest number. Default: 2. */
  readonly b?: number;
}

/** Error function to about 1e-7 (Abramowitz and Stegun 7.1.26): it only decides between two methods. */
function erf(x: number): number {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const series =
    t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return Math.sign(x) * (1 - series * Math.exp(-x * x));
}

const normalCdf = (x: number): number => (1 + erf(x / Math.SQRT2)) / 2;

/**
 * Normal numbers within [a, b]: those outside are drawn again. Follows `torch.nn.init.trunc_normal_` of PyTorch's
 * newest version, with its random numbers.
 * @throws DTypeError when `x` holds integers or bools.
 * @example init.truncNormal_(empty([100]), { std: 0.5, a: -1, b: 1 }).abs().max().le(1); // tensor(True)
 */
export const truncNormal_ = /* @__PURE__ */ composition(
  'truncNormal_',
  () => drawKinds<TruncNormalOptions>({ mean: K.number, std: K.number, a: K.number, b: K.number }),
  (x: Tensor, options: TruncNormalOptions = {}): Tensor => {
    const { mean = 0, std = 1, a = -2, b = 2 } = options;
    if (mean < a - 2 * std || mean > b + 2 * std) {
      console.warn(
        'mean is more than 2 std from [a, b] in nn.init.truncNormal_. The distribution of values may be incorrect.',
      );
    }
    const inside = normalCdf((b - mean) / std) - normalCdf((a - mean) / std);
    const draw = drawFrom(options);
    return noGrad(() => (inside > 0.3 ? redraw(x, mean, std, a, b, draw) : reject(x, mean, std, a, b, draw)));
  },
);

/** Whether there is any number to draw again. */
const anyOf = (again: Tensor): boolean =>
  valuesOf(again.any(), 'trunc_normal_: whether any number must be drawn again')[0] !== 0;

/** Where most of the mass lies inside: normal numbers, until all are. */
function redraw(x: Tensor, mean: number, std: number, a: number, b: number, draw: GeneratorOptions): Tensor {
  const round = x.dtype === 'float32' ? Math.fround : Number;
  const [low, high] = [round(a), round(b)];
  let result = x.normal_(mean, std, draw);
  for (;;) {
    const outside = result.lt(low).logicalOr(result.gt(high));
    if (!anyOf(outside)) break;
    result = where(outside, emptyLike(result).normal_(mean, std, draw), result);
  }
  return result === x ? x : x.copy_(result);
}

/** Where little mass lies inside: uniform candidates, taken with the probability of their density. */
function reject(x: Tensor, mean: number, std: number, a: number, b: number, draw: GeneratorOptions): Tensor {
  const mode = Math.max(a, Math.min(mean, b));
  const logPeak = -0.5 * ((mode - mean) / std) ** 2;
  const logAcceptance = (candidates: Tensor): Tensor =>
    candidates.sub(mean).div_(std).pow_(2).mul_(-0.5).sub_(logPeak);
  const refused = (candidates: Tensor): Tensor =>
    emptyLike(x).uniform_(0, 1, draw).log_().gt(logAcceptance(candidates));
  let result = x.uniform_(a, b, draw);
  let pending = refused(result);
  while (anyOf(pending)) {
    const candidates = emptyLike(x).uniform_(a, b, draw);
    result = where(pending, candidates, result);
    pending = pending.logicalAnd(refused(candidates));
  }
  return result === x ? x : x.copy_(result);
}
