import { refuseExcess } from '../../arguments/index.ts';
import { E, type Expr } from '../../kernels/index.ts';
import type { Tensor } from '../../tensor.ts';
import { binary, timesLogarithm, unary } from '../elementwise/define.ts';
import {
  applyBinary,
  type BinaryFunction,
  type Operand,
  type UnaryFunction,
} from '../elementwise/operation.ts';
import { refusesGradient } from '../views/underived.ts';
import { named, namedPair } from './define.ts';

/** Functions of `torch.special` around the normal distribution, entropy and ζ. */

const float = (
  torchName: string,
  caller: string,
  expression: (x: Expr) => Expr,
  slope: (g: Expr, x: Expr, y: Expr) => Expr,
): UnaryFunction =>
  unary(torchName, expression, {
    dtype: 'float',
    caller,
    gradient: ({ g, y }, x) => [slope(g, x as Expr, y)],
  });

const density = (x: Expr): Expr => E.mul(1 / Math.sqrt(2 * Math.PI), E.exp(E.mul(-0.5, E.square(x))));

/**
 * The part of a normal distribution below x: (1 + erf(x / √2)) / 2. Follows `torch.special.ndtr`.
 * @example special.ndtr(tensor([-1, 0, 1])); // tensor([0.1587, 0.5000, 0.8413])
 */
export const ndtr = float(
  'special_ndtr',
  'special.ndtr',
  (x) => E.mul(0.5, E.erfc(E.mul(x, -Math.SQRT1_2))),
  (g, x) => E.mul(g, density(x)),
);

/**
 * The inverse of {@link ndtr}: infinite at 0 and 1, NaN outside. Follows `torch.special.ndtri`.
 * @example special.ndtri(tensor([0.5, 0.975])); // tensor([0.0000, 1.9600])
 */
export const ndtri = float(
  'special_ndtri',
  'special.ndtri',
  (x) => E.call('ndtri', x),
  (g, _, y) => E.mul(g, E.mul(Math.sqrt(2 * Math.PI), E.exp(E.mul(0.5, E.square(y))))),
);

/**
 * log ndtr(x), accurate in the lower tail. Follows `torch.special.log_ndtr`.
 * @example special.logNdtr(tensor([-100, 0])); // tensor([-5.0055e+03, -6.9315e-01])
 */
export const logNdtr = float(
  'special_log_ndtr',
  'special.logNdtr',
  (x) => {
    const z = E.mul(x, Math.SQRT1_2);
    const tail = E.sub(E.log(E.mul(E.call('erfcx', E.neg(z)), 0.5)), E.square(z));
    return E.select(E.lt(x, -1), tail, E.log1p(E.mul(-0.5, E.erfc(z))));
  },
  (g, x, y) => {
    // PyTorch's formula, which in the lower tail is a difference of large numbers; what has no difference is NaN.
    const ofLogs = E.mul(
      E.mul(g, 1 / Math.sqrt(2 * Math.PI)),
      E.exp(E.neg(E.add(y, E.mul(0.5, E.square(x))))),
    );
    const ofTail = E.div(E.mul(g, Math.sqrt(2 / Math.PI)), E.call('erfcx', E.mul(x, -Math.SQRT1_2)));
    return E.select(E.and(E.lt(x, -1), E.gt(y, Number.NEGATIVE_INFINITY)), ofTail, ofLogs);
  },
);

/**
 * e^(x²) erfc(x). Follows `torch.special.erfcx`.
 * @example special.erfcx(tensor([0, 100])); // tensor([1.0000, 0.0056])
 */
export const erfcx: UnaryFunction = named('special_erfcx', 'erfcx', 'special.erfcx');

/**
 * The entropy of one probability: -x log x, 0 at 0, -inf below. Follows `torch.special.entr`.
 * @example special.entr(tensor([0, 0.5])); // tensor([0.0000, 0.3466])
 */
export const entr = float(
  'special_entr',
  'special.entr',
  (x) =>
    E.select(
      E.gt(x, 0),
      E.mul(E.neg(x), E.log(x)),
      E.select(E.isNaN(x), x, E.select(E.eq(x, 0), 0, Number.NEGATIVE_INFINITY)),
    ),
  (g, x) => E.mul(g, E.neg(E.add(1, E.log(x)))),
);

const timesLog1p = (a: Expr, b: Expr): Expr =>
  E.select(E.isNaN(b), Number.NaN, E.select(E.eq(a, 0), 0, E.mul(a, E.log1p(b))));

/**
 * a log(1 + b), broadcast: 0 where a is 0, NaN where b is NaN. Follows `torch.special.xlog1py`.
 * @throws ShapeError when the shapes do not broadcast
 * @example special.xlog1py(tensor([0, 2]), tensor([-1, 1])); // tensor([0.0000, 1.3863])
 */
export const xlog1py: BinaryFunction = binary('special_xlog1py', timesLog1p, {
  overload: (scalars) => scalars,
  dtype: 'float',
  caller: 'special.xlog1py',
  comparesApart: true,
  ...timesLogarithm(
    timesLog1p,
    (b) => E.le(b, -1),
    (x, b) => E.div(x, E.add(b, 1)),
  ),
});

const zetaOf: BinaryFunction = namedPair('special_zeta', 'zeta', 'special.zeta');

/**
 * Hurwitz' ζ: Σ (q + k)^-s over k ≥ 0, broadcast; infinite for s = 1, NaN below. Follows `torch.special.zeta`.
 * @throws ShapeError when the shapes do not broadcast
 * @throws AutogradError in the backward pass, where `s` requires grad: there is no derivative to it
 * @example special.zeta(tensor([2, 4]), 1); // tensor([1.6449, 1.0823])
 */
export function zeta(s: Operand, q: Operand): Tensor {
  if (arguments.length > 2) refuseExcess('special.zeta', ['s', 'q'], arguments);
  return applyBinary(zetaOf.op, refusesGradient(s, 'special_zeta: self'), q);
}
