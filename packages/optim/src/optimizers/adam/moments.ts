/** The two running averages of Adam and its kin: of the gradient, and of its square. */
import type { E, K } from '@kindling/core';
import { nonNegative, twoFractions } from '../../base/kinds.ts';
import { averageSquare, lerp } from '../arithmetic.ts';

/** Options of all that keep both. */
export interface MomentOptions {
  /** Decay of the running averages of the gradient and of its square. Default: [0.9, 0.999]. */
  betas?: readonly [number, number];
  /** Added to the denominator. Default: 1e-8. */
  eps?: number;
}

export const defaults: Required<MomentOptions> = { betas: [0.9, 0.999], eps: 1e-8 };
export const kinds: K.Kinds<MomentOptions> = { betas: twoFractions, eps: nonNegative };

/** What moves them: 1 - β₁, β₂, 1 - β₂. */
export type MomentNumbers<T> = [fresh1: T, beta2: T, fresh2: T];

type Pair = readonly [number, number];

/** Those of a group. */
export const numbersOf = ([beta1, beta2]: Pair): MomentNumbers<number> => [1 - beta1, beta2, 1 - beta2];

/** By what they are divided, as they begin with 0: 1 - β₁ᵗ and 1 - β₂ᵗ. */
export const correctionsOf = ([beta1, beta2]: Pair, step: number): Pair => [
  1 - beta1 ** step,
  1 - beta2 ** step,
];

/** Both moved by a gradient. */
export const moved = (
  { expAvg, expAvgSq }: { readonly expAvg: E.Expr; readonly expAvgSq: E.Expr },
  g: E.Expr,
  [fresh1, beta2, fresh2]: MomentNumbers<E.Expr>,
  nearsG: boolean,
): { expAvg: E.Expr; expAvgSq: E.Expr } => ({
  expAvg: lerp(expAvg, g, fresh1, nearsG),
  expAvgSq: averageSquare(expAvgSq, g, beta2, fresh2),
});
