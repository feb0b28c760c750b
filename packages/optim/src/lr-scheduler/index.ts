/** Learning-rate schedules, as in `torch.optim.lr_scheduler`: exported by `@kindling/optim` as `lrScheduler`. */
export * from './composed/index.ts';
export * from './cycles/index.ts';
export * from './decays/index.ts';
export { ReduceLROnPlateau, type ReduceLROnPlateauOptions } from './reduce-lr-on-plateau.ts';
export { LRScheduler, type SchedulerOptions } from './scheduler.ts';
export type { SchedulerStateDict } from './state.ts';
