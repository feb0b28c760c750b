import { type DType, isFloatingPoint } from '../../dtype.ts';
import { DTypeError } from '../../errors.ts';
import { E, type Expr } from '../../kernels/index.ts';
import { binary, inPlace } from '../elementwise/define.ts';
import type { BinaryFunction } from '../elementwise/operation.ts';

/** A function of integers, without derivative. */
const ofIntegers = (name: string, caller: string, expression: (a: Expr, b: Expr) => Expr): BinaryFunction =>
  binary(name, expression, {
    gradient: false,
    check(dtype: DType) {
      if (isFloatingPoint(dtype) || dtype === 'bool')
        throw new DTypeError(`${caller}: expected integers, got ${dtype}; convert to int32 or uint8`);
    },
  });

/**
 * The greatest common divisor of whole numbers, broadcast; 0 of two zeros. Follows `torch.gcd`.
 * @throws DTypeError when an operand is of a floating dtype, or both are bool
 * @throws ShapeError when the shapes do not broadcast
 * @example gcd(tensor([12, -18]), tensor([8, 27])); // tensor([4, 9])
 */
export const gcd = ofIntegers('gcd', 'gcd', (a, b) => E.call('gcd', a, b));
/**
 * The least common multiple of whole numbers, broadcast; 0 where either is 0. Follows `torch.lcm`.
 * @throws DTypeError when an operand is of a floating dtype, or both are bool
 * @throws ValueError when a result does not fit int32
 * @example lcm(tensor([4, 6]), 10); // tensor([20, 30])
 */
export const lcm = ofIntegers('lcm', 'lcm', (a, b) => E.call('lcm', a, b));

/** Between 0 and 63 a shift multiplies; others leave no bit, as in PyTorch. */
const shiftsAll = (b: Expr): Expr => E.or(E.lt(b, 0), E.ge(b, 64));
const least = (b: Expr, most: number): Expr => E.select(E.lt(b, most), b, most);

/**
 * 2ᵇ of 0 to 63, which lanes of int32 keep the lowest bits of: by the bits of b, each of which multiplies or does not.
 */
function powerOfTwo(b: Expr): Expr {
  let power: Expr = E.constant(1);
  let rest = b;
  for (const bit of [32, 16, 8, 4, 2, 1]) {
    const set = E.ge(rest, bit);
    // 2^32 is no number of int32.
    const raised = bit === 32 ? E.mul(E.mul(power, 2 ** 16), 2 ** 16) : E.mul(power, 2 ** bit);
    power = E.select(set, raised, power);
    if (bit > 1) rest = E.select(set, E.sub(rest, bit), rest);
  }
  return power;
}

/**
 * a shifted to the left by b bits, a · 2ᵇ, broadcast; 0 where b is negative or above 63. uint8 keeps its lowest 8 bits.
 * Follows `torch.bitwise_left_shift`.
 * @throws DTypeError when an operand is of a floating dtype, or both are bool
 * @throws ValueError when a result does not fit int32
 * @example bitwiseLeftShift(tensor([1, 3]), 4); // tensor([16, 48])
 */
export const bitwiseLeftShift = ofIntegers('bitwise_left_shift', 'bitwiseLeftShift', (a, b) =>
  E.select(shiftsAll(b), 0, E.mul(a, powerOfTwo(b))),
);
/**
 * a shifted to the right by b bits, a / 2ᵇ rounded down, broadcast; where b is negative or above 63 the sign alone is
 * left: 0 or -1. Follows `torch.bitwise_right_shift`.
 * @throws DTypeError when an operand is of a floating dtype, or both are bool
 * @example bitwiseRightShift(tensor([16, -3]), 1); // tensor([ 8, -2])
 */
export const bitwiseRightShift = ofIntegers('bitwise_right_shift', 'bitwiseRightShift', (a, b) => {
  // In two steps, since 2^31 is negative in lanes of int32.
  const distance = E.select(shiftsAll(b), 32, least(b, 32));
  const first = least(distance, 16);
  return E.wholeFloorDivide(E.wholeFloorDivide(a, powerOfTwo(first)), powerOfTwo(E.sub(distance, first)));
});
/** {@link gcd} in place. */
export const gcd_ = inPlace(gcd);
/** {@link lcm} in place. */
export const lcm_ = inPlace(lcm);
/** {@link bitwiseLeftShift} in place. */
export const bitwiseLeftShift_ = inPlace(bitwiseLeftShift);
/** {@link bitwiseRightShift} in place. */
export const bitwiseRightShift_ = inPlace(bitwiseRightShift);
