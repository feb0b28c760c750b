/** The public surface of @kindling/optim. */
export { Adam, type AdamOptions, AdamW } from './adam.ts';
export { type ClipGradNormOptions, clipGradNorm_, clipGradValue_, getTotalNorm } from './clip-grad.ts';
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
