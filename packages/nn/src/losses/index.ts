/** The losses, each as a function and a class in one file: `torch.nn`'s, and behind `beyond/` others. */
export * from './adaptive-log-softmax.ts';
export * from './beyond/index.ts';
export * from './binary.ts';
export { getInputChecks, type InputChecks, setInputChecks } from './checks.ts';
export * from './cross-entropy.ts';
export * from './ctc.ts';
export * from './likelihood.ts';
export * from './loss.ts';
export * from './margin.ts';
export * from './ranking.ts';
export {
  type LossOptions,
  type LossReduction,
  type ReduceLossOptions,
  reduceLoss,
  type SampleWeightOptions,
} from './reduction.ts';
export * from './regression.ts';
