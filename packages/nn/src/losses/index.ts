/** The losses. */

export {
  type LossOptions,
  type LossReduction,
  type ReduceLossOptions,
  reduceLoss,
  type SampleWeightOptions,
} from '../functional/losses/reduction.ts';
export {
  type AdaptiveLogSoftmaxOptions,
  type AdaptiveLogSoftmaxResult,
  AdaptiveLogSoftmaxWithLoss,
} from './adaptive-log-softmax.ts';
export * from './beyond/index.ts';
export * from './binary.ts';
export { getInputChecks, type InputChecks, setInputChecks } from './checks.ts';
export * from './classification.ts';
export * from './ctc.ts';
export * from './likelihood.ts';
export { Loss, type LossModuleOptions } from './loss.ts';
export * from './ranking.ts';
export * from './regression.ts';
export { WeightedLoss, type WeightedOptions } from './weighted.ts';
