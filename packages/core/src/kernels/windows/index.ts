/** What looks through windows: convolutions and pooling. */
export * from './convolution.ts';
export { useWideConvolutions } from './convolution-plan.ts';
export { type Geometry, type Triple, triple } from './geometry.ts';
export * from './pooling/index.ts';
export { type MadeOfTaps, sumTaps } from './taps.ts';
