import { composition, K } from '../../arguments/index.ts';
import { DTypeError } from '../../errors.ts';
import { E, type Expr } from '../../kernels/index.ts';
import { composed } from '../../record/index.ts';
import type { Tensor } from '../../tensor.ts';
import { to } from '../creation/copy.ts';
import { mul, mul_ } from '../elementwise/arithmetic.ts';
import { pow, pow_ } from '../elementwise/binary.ts';
import { binary, inPlace, unary } from '../elementwise/define.ts';
import { floatsOnly } from '../elementwise/dtype-checks.ts';
import { exp2 } from '../elementwise/functions.ts';
import { applyUnary, type BinaryFunction, ElementwiseOp, type Operand } from '../elementwise/operation.ts';

const checkFrexp = floatsOnly('frexp');
const mantissaOf = new ElementwiseOp({
  name: 'frexp',
  arity: 1,
  check: checkFrexp,
  expression: (x) => E.call('mantissa', x),
  gradient: ({ g }, x) => [E.mul(g, E.exp2(E.neg(E.call('binaryExponent', x))))],
});
const exponentOf = unary('frexp', (x) => E.call('binaryExponent', x), {
  gradient: false,
  check: checkFrexp,
});

/**
 * The parts of x = mantissa · 2^exponent, 1/2 ≤ |mantissa| < 1, exponent in int32; 0, infinities and NaN are their own
 * mantissa, with exponent 0. Follows `torch.frexp`.
 * @throws DTypeError when x is not of a floating dtype
 * @example frexp(tensor([6, -0.25])); // { mantissa: tensor([ 0.7500, -0.5000]), exponent: tensor([ 3, -1]) }
 */
export const frexp = /* @__PURE__ */ composition(
  'frexp',
  { x: K.tensor },
  (x: Tensor): { mantissa: Tensor; exponent: Tensor } => ({
    mantissa: applyUnary(mantissaOf, x),
    exponent: to(exponentOf(x), 'int32'),
  }),
);

/**
 * x · 2^other, broadcast. Follows `torch.ldexp`.
 * @throws ShapeError when the shapes do not broadcast
 * @example ldexp(tensor([1, 3]), tensor([3, -1])); // tensor([8.0000, 1.5000])
 */
export const ldexp = /* @__PURE__ */ composition(
  'ldexp',
  { x: K.tensor, other: K.tensor },
  (x: Tensor, other: Tensor): Tensor => composed('ldexp', mul(x, exp2(other)), x, other),
);
/** {@link ldexp} in place. */
export const ldexp_ = /* @__PURE__ */ composition(
  'ldexp_',
  { x: K.tensor, other: K.tensor },
  (x: Tensor, other: Tensor): Tensor => mul_(x, exp2(other)),
);

/** The number next to a on the way to b: a step in the number's bits, which count up with its magnitude. */
function nextToward(a: Expr, b: Expr): Expr {
  const outward = E.not(E.xor(E.lt(a, b), E.gt(a, 0)));
  const step = E.fromBits(E.iadd(E.bitsOf(a), E.iselect(outward, 1, -1)));
  const fromZero = E.copysign(E.fromBits(E.intConstant(1)), b);
  const moved = E.select(E.eq(a, 0), fromZero, step);
  return E.select(E.or(E.isNaN(a), E.isNaN(b)), Number.NaN, E.select(E.eq(a, b), b, moved));
}

/**
 * The next number that its dtype can hold after a, toward b, broadcast. Follows `torch.nextafter`.
 * @throws DTypeError when no operand is of a floating dtype
 * @throws ShapeError when the shapes do not broadcast
 * @example nextafter(tensor([1], { dtype: 'float64' }), 2).sub(1); // tensor([2.2204e-16], dtype=torch.float64)
 */
export const nextafter: BinaryFunction = binary('nextafter', nextToward, {
  gradient: ({ g }, a, b) => [E.select(E.eq(a, b), 0, g), E.constant(0)],
  check: floatsOnly('nextafter'),
});
/** {@link nextafter} in place. */
export const nextafter_ = inPlace(nextafter);

const doubled = (x: Operand): Operand => (typeof x === 'object' ? to(x, 'float64') : x);

/**
 * aᵇ in float64, broadcast; either may be a number. Follows `torch.float_power`.
 * @throws ShapeError when the shapes do not broadcast
 * @example floatPower(tensor([2, 3]), -1); // tensor([0.5000, 0.3333], dtype=torch.float64)
 */
export const floatPower = /* @__PURE__ */ composition(
  'floatPower',
  { a: K.operand, b: K.operand },
  (a: Operand, b: Operand): Tensor => pow(doubled(a), doubled(b)),
);

/**
 * {@link floatPower} in place, of float64 alone, which the result is. Follows `Tensor.float_power_`.
 * @throws DTypeError where x is not float64
 * @throws ShapeError when the exponent does not broadcast to x
 * @example tensor([4, 9], { dtype: 'float64' }).floatPower_(0.5); // tensor([2., 3.], dtype=torch.float64)
 */
export const floatPower_ = /* @__PURE__ */ composition(
  'floatPower_',
  { x: K.tensor, exponent: K.operand },
  (x: Tensor, exponent: Operand): Tensor => {
    if (x.dtype !== 'float64') {
      throw new DTypeError(
        `floatPower_: the base given to float_power_ has dtype ${x.dtype} but the operation's result requires dtype float64`,
      );
    }
    return pow_(x, doubled(exponent));
  },
);

/** The functions of this file that are methods too. */
export default { frexp, ldexp, ldexp_, nextafter, nextafter_, floatPower, floatPower_ };
