import { composition, K } from '../../arguments/index.ts';
import { isFloatingPoint } from '../../dtype.ts';
import { ValueError } from '../../errors.ts';
import { E, type Expr } from '../../kernels/index.ts';
import type { Tensor } from '../../tensor.ts';
import { copy_ } from '../creation/copy.ts';
import { arange } from '../creation/ranges.ts';
import { add } from '../elementwise/arithmetic.ts';
import { inPlace, runInPlace, unary } from '../elementwise/define.ts';
import { lgamma } from '../elementwise/functions.ts';
import { applyUnary, ElementwiseOp, type UnaryFunction } from '../elementwise/operation.ts';
import { sum } from '../reductions/sum.ts';
import { unsqueeze } from '../views/shape.ts';
import { named } from './define.ts';

/**
 * The modified Bessel function of the first kind of order 0: Σ (x²/4)ᵏ / k!². Follows `torch.i0`.
 * @example i0(tensor([0, 1])); // tensor([1.0000, 1.2661])
 */
export const i0: UnaryFunction = named('i0', 'i0', 'i0');
/** {@link i0} in place. */
export const i0_ = inPlace(i0);

/** What the slope of sinc is a quotient of, in PyTorch's form, and where that is 0 / 0. */
function sincSlope(x: Expr): { slope: Expr; isFlat: Expr; angle: Expr; square: Expr } {
  const angle = E.mul(x, Math.PI);
  const square = E.mul(E.mul(x, x), Math.PI);
  const slope = E.div(E.sub(E.mul(angle, E.cos(angle)), E.sin(angle)), square);
  return { slope, isFlat: E.eq(square, 0), angle, square };
}

/**
 * sin(πx) / (πx), and 1 at 0, where its second gradient is -π² / 3. Follows `torch.sinc`.
 * @example sinc(tensor([0, 0.5])); // tensor([1.0000, 0.6366])
 */
export const sinc: UnaryFunction = unary(
  'sinc',
  (x) => {
    const angle = E.mul(x, Math.PI);
    return E.select(E.eq(x, 0), 1, E.div(E.sin(angle), angle));
  },
  {
    dtype: 'float',
    gradient: ({ g }, x) => {
      const { slope, isFlat } = sincSlope(x);
      return [E.select(isFlat, 0, E.mul(g, slope))];
    },
    second: ({ h, g }, x) => {
      const { slope, isFlat, angle, square } = sincSlope(x);
      const cosine = E.mul(E.cos(angle), Math.PI);
      const turned = E.sub(E.sub(cosine, E.mul(E.mul(angle, E.sin(angle)), Math.PI)), cosine);
      const bend = E.div(E.sub(turned, E.mul(slope, E.mul(x, 2 * Math.PI))), square);
      const limit = -(Math.PI ** 2) / 3;
      return [[E.select(isFlat, 0, E.mul(h, slope)), E.mul(E.mul(h, g), E.select(isFlat, limit, bend))]];
    },
  },
);
/** {@link sinc} in place. */
export const sinc_ = inPlace(sinc);

/** log Γₚ as one expression for each p. */
const multivariate = new Map<number, ElementwiseOp>();

function multivariateOf(p: number): ElementwiseOp {
  if (p < 1) throw new ValueError(`mvlgamma: p has to be greater than or equal to 1, got ${p}`);
  let op = multivariate.get(p);
  if (op === undefined) {
    op = new ElementwiseOp({
      name: 'mvlgamma',
      arity: 1,
      dtype: 'float',
      expression(x) {
        // From the least argument on, as PyTorch adds them.
        const terms = Array.from({ length: p }, (_, j) => E.lgamma(E.add(x, (1 - p + j) / 2)));
        return E.add(terms.reduce(E.add), (p * (p - 1) * Math.log(Math.PI)) / 4);
      },
    });
    multivariate.set(p, op);
  }
  return op;
}

/** As many terms stand in one expression; more would be long in compiling. */
const mostTerms = 64;

/** The sum over a new last dimension, of any number of terms. */
function multivariateSum(x: Tensor, p: number): Tensor {
  const offsets = arange((1 - p) / 2, 0.25, 0.5, isFloatingPoint(x.dtype) ? { dtype: x.dtype } : {});
  return add(sum(lgamma(add(unsqueeze(x, -1), offsets)), -1), (p * (p - 1) * Math.log(Math.PI)) / 4);
}

/**
 * The logarithm of the multivariate gamma function, log(π) p(p - 1)/4 + Σ lgamma(x - j/2) over j = 0 .. p - 1. Follows
 * `torch.mvlgamma`.
 * @throws ValueError when p is less than 1
 * @example mvlgamma(tensor([2, 3]), 2); // tensor([0.4516, 1.5502])
 */
export const mvlgamma = /* @__PURE__ */ composition(
  'mvlgamma',
  { x: K.tensor, p: K.integer },
  (x: Tensor, p: number): Tensor =>
    p > mostTerms ? multivariateSum(x, p) : applyUnary(multivariateOf(p), x),
);
/** {@link mvlgamma} in place. */
export const mvlgamma_ = /* @__PURE__ */ composition(
  'mvlgamma_',
  { x: K.tensor, p: K.integer },
  (x: Tensor, p: number): Tensor =>
    // Integers are refused by the operation.
    p > mostTerms && isFloatingPoint(x.dtype)
      ? copy_(x, multivariateSum(x, p))
      : runInPlace({ op: multivariateOf(Math.min(p, mostTerms)), operands: [x] }),
);

/** The functions of this file that are methods too. */
export default { i0, i0_, sinc, sinc_, mvlgamma, mvlgamma_ };
