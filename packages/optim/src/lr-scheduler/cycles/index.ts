/** Schedules that go up and down. */
export {
  CosineAnnealingWarmRestarts,
  type CosineAnnealingWarmRestartsOptions,
} from './cosine-annealing-warm-restarts.ts';
export { CyclicLR, type CyclicLROptions } from './cyclic-lr.ts';
export { OneCycleLR, type OneCycleLROptions } from './one-cycle-lr.ts';
