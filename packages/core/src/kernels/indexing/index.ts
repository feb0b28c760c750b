/** Elements read and written where tensors of indices say: what programs do, in the place of loops in JavaScript. */
export type { Combination } from './combine-kernels.ts';
export * from './moves.ts';
export {
  type Axes,
  holdsZero,
  recordAxes,
  recordFirstMentions,
  recordPlaces,
  recordPosition,
  recordSpread,
} from './positions.ts';
