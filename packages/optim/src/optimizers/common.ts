/** What the optimizers share: options that all of them take, and the parts that their arithmetic is put together from. */
import { E, K } from '@kindling/core';
import { nonNegative } from '../kinds.ts';
import type { ParamState } from '../state-dict.ts';

/** Options that nearly every optimizer takes. */
export interface CommonOptions {
  /** L2 penalty: weightDecay * w is added to the gradient. Default: 0. */
  weightDecay?: number;
  /** Ascend instead of descend. Default: false. */
  maximize?: boolean;
}

export const commonKinds: K.Kinds<CommonOptions> = { weightDecay: nonNegative, maximize: K.flag };
export const commonDefaults: Required<CommonOptions> = { weightDecay: 0, maximize: false };

/** What the gradient is multiplied by. */
export const signOf = ({ maximize }: { maximize: boolean }): number => (maximize ? -1 : 1);

interface Decay {
  weightDecay: number;
  decoupledWeightDecay: boolean;
}

/** Whether the decay is added to the gradient, and whether it shrinks the weights themselves. */
export const decayOf = ({ weightDecay, decoupledWeightDecay }: Decay): [l2: boolean, decoupled: boolean] =>
  weightDecay === 0 ? [false, false] : [!decoupledWeightDecay, decoupledWeightDecay];

/** The number for either: the penalty, or what the weights are multiplied by. */
export const decayNumber = ({ lr, weightDecay, decoupledWeightDecay }: Decay & { lr: number }): number =>
  decoupledWeightDecay ? 1 - lr * weightDecay : weightDecay;

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

/** A number that the state of a parameter holds, or what it is at first. */
export function numberOf(state: ParamState, name: string, first: number): number {
  const value = state[name];
  return typeof value === 'number' ? value : first;
}

/** The number of this step, which is counted in the state. */
export function nextStep(state: ParamState): number {
  const step = numberOf(state, 'step', 0) + 1;
  state.step = step;
  return step;
}
