/** What NAdam and RAdam have in common: the options, beside those of their own, and which updates they ask for. */
import { K } from '@kindling/core';
import { type CapturableOptions, capturableKinds } from '../../base/implementation.ts';
import type { Rate } from '../../base/rate.ts';
import { forgets } from '../arithmetic.ts';
import { addsDecay, type CommonOptions, commonKinds, shrinks } from '../common.ts';
import * as moments from './moments.ts';

/** Options of both. */
export interface KinOptions extends CommonOptions, CapturableOptions, moments.MomentOptions {
  /** Learning rate. */
  lr?: Rate;
  /** Shrink the weights by the decay directly, as AdamW does. Default: false. */
  decoupledWeightDecay?: boolean;
}

export const kinds: K.Kinds<KinOptions> = {
  ...commonKinds,
  ...moments.kinds,
  decoupledWeightDecay: K.flag,
  ...capturableKinds,
};

/**
 * Whether the decay is a penalty, whether it shrinks the weights, and whether the average is nearer to the gradient.
 */
export const featuresOf = (
  group: Parameters<typeof addsDecay>[0] & { betas: readonly [number, number] },
): [l2: boolean, decoupled: boolean, nearsG: boolean] => [
  addsDecay(group),
  shrinks(group),
  forgets(group.betas[0]),
];
