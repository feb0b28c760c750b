/**
 * Layers that bring images and signals to another size or to other places: resampling, grids, shuffling of pixels and
 * channels.
 */
export * from './affine-grid.ts';
export * from './grid-sample.ts';
export * from './interpolate.ts';
export * from './pixel-shuffle.ts';
export type { InterpolationMode } from './taps.ts';
