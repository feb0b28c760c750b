import { E } from '@kindling/core';

/** What the losses of a sigmoid need of its logit x, without overflow and without loss of small numbers. */
interface Logistic {
  /** Whether x >= 0: a mask. */
  readonly up: E.Expr;
  /** |x|, smooth at 0 in combination with `up`. */
  readonly size: E.Expr;
  /** e^-|x|. */
  readonly decay: E.Expr;
  /** log(1 + e^-|x|). */
  readonly tail: E.Expr;
}

/**
 * The parts of which log(sigmoid(x)) and log(1 - sigmoid(x)) are made. |x| is written as x times a constant
 * sign, so that the derivative at 0 is that of either side, not the 0 that |x| has there.
 */
export function logistic(x: E.Expr): Logistic {
  const up = E.ge(x, 0);
  const size = E.mul(x, E.select(up, 1, -1));
  const decay = E.exp(E.neg(size));
  return { up, size, decay, tail: E.log1p(decay) };
}

/** -log(sigmoid(x)). */
export const minusLogSigmoid = ({ up, size, tail }: Logistic): E.Expr => E.add(E.select(up, 0, size), tail);

/** -log(1 - sigmoid(x)). */
export const softplus = ({ up, size, tail }: Logistic): E.Expr => E.add(E.select(up, size, 0), tail);
