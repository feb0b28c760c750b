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
export * from './base/index.ts';
export { EarlyStopping, type EarlyStoppingOptions, type Restorable } from './early-stopping.ts';
export * from './lr-finder.ts';
export * as lrScheduler from './lr-scheduler/index.ts';
export * from './optimizers/index.ts';
export * as swaUtils from './swa-utils/index.ts';
