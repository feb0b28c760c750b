/** Schedules made of schedules. */
export { ChainedScheduler, type ChainedSchedulerOptions } from './chained-scheduler.ts';
export { SequentialLR } from './sequential-lr.ts';
