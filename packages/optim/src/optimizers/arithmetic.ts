/** What the arithmetic of optimizers is put together from. */
import { E } from '@kindling/core';

/** The gradient that a step follows: turned round by `sign`, with an L2 penalty where `decay` is given. */
export function penalised(w: E.Expr, grad: E.Expr, sign: E.Expr, decay: E.Expr | null): E.Expr {
  const signed = E.mul(sign, grad);
  return decay === null ? signed : E.add(signed, E.mul(decay, w));
}

/**
 * The running average `mean` moved by `weight` towards `x`. As PyTorch's lerp it adds to the nearer end, so that a great old
 * mean leaves no rounding behind; that is x where {@link forgets} says so.
 */
export function lerp(mean: E.Expr, x: E.Expr, weight: E.Expr, nearsX: boolean): E.Expr {
  const change = E.sub(x, mean);
  return nearsX ? E.sub(x, E.mul(E.sub(1, weight), change)) : E.add(mean, E.mul(weight, change));
}

/** {@link lerp} by a weight of which it is not known to which end it is nearer, or which changes from step to step. */
export const lerpBy = (mean: E.Expr, x: E.Expr, weight: E.Expr): E.Expr =>
  E.select(E.lt(E.abs(weight), 0.5), lerp(mean, x, weight, false), lerp(mean, x, weight, true));

/** Whether an average with this decay is nearer to what comes than to what was. */
export const forgets = (decay: number): boolean => Math.abs(1 - decay) >= 0.5;

/** The running average of squares, with decay `beta` and `fresh` = 1 - beta. */
export const averageSquare = (square: E.Expr, x: E.Expr, beta: E.Expr, fresh: E.Expr): E.Expr =>
  E.add(E.mul(square, beta), E.mul(E.mul(fresh, x), x));
