/** Optimizers without a schedule: gradients at one point, an average of points as the result. */
export { AdamWScheduleFree, type AdamWScheduleFreeOptions } from './adamw.ts';
export type { ScheduleFreeOptions } from './schedule-free.ts';
export { SGDScheduleFree, type SGDScheduleFreeOptions } from './sgd.ts';
