/** What optimizers and schedules are made of: groups and their options, the update in its two parts, state, names. */
export { evaluateNeeded } from './closure.ts';
export {
  type GivenGroup,
  type ParamGroup,
  type Params,
  requireExtensible,
  requireOpenGroups,
} from './groups.ts';
export {
  type CapturableOptions,
  capturableKinds,
  type FusedOptions,
  foreachKinds,
  fusedKinds,
  type ImplementationOptions,
} from './implementation.ts';
export { aBest, aMetric, fraction, metricNumber, nonNegative, requireMethod, twoFractions } from './kinds.ts';
export { ofOptimizers, ofSchedules, spelled, spelling } from './naming.ts';
export { Optimizer, type StepHook } from './optimizer.ts';
export { anOptimizer, optimizerClass } from './optimizer-class.ts';
export { type Betas, betas, type Rate, rate, rateNumber, ratesOf, setRate, withNumber } from './rate.ts';
export {
  copiedState,
  type OptimizerStateDict,
  type OptionValue,
  type ParamState,
  plain,
  tensorOf,
} from './state-dict.ts';
export { fusedUpdate, type Update, type UpdateKernel, updatesByFeatures } from './update.ts';
