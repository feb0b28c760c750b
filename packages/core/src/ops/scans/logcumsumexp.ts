import { K, signature } from '../../arguments/index.ts';
import { scalarNameOf } from '../../dtype.ts';
import { E, type Expr, elementsOf, extentOf, scan } from '../../kernels/index.ts';
import { apply, definePrimitive, INPUT, OUTPUT, type Primitive } from '../../record/index.ts';
import { normalizeDim } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { cat } from '../arranging/joining.ts';
import { zeros } from '../creation/fill.ts';
import { mul, sub } from '../elementwise/arithmetic.ts';
import { floatsOnly } from '../elementwise/dtype-checks.ts';
import { exp } from '../elementwise/functions.ts';
import { applyElementwise, ElementwiseOp } from '../elementwise/operation.ts';
import { narrow } from '../views/slices.ts';
import type { Scan } from './running-sum.ts';

const check = floatsOnly(
  'logcumsumexp',
  (dtype) => `not implemented for '${scalarNameOf(dtype)}' (${dtype}); convert with to('float32')`,
);

const logcumsumexpPrimitive = definePrimitive<number>({
  name: 'logcumsumexp',
  saves: INPUT(0) | OUTPUT,
  infer([x]) {
    check(x.dtype);
    return { shape: x.shape, dtype: x.dtype };
  },
  kernel: ([x], dim, out) =>
    scan('logcumsumexp', [elementsOf(x)], [out.storage.array], extentOf(x.shape, dim)),
  derivative(g, node) {
    // The gradient by x_k is the sum over i >= k of g_i exp(x_k - y_i) = t_k exp(x_k - y_k), where
    // t_k = g_k + t_(k+1) exp(y_k - y_(k+1)): no exponent is positive.
    const dim = node.attrs;
    const y = node.output();
    if (y.ndim === 0 || y.count === 0) return [g];
    const { n } = extentOf(y.shape, dim);
    const decay = applyElementwise(decayOp, [
      narrow(y, dim, 0, n - 1),
      narrow(y, dim, 1, n - 1),
      narrow(y, dim, n - 1, 1),
    ]);
    const t = recur(applyElementwise(countedOp, [g, y]), withZeroEnd(decay, y, dim), dim, true);
    return [mul(t, exp(sub(node.input(0), y)))];
  },
});

/**
 * The gradient as PyTorch counts it, by the logarithms of what is above and what is below 0: NaN is neither, and counts
 * as 0; of an infinite one an infinite result leaves no number.
 */
const countedOp = new ElementwiseOp({
  name: 'counted',
  arity: 2,
  expression: (g, y) =>
    E.select(E.isNaN(g), 0, E.select(E.and(E.isInf(g), E.eq(y, Number.POSITIVE_INFINITY)), Number.NaN, g)),
  gradient: ({ g: h }, g) => [E.select(E.isNaN(g), 0, h), null],
});

/**
 * exp(y_k - y_(k+1)), also where gradients are not finite: nothing decays between equal infinities, nothing comes past
 * a factor of 0, and NaN at the end of the row is in all that it was made of.
 */
const decayOp = new ElementwiseOp({
  name: 'decay',
  arity: 3,
  expression: decayOf,
  gradient({ g }, earlier, later, end) {
    const slope = E.mul(g, decayOf(earlier, later, end));
    const kept = E.select(gone(earlier, later), 0, slope);
    return [kept, E.neg(kept), null];
  },
});

/** Where both are the same infinity. */
const level = (a: Expr, b: Expr): Expr => E.and(E.eq(a, b), E.isInf(a));

const gone = (earlier: Expr, later: Expr): Expr =>
  E.or(level(earlier, later), E.eq(E.sub(earlier, later), Number.NEGATIVE_INFINITY));

function decayOf(earlier: Expr, later: Expr, end: Expr): Expr {
  const decay = E.exp(E.select(level(earlier, later), 0, E.sub(earlier, later)));
  return E.select(E.isNaN(end), Number.NaN, decay);
}

const logcumsumexpTakes = signature('logcumsumexp', { x: K.tensor, dim: K.integer });

/**
 * The logarithm of running sums of exponentials along `dim`, without overflow. Follows `torch.logcumsumexp`.
 * @throws DTypeError when x is not of a floating dtype
 * @throws IndexError when the dimension is out of range
 * @example logcumsumexp(zeros(3), 0); // tensor([0.0000, 0.6931, 1.0986])
 */
export function logcumsumexp(x: Tensor, dim: number): Tensor {
  logcumsumexpTakes(arguments);
  return apply(logcumsumexpPrimitive, [x], normalizeDim(dim, x.ndim, 'logcumsumexp'));
}

/** One less than x has along `dim`, and zeros in the last place. */
function withZeroEnd(y: Tensor, x: Tensor, dim: number): Tensor {
  const end = x.shape.map((size, d) => (d === dim ? 1 : size));
  return cat([y, zeros(end, { dtype: x.dtype })], dim);
}

/** t_k = g_k + a_k t_(k+1) from the end, or t_k = g_k + a_(k-1) t_(k-1) from the start. */
const recur = (g: Tensor, a: Tensor, dim: number, reverse: boolean): Tensor =>
  apply(recurrencePrimitive, [g, a], { dim, reverse });

const recurrencePrimitive: Primitive<Scan, [Tensor, Tensor]> = definePrimitive({
  name: 'linear_recurrence',
  saves: INPUT(1) | OUTPUT,
  infer: ([g]) => ({ shape: g.shape, dtype: g.dtype }),
  kernel: ([g, a], { dim, reverse }, out) =>
    scan(
      'linear_recurrence',
      [elementsOf(g), elementsOf(a)],
      [out.storage.array],
      extentOf(g.shape, dim),
      reverse,
    ),
  derivative(h, node) {
    const { dim, reverse } = node.attrs;
    const u = recur(h, node.input(1), dim, !reverse);
    return [node.needs(0) ? u : null, node.needs(1) ? mulNeighbours(u, node.output(), dim, reverse) : null];
  },
});

/** The gradient by the factors: a_k ties t_k and t_(k+1); the last factor ties nothing. */
function mulNeighbours(u: Tensor, t: Tensor, dim: number, reverse: boolean): Tensor {
  const { n } = extentOf(t.shape, dim);
  const [first, second] = reverse ? [u, t] : [t, u];
  const products = mul(narrow(first, dim, 0, n - 1), narrow(second, dim, 1, n - 1));
  return withZeroEnd(products, t, dim);
}
