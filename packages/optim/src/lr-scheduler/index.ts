/** Learning-rate schedules, as in `torch.optim.lr_scheduler`: exported by `@kindling/optim` as `lrScheduler`. */
export { CosineAnnealingLR, type CosineAnnealingLROptions } from './cosine-annealing-lr.ts';
export { LambdaLR, type LrLambda } from './lambda-lr.ts';
export { OneCycleLR, type OneCycleLROptions } from './one-cycle-lr.ts';
export { ReduceLROnPlateau, type ReduceLROnPlateauOptions } from './reduce-lr-on-plateau.ts';
export { LRScheduler, type SchedulerOptions } from './scheduler.ts';
export type { SchedulerStateDict } from './state.ts';
export { StepLR, type StepLROptions } from './step-lr.ts';
