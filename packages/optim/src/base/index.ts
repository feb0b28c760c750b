/** What optimizers and schedules are made of: groups and their options, the update in its two parts, state, names. */
export type { GivenGroup, ParamGroup, Params } from './groups.ts';
export type { CapturableOptions, FusedOptions, ImplementationOptions } from './implementation.ts';
export { Optimizer, type StepHook } from './optimizer.ts';
export type { Rate } from './rate.ts';
export type { OptimizerStateDict, OptionValue, ParamState } from './state-dict.ts';
export type { Update, UpdateKernel } from './update.ts';
