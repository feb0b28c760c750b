/** The public surface of @kindling/optim. */
export {
  type ClipGradNormOptions,
  clipGradNorm_,
  clipGradsWithNorm_,
  clipGradValue_,
  getTotalNorm,
  parametersToVector,
  vectorToParameters,
} from '@kindling/core';
export { Adam, type AdamOptions, AdamW, type AdamWOptions } from './adam.ts';
export type { ParamGroup, Params } from './groups.ts';
export * as lrScheduler from './lr-scheduler/index.ts';
export { Optimizer, type StepHook, type Update } from './optimizer.ts';
export { SGD, type SGDOptions } from './sgd.ts';
export type { OptimizerStateDict, OptionValue, ParamState } from './state-dict.ts';
