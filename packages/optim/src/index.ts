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
export { Adam, type AdamOptions, AdamW } from './adam.ts';
export * as lrScheduler from './lr-scheduler/index.ts';
export {
  Optimizer,
  type OptimizerStateDict,
  type OptionValue,
  type ParamGroup,
  type ParamState,
  type Params,
  type StepHook,
  type Update,
} from './optimizer.ts';
export { SGD, type SGDOptions } from './sgd.ts';
