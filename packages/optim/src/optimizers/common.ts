/** Options that the optimizers share, and the numbers that a step makes of them. */
import { K } from '@kindling/core';
import { nonNegative } from '../base/kinds.ts';
import { type Rate, rate } from '../base/rate.ts';

/** Options that nearly every optimizer takes. */
export interface CommonOptions {
  /** L2 penalty: weightDecay * w is added to the gradient. Default: 0. */
  weightDecay?: number;
  /** Ascend instead of descend. Default: false. */
  maximize?: boolean;
}

/** What these take, and the learning rate, whose default each states itself. */
export const commonKinds: K.Kinds<CommonOptions & { lr?: Rate }> = {
  lr: rate,
  weightDecay: nonNegative,
  maximize: K.flag,
};

/** What the gradient is multiplied by. */
export const signOf = ({ maximize }: { maximize: boolean }): number => (maximize ? -1 : 1);

interface Decay {
  weightDecay: number;
  decoupledWeightDecay: boolean;
}

/** Whether the decay is added to the gradient. */
export const addsDecay = ({ weightDecay, decoupledWeightDecay }: Decay): boolean =>
  weightDecay !== 0 && !decoupledWeightDecay;

/** Whether it shrinks the weights themselves. */
export const shrinks = ({ weightDecay, decoupledWeightDecay }: Decay): boolean =>
  weightDecay !== 0 && decoupledWeightDecay;

/** The number for either: the penalty, or what the weights are multiplied by. */
export const decayNumber = ({ lr, weightDecay, decoupledWeightDecay }: Decay & { lr: number }): number =>
  decoupledWeightDecay ? 1 - lr * weightDecay : weightDecay;
