/** What the arithmetic of optimizers is put together from. */
import { E } from '@kindling/core';

/** The gradient that a step follows: turned round by `sign`, with an L2 penalty where `decay` is given. */
export function penalised(w: E.Expr, grad: E.Expr, sign: E.Expr, decay: E.Expr | null): E.Expr {
  const signed = E.mul(sign, grad);
  return decay === null ? signed : E.add(signed, E.mul(decay, w));
}

/**
 * The running average `mean` moved by `weight` towards `x`. As PyTorch's lerp it adds to the nearer end, so that a
 * great old mean leaves no rounding behind; that is x where {@link forgets} says so.
 */
export function lerp(mean: E.Expr, x: E.Expr, weight: E.Expr, nearsX: boolean): E.Expr {
  const change = E.sub(x, mean);
  return nearsX ? E.sub(x, E.mul(E.sub(1, weight), change)) : E.add(mean, E.mul(weight, change));
}

/**
 * {@link lerp} by a weight of which it is not known to which end it is nearer, or which changes from step to step. One
 * product serves either end, by a factor that kernels work out once: -(1 - w) d is (1 - w) d turned round, to the last
 * bit.
 */
export function lerpBy(mean: E.Expr, x: E.Expr, weight: E.Expr): E.Expr {
  const nearsMean = E.lt(E.abs(weight), 0.5);
  const factor = E.select(nearsMean, weight, E.neg(E.sub(1, weight)));
  return E.add(E.select(nearsMean, mean, x), E.mul(factor, E.sub(x, mean)));
}

/** Whether an average with this decay is nearer to what comes than to what was. */
export const forgets = (decay: number): boolean => Math.abs(1 - decay) >= 0.5;

/** The running average of squares, with decay `beta` and `fresh` = 1 - beta. */
export const averageSquare = (square: E.Expr, x: E.Expr, beta: E.Expr, fresh: E.Expr): E.Expr =>
  E.add(E.mul(square, beta), E.mul(E.mul(fresh, x), x));

/**
 * a b + c, rounded once, as PyTorch's kernels have it where a difference of nearly equal terms shows it. Dekker, "A
 * floating-point technique for extending the available precision", 1971: the product's rounding is known by halves of
 * its factors, that of the sum by Knuth's. `one` is a number that kernels do not know for 1, from which they learn how
 * many bits a lane has.
 */
export function fusedMultiplyAdd(one: E.Expr): (a: E.Expr, b: E.Expr, c: E.Expr) => E.Expr {
  const isNarrow = E.eq(E.sub(E.add(one, 2 ** -40), one), 0);
  const splitter = E.select(isNarrow, 2 ** 12 + 1, 2 ** 27 + 1);
  const halves = (x: E.Expr): [high: E.Expr, low: E.Expr] => {
    const spread = E.mul(x, splitter);
    const high = E.sub(spread, E.sub(spread, x));
    return [high, E.sub(x, high)];
  };
  return (a, b, c) => {
    const product = E.mul(a, b);
    const [[highA, lowA], [highB, lowB]] = [halves(a), halves(b)];
    const most = E.add(E.sub(E.mul(highA, highB), product), E.mul(highA, lowB));
    const lostByProduct = E.add(E.add(most, E.mul(lowA, highB)), E.mul(lowA, lowB));
    const sum = E.add(c, product);
    const added = E.sub(sum, c);
    const lostBySum = E.add(E.sub(c, E.sub(sum, added)), E.sub(product, added));
    const exact = E.add(sum, E.add(lostBySum, lostByProduct));
    // Halves of what is infinite are no numbers.
    return E.select(E.eq(exact, exact), exact, sum);
  };
}
