import {
  add,
  and,
  bitsOf,
  type Expr,
  fromBits,
  ilt,
  ixor,
  type Lowering,
  maskBits,
  ne,
  type ScalarFunction,
  scalarCall,
  select,
  truncDivide,
  truncRemainder,
} from '../expression/index.ts';

/** Whether a division leaves a rest and rounding down differs from rounding toward zero. */
function roundsAway(rest: Expr, divisor: Expr): Expr {
  const signs = ixor(bitsOf(rest), bitsOf(divisor));
  return and(ne(rest, 0), ilt(signs, 0));
}

/** The named functions that i32 lanes compute as integers, not by way of float64. */
export const integerLowerings: Readonly<Record<string, Lowering | undefined>> = {
  floorDivide: (a, b) => {
    const away = roundsAway(truncRemainder(a!, b!), b!);
    return add(truncDivide(a!, b!), fromBits(maskBits(away)));
  },
  fmod: (a, b) => truncRemainder(a!, b!),
  remainder: (a, b) => {
    const rest = truncRemainder(a!, b!);
    return select(roundsAway(rest, b!), add(rest, b!), rest);
  },
  pow: (a, b) => scalarCall('integerPow', a!, b!),
};

/** Integer powers wrap; a negative exponent leaves 0, but for the bases 1 and -1, as in PyTorch. */
function integerPow(base: number, exponent: number): number {
  if (exponent < 0) return base === 1 ? 1 : base === -1 ? (exponent % 2 === 0 ? 1 : -1) : 0;
  let result = 1;
  let square = base;
  for (let rest = exponent; rest > 0; rest >>= 1) {
    if (rest & 1) result = Math.imul(result, square);
    square = Math.imul(square, square);
  }
  return result;
}

export const integerFunctions: Readonly<Record<string, ScalarFunction | undefined>> = { integerPow };
