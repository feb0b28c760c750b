import type { Expr } from '../../expression/index.ts';
import * as E from '../../expression/index.ts';

/*
 * V8 takes eight instructions for the maximum that passes on NaN of both sides and tells 0 from -0, and one for that
 * which gives its first operand where neither is greater. Beside a number, which is one for all elements, the second
 * does: of zeros x stays, as in PyTorch's clamp.
 */

const isNumber = ({ op }: Expr): boolean => op === 'param' || op === 'constant';

/** The form of a maximum or minimum that lanes of floats take where one operand is a number; else itself. */
export function extremeOf(extreme: Expr): Expr {
  const [a, b] = extreme.args;
  if ((extreme.op !== 'max' && extreme.op !== 'min') || a === undefined || b === undefined) return extreme;
  if (!isNumber(a) && !isNumber(b)) return extreme;
  const [x, bound] = isNumber(b) ? [a, b] : [b, a];
  const found = extreme.op === 'max' ? E.pmax(x, bound) : E.pmin(x, bound);
  // All bits are set where the number is NaN, and so is NaN.
  return E.fromBits(E.ior(E.bitsOf(found), E.maskBits(E.ne(bound, bound))));
}
