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
export { EarlyStopping, type EarlyStoppingOptions, type Restorable } from './early-stopping.ts';
export type { GivenGroup, ParamGroup, Params } from './groups.ts';
export type { CapturableOptions, FusedOptions, ImplementationOptions } from './implementation.ts';
export * from './lr-finder.ts';
export * as lrScheduler from './lr-scheduler/index.ts';
export { Optimizer, type StepHook } from './optimizer.ts';
export * from './optimizers/index.ts';
export type { Rate } from './rate.ts';
export type { OptimizerStateDict, OptionValue, ParamState } from './state-dict.ts';
export * as swaUtils from './swa-utils/index.ts';
export type { Update, UpdateKernel } from './update.ts';
